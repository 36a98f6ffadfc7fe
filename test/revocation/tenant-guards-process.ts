import type { Stores } from '@countersign/core'
import { postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { publicJwkOf, renameKey, testKeys } from '@countersign/testkit'
import { createGuard, createSharedRevocations, staticKeys } from '@countersign/verifier'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { audience, issuer } from './guard-setup.js'
import type { TenantGuardsSetup } from './tenant-guards-setup.js'

/** A guard for each of many tenants, all on one pool or client. Over IPC it tells how each judges a token. */
const { place, name, tenants } = JSON.parse(process.argv[2] ?? '') as TenantGuardsSetup

const warnings: string[] = []
process.on('warning', ({ message }) => void warnings.push(message))
const failed = (error: Error): void => void warnings.push(error.message)

function storesOf(): (tenant: string) => Stores {
  if ('schema' in place) {
    const pool = new Pool({ connectionString: place.url, max: 10, application_name: name }).on('error', failed)
    return (tenant) => postgresStores(pool, { schema: place.schema, tenant, maxWaitMs: 10_000 })
  }
  const client = new Redis(place.url, { connectionName: name }).on('error', failed)
  return (tenant) =>
    redisStores(client, { prefix: place.prefix, tenant, maxWaitMs: 10_000, onWarning: (warning) => void warnings.push(warning.name) })
}

const open = storesOf()
const main = staticKeys({ issuer, audience, algorithms: ['ES256'], keys: [publicJwkOf(renameKey(testKeys.es256, { kid: 'key-0' }))] })
const guards = Array.from({ length: tenants }, (_, at) => {
  // Polls are too rare to help: what is known in time was pushed.
  const revocations = createSharedRevocations({
    store: open(`tenant ${at}`).revocations,
    maxStalenessSeconds: 120,
    pollSeconds: 60,
    onStale: 'refuse',
    onUnknownPast: 'allow',
  })
  return { revocations, guard: createGuard({ issuers: { main }, revocations }) }
})

async function statusOf({ guard }: (typeof guards)[number], token: string): Promise<number> {
  const authorization = `Bearer ${token}`
  const checked = await guard.check({ headers: { authorization }, rawHeaders: ['authorization', authorization] })
  return checked.ok ? 200 : checked.reply.status
}

process.on('message', (token: string) => {
  void Promise.all(guards.map((one) => statusOf(one, token))).then((statuses) => process.send?.({ value: { statuses, warnings } }))
})
process.on('disconnect', () => process.exit())
const ready = await Promise.all(guards.map(({ revocations }) => revocations.ready()))
process.send?.({ value: ready.every(({ ok }) => ok) ? 'ready' : 'not ready' })
