import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { quietPool, schemasOf } from '../postgres/postgres-backend.js'
import { describeWith } from '../services.js'
import { guardProcesses } from './guard-processes.js'
import { type GuardSetup, kidsOf, ofKey, tokenOf } from './guard-setup.js'
import { timeRevocations } from './propagation-time.js'

describeWith('postgres', 'two guards and an operator on one PostgreSQL', (url) => {
  const processes = guardProcesses()
  const admin = quietPool(url)
  const schemas = schemasOf(admin)
  const state = { schema: '' }
  beforeAll(async () => {
    state.schema = await schemas.create()
  })
  afterEach(() => processes.endAll())
  afterAll(async () => {
    await processes.remove()
    await schemas.drop(state.schema)
    await admin.end()
  })

  async function startAll(listens: boolean, changes: Partial<GuardSetup> = {}): Promise<Parameters<typeof timeRevocations>[0]> {
    const place = { url, schema: state.schema }
    const setup = { place, listens, serves: ['allow'] as const, maxStalenessSeconds: 5, pollSeconds: 1, keys: 20, ...changes }
    const operator = await processes.start({ ...setup, framework: 'express', serves: [] })
    const guards = [processes.start({ ...setup, framework: 'express' }), processes.start({ ...setup, framework: 'koa' })]
    return { guards: await Promise.all(guards), operator }
  }

  it('pushed: what is revoked is refused by both within 2 s, cached tokens too', async () => {
    const figures = await timeRevocations(await startAll(true), kidsOf(6), 2)
    console.info('from revoke to the last refusal, PostgreSQL, pushed, ms', figures)
    expect(figures.max).toBeLessThan(2_000)
  }, 60_000)

  it('push lost: it is refused within two poll intervals', async () => {
    const figures = await timeRevocations(await startAll(false), kidsOf(12).slice(6), 2)
    console.info('from revoke to the last refusal, PostgreSQL, polled every second, ms', figures)
    expect(figures.max).toBeLessThan(2_000)
  }, 60_000)

  it('strong: the next request knows', async () => {
    const { guards, operator } = await startAll(false, { serves: ['strong'], pollSeconds: 4 })
    const token = await tokenOf('key-19')
    for (const guard of guards) expect(await guard.ask('strong', token)).toMatchObject({ status: 200 })
    await operator.tell({ revoke: ofKey('key-19') })
    for (const guard of guards) expect(await guard.ask('strong', token)).toMatchObject({ status: 401, text: 'revoked_key' })
  })
})
