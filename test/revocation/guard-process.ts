import { createServer, type RequestListener } from 'node:http'
import type { Auth, Guard, Stores } from '@countersign/core'
import * as express from '@countersign/express'
import * as koa from '@countersign/koa'
import { postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { publicJwkOf, renameKey, testKeys } from '@countersign/testkit'
import { createGuard, createSharedRevocations, onEvent, type SharedRevocations, staticKeys } from '@countersign/verifier'
import expressApp from 'express'
import { Redis } from 'ioredis'
import Koa from 'koa'
import mount from 'koa-mount'
import { Pool } from 'pg'
import { audience, type Choice, choices, type GuardRequest, type GuardSetup, issuer, kidsOf } from './guard-setup.js'

/**
 * A process with an API per choice of `onStale` and `consistency`, each behind a guard and a view of its own. Over IPC it
 * tells its port, takes revocations and tells what its channels carried.
 */
const setup = JSON.parse(process.argv[2] ?? '') as GuardSetup

function openStores(): Stores {
  const silent = (): undefined => undefined
  if ('schema' in setup.place) {
    const { url, schema } = setup.place
    const pool = new Pool({ connectionString: url })
    pool.on('error', silent)
    return postgresStores(pool, { schema })
  }
  const { prefix, ...address } = setup.place
  const client = new Redis({ ...address, retryStrategy: (times) => Math.min(times * 50, 500) })
  client.on('error', silent)
  return redisStores(client, { prefix, onWarning: silent })
}

const stores = openStores()
const deaf: Pick<Stores['revocations'], 'subscribe'> = { subscribe: () => () => undefined }
const store = { ...stores.revocations, ...(setup.listens === false && deaf) }
const keys = kidsOf(setup.keys).map((kid) => publicJwkOf(renameKey(testKeys.es256, { kid })))

function viewOf(choice: Choice): SharedRevocations {
  const { maxStalenessSeconds, pollSeconds } = setup
  return createSharedRevocations({ store, maxStalenessSeconds, pollSeconds, ...choices[choice] })
}

function guardOf(revocations: SharedRevocations): Guard<Auth> {
  const main = staticKeys({ issuer, audience, algorithms: ['ES256'], keys })
  const dialect = {
    refusal: ({ reason }: { readonly reason: string }) => ({ headers: { 'content-type': 'text/plain' }, body: reason }),
  }
  return createGuard({ issuers: { main }, revocations, dialect })
}

const views = setup.serves.map((choice) => [choice, viewOf(choice)] as const)
// the operator has a view as well, and no API
const operator = viewOf('refuse')
const events: string[] = []
const accepted = { cached: false }
onEvent('countersign:revocation', ({ outcome }) => void events.push(outcome))
onEvent('countersign:accepted', ({ cached }) => {
  accepted.cached = cached
})
const told = (): string => (accepted.cached ? 'cached' : 'judged')

function listener(): RequestListener {
  if (setup.framework === 'express') {
    const app = expressApp()
    for (const [choice, view] of views) app.use(`/${choice}`, express.protect(guardOf(view)), (_req, res) => void res.send(told()))
    return app
  }
  const app = new Koa()
  for (const [choice, view] of views) {
    const inner = new Koa().use(koa.protect(guardOf(view))).use((ctx) => {
      ctx.body = told()
    })
    app.use(mount(`/${choice}`, inner))
  }
  return app.callback()
}

async function answer({ revoke, reinstate }: GuardRequest): Promise<unknown> {
  if (revoke) await operator.revoke(revoke)
  if (reinstate) await operator.reinstate(reinstate)
  return events.splice(0)
}

process.on('message', (request: GuardRequest) => {
  answer(request).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

const server = createServer(listener())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  void Promise.all([operator, ...views.map(([, view]) => view)].map((view) => view.ready())).then(() =>
    process.send?.({ value: typeof address === 'object' ? address?.port : undefined }),
  )
})
