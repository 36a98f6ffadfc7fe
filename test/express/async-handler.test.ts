import { type Stores, Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { asyncHandler } from '@countersign/express'
import { createNonces } from '@countersign/nonce'
import express, { type Express } from 'express'
import express4 from 'express4'
import request from 'supertest'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ExpressModule } from '../contracts/express-adapter.js'
import { blocksOf, pages, placeOf } from '../documents/pages.js'
import { programsOf } from '../documents/programs.js'

/** Stores whose every call fails as if nobody could be reached. */
function deadStores(): Stores {
  const fail = (): Promise<never> => Promise.reject(new Unavailable('store_unavailable', { retryAfterSeconds: 3 }))
  // What asks no server does not fail.
  const isLocal = (name: string | symbol): boolean => name === 'subscribe' || name === 'compare'
  const dead = (store: object): object => new Proxy(store, { get: (alive, name) => (isLocal(name) ? Reflect.get(alive, name) : fail) })
  const alive = memoryStores()
  return new Proxy(alive, {
    get(stores, name, own) {
      const store: unknown = Reflect.get(stores, name, own)
      return typeof store === 'object' && store !== null ? dead(store) : store
    },
  })
}

const nonceSecret = 'n'.repeat(64)

/** A good nonce of the program: one that is not would be refused before the store is asked. */
async function nonceOf(issuer: string, audience: string): Promise<string> {
  const secrets = { current: { id: '2027', secret: nonceSecret } }
  const nonces = createNonces({ issuer, audience, lifetimeSeconds: 600, secrets, store: memoryStores().nonces, purposes: { login: {} } })
  const issued = await nonces.issue({ clientId: 'app' })
  return issued.ok ? issued.token : ''
}

interface Documented {
  readonly page: string
  readonly calls: readonly (readonly ['get' | 'post', string])[]
  nonce(): Promise<string>
}

/** Every program of the documentation that has a handler of Express with a store behind it. */
const programs: readonly Documented[] = [
  {
    page: 'docs/nonces.md',
    calls: [
      ['get', '/login'],
      ['post', '/login'],
    ],
    nonce: () => nonceOf('https://app.example', 'login-form'),
  },
  { page: 'packages/nonce/README.md', calls: [['post', '/verify-phone']], nonce: () => nonceOf('https://api.example', 'sign-up') },
  { page: 'packages/keys/README.md', calls: [['post', '/token']], nonce: async () => 'none' },
]

/** What a page shows for Express, with an app that can be asked. */
function programOf(page: string): string {
  const found = programsOf(page).find(({ source }) => source.includes("from 'express'") && source.includes('export const app'))
  if (found === undefined) throw new Error(`${page} has no program of Express`)
  return found.id
}

it('every async handler of Express that the documentation shows is a safe one', () => {
  const handlers = pages
    .flatMap(blocksOf)
    .filter(({ code }) => /from 'express'|app\.(?:get|post|use)\(/.test(code) && !code.includes("from 'koa'"))
    .flatMap((block) => [...block.code.matchAll(/(.*)\basync \(_?req\b/g)].map(([, before = '']) => ({ place: placeOf(block), before })))
  expect(handlers.length).toBeGreaterThanOrEqual(4)
  const isSafe = ({ before }: { readonly before: string }): boolean =>
    before.endsWith('asyncHandler(') || /^(?:export )?(?:const|let|function)\b/.test(before)
  expect(handlers.filter((one) => !isSafe(one))).toEqual([])
})

const unheard: unknown[] = []
process.on('unhandledRejection', (reason) => unheard.push(reason))

afterEach(() => {
  vi.doUnmock('express')
  vi.doUnmock('@countersign/core/memory')
  vi.resetModules()
  unheard.length = 0
})

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
] as [string, ExpressModule][])('on %s', (_name, framework) => {
  it.each(programs)(
    'the program of $page answers 503 while its store is down, and no promise is left that would end the process',
    async (program) => {
      process.env.PORT = '0'
      process.env.NONCE_SECRET = nonceSecret
      vi.doMock('express', () => ({ default: framework }))
      vi.doMock('@countersign/core/memory', () => ({ memoryStores: deadStores }))
      const { app } = (await import(programOf(program.page))) as { app: Express }
      const nonce = await program.nonce()
      for (const [method, path] of program.calls) {
        const asked = request(app)[method](path).set({ nonce }).timeout(2000)
        const answer = await (method === 'get' ? asked : asked.type('form').send({ nonce }))
        expect([path, answer.status, answer.headers['retry-after']]).toEqual([path, 503, '3'])
      }
      await new Promise((resolve) => setImmediate(resolve))
      expect(unheard).toEqual([])
    },
  )

  it('an outage in a handler is 503 with Retry-After, and is not stored', async () => {
    const app = framework().get(
      '/',
      asyncHandler(async () => Promise.reject(new Unavailable('store_unavailable', { retryAfterSeconds: 7, cause: 'secret' }))),
    )
    const answer = await request(app).get('/').expect(503)
    expect(answer.headers).toMatchObject({ 'retry-after': '7', 'cache-control': 'no-store' })
    expect(answer.text).not.toContain('secret')
  })

  it.each([new Error('a fault'), undefined, null, 'route', 'router'])(
    'what else a handler rejects with, %j, goes to the error handler, once',
    async (fault) => {
      const heard: unknown[] = []
      const app = framework()
      app.get(
        '/',
        asyncHandler(async () => Promise.reject(fault)),
        (_req, res) => void res.json({}),
      )
      app.use((error: unknown, _req: unknown, res: express.Response, next: express.NextFunction) => {
        heard.push(error)
        if (res.headersSent) next(error)
        else res.status(500).end()
      })
      await request(app).get('/').expect(500)
      expect(heard).toHaveLength(1)
      expect(heard[0]).toBeInstanceOf(Error)
    },
  )

  it('what a handler throws at once goes there too, and what answers well is as it was', async () => {
    const app = framework()
    app.get(
      '/throws',
      asyncHandler((): never => {
        throw new Unavailable('store_unavailable')
      }),
    )
    app.get(
      '/good/:id',
      asyncHandler(async (req: express.Request, res: express.Response) => void res.json({ id: req.params.id })),
    )
    app.get(
      '/next',
      asyncHandler(async (_req, _res, next: () => void) => next()),
      (_req, res) => void res.json({ next: true }),
    )
    await request(app).get('/throws').expect(503)
    await request(app).get('/good/7').expect(200, { id: '7' })
    await request(app).get('/next').expect(200, { next: true })
  })

  it('without it, an outage that reaches the error handling of Express is 503 with Retry-After as well', async () => {
    const app = framework().get('/', (_req, _res, next) => next(new Unavailable('store_unavailable', { retryAfterSeconds: 7 })))
    app.set('env', 'test')
    const answer = await request(app).get('/').expect(503)
    expect(answer.headers['retry-after']).toBe('7')
  })
})

const ofFour = Object.defineProperty(() => undefined, 'length', { value: 4 })

it.each([undefined, null, {}, ofFour])('of %j no handler can be made', (handler) => {
  expect(() => asyncHandler(handler as () => void)).toThrow(TypeError)
})
