import { isUnavailable, type Stores, type Unavailable } from '@countersign/core'
import { type PostgresClient, type PostgresPool, postgresStores } from '@countersign/postgres'
import type { PoolClient } from 'pg'
import { describe, expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { testSchema, untilTrue, untilWaiting } from './schema-setup.js'

const minute = 60_000
const claim = { purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }
const presented = { family: 'family', generation: 0, binding: 'client', retryWindowMs: 0 }

async function outageOf(call: Promise<unknown>): Promise<Unavailable> {
  const error = await call.then(
    (value) => {
      throw new Error(`answered ${JSON.stringify(value)}`)
    },
    (cause: unknown) => cause,
  )
  if (!isUnavailable(error)) throw error
  expect(error.reason).toBe('store_unavailable')
  return error
}

const explained = (error: Unavailable): string => (error.cause as Error).message

interface Interrupted {
  readonly name: string
  prepare?(stores: Stores): Promise<unknown>
  /** Holds what the call needs, in a transaction. */
  block(schema: string): string
  granted(stores: Stores): Promise<boolean>
}

const interrupted: readonly Interrupted[] = [
  {
    name: 'claim',
    prepare: ({ replay }) => replay.claim({ ...claim, ttlMs: 1 }),
    block: (schema) => `select from "${schema}".claims for update`,
    granted: async ({ replay }) => (await replay.claim(claim)) === 'claimed',
  },
  {
    name: 'spend',
    prepare: ({ nonces }) => nonces.remember('jti', { clientId: 'client', ttlMs: minute }),
    block: (schema) => `select from "${schema}".nonces for update`,
    granted: async ({ nonces }) => (await nonces.spend('jti', 'purpose')) === 'spent',
  },
  {
    name: 'take',
    prepare: ({ challenges }) => challenges.put('id', 'record', minute),
    block: (schema) => `select from "${schema}".challenges for update`,
    granted: async ({ challenges }) => (await challenges.take('id')) !== null,
  },
  {
    name: 'rotation',
    prepare: ({ families }) => families.create({ family: 'family', binding: 'client', data: 'data', ttlMs: minute }),
    block: (schema) => `select from "${schema}".families for update`,
    granted: async ({ families }) => (await families.rotate(presented)).outcome === 'rotated',
  },
  {
    name: 'attempt',
    prepare: ({ attempts }) => attempts.reserve({ key: 'key', limit: 2, windowMs: minute }),
    block: (schema) => `select from "${schema}".attempts for update`,
    granted: async ({ attempts }) => (await attempts.reserve({ key: 'key', limit: 2, windowMs: minute })).ok,
  },
  {
    name: 'change of a document',
    prepare: ({ clients }) => clients.put({ collection: 'c', id: 'id', value: '0', revision: 0 }),
    block: (schema) => `select from "${schema}".documents for update`,
    granted: ({ clients }) => clients.put({ collection: 'c', id: 'id', value: '1', revision: 1 }),
  },
]

describeWith('postgres', 'a database that does not answer', (url) => {
  const { admin, schema, open } = testSchema(url)

  async function blocking(statement: string): Promise<{ readonly end: () => Promise<void> }> {
    const client: PoolClient = await admin.connect()
    await client.query('begin')
    await client.query(statement)
    return {
      async end() {
        await client.query('rollback')
        client.release()
      },
    }
  }

  describe.each(interrupted)('a $name whose connection is killed in the middle', ({ name, prepare, block, granted }) => {
    it('is an outage, not a success, and happened once at the most', async () => {
      const application = `killed ${name}`
      const { stores } = open({ tenant: 'killed' }, { application_name: application })
      await prepare?.(stores)
      const blocked = await blocking(block(schema()))
      const call = outageOf(granted(stores))
      await untilWaiting(admin, application)
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [application])
      expect(explained(await call)).toBe('the server ended the connection')
      await blocked.end()
      expect(await granted(stores)).toBe(true)
      expect(await granted(stores)).toBe(false)
    })
  })

  describe.each(interrupted)('a $name', ({ name, prepare, block, granted }) => {
    it('is an outage after maxWaitMs when somebody holds the row, and does not happen when that one rolls back', async () => {
      const application = `slow ${name}`
      const { stores } = open({ tenant: 'slow', maxWaitMs: 300 }, { application_name: application })
      await prepare?.(stores)
      const blocked = await blocking(block(schema()))
      const begun = performance.now()
      await outageOf(granted(stores))
      expect(performance.now() - begun).toBeLessThan(1_000)
      // nobody waits any more before the lock is free
      await untilTrue(async () => {
        const { rows } = await admin.query(`select from pg_stat_activity where application_name = $1 and state = 'active'`, [application])
        return rows.length === 0
      })
      await blocked.end()
      expect(await granted(stores)).toBe(true)
      expect(await granted(stores)).toBe(false)
    })
  })

  it('reads that are given up, ten a second, leave no backend behind while somebody holds the table', async () => {
    const application = 'given up'
    const { stores, pool } = open({ tenant: 'given up', maxWaitMs: 300 }, { application_name: application, max: 4 })
    await stores.ready()
    const backends = async (): Promise<number> => {
      const { rows } = await admin.query('select from pg_stat_activity where application_name = $1', [application])
      return rows.length
    }
    const blocked = await blocking(`lock table "${schema()}".documents in access exclusive mode`)
    try {
      const counts: number[] = []
      const reads: Promise<unknown>[] = []
      for (let n = 0; n < 20; n += 1) {
        reads.push(outageOf(stores.clients.get({ collection: 'c', id: 'id' })))
        await new Promise((resolve) => setTimeout(resolve, 100))
        counts.push(await backends())
      }
      await Promise.all(reads)
      expect(Math.max(...counts)).toBeGreaterThan(0)
      expect(Math.max(...counts)).toBeLessThanOrEqual(4)
      await untilTrue(async () => (await backends()) === 0 && pool.totalCount === 0)
    } finally {
      await blocked.end()
    }
    expect(await stores.clients.get({ collection: 'c', id: 'id' })).toBe(undefined)
  })

  it('changes of one row, ten a second, take no connection each while somebody holds the row', async () => {
    const application = 'locked'
    const { stores, pool } = open({ tenant: 'locked', maxWaitMs: 300 }, { application_name: application, max: 4 })
    await stores.families.create({ family: 'family', binding: 'client', data: 'data', ttlMs: minute })
    const blocked = await blocking(`select from "${schema()}".families for update`)
    try {
      const changes: Promise<unknown>[] = []
      for (let n = 0; n < 20; n += 1) {
        changes.push(outageOf(stores.families.rotate(presented)))
        await new Promise((resolve) => setTimeout(resolve, 100))
        const { rows } = await admin.query('select from pg_stat_activity where application_name = $1', [application])
        expect(rows.length).toBeLessThanOrEqual(4)
      }
      await Promise.all(changes)
      await untilTrue(async () => {
        const { rows } = await admin.query(`select from pg_stat_activity where application_name = $1 and state = 'active'`, [application])
        return rows.length === 0 && pool.idleCount === pool.totalCount
      })
    } finally {
      await blocked.end()
    }
    expect((await stores.families.rotate(presented)).outcome).toBe('rotated')
  })

  it('a pool whose connections are all in use is an outage after maxWaitMs, and the operation does not happen later', async () => {
    const { stores, pool } = open({ tenant: 'used', maxWaitMs: 150 }, { max: 1 })
    await stores.ready()
    const host = await pool.connect()
    const begun = performance.now()
    await outageOf(stores.replay.claim(claim))
    expect(performance.now() - begun).toBeLessThan(1_000)
    host.release()
    expect(await stores.replay.claim(claim)).toBe('claimed')
    expect(pool.waitingCount).toBe(0)
  })

  it('a schema that was not migrated, a role without privileges and a read-only server are told apart in the cause', async () => {
    const missing = open({ schema: 'not_there' })
    expect(explained(await outageOf(missing.stores.replay.claim(claim)))).toContain('run migrate()')
    const standby = open({ tenant: 'read only' }, { options: '-c default_transaction_read_only=on' })
    expect(explained(await outageOf(standby.stores.replay.claim(claim)))).toContain('standby')
    const stranger = open({ tenant: 'stranger' }, { options: '-c role=pg_monitor' })
    expect(explained(await outageOf(stranger.stores.replay.claim(claim)))).toContain('privilege')
    const hasty = open({ tenant: 'hasty' }, { statement_timeout: 50 })
    await hasty.stores.attempts.reserve({ key: 'key', limit: 1, windowMs: minute })
    const blocked = await blocking(`select from "${schema()}".attempts for update`)
    expect(explained(await outageOf(hasty.stores.attempts.reserve({ key: 'key', limit: 1, windowMs: minute })))).toContain('cancelled')
    await blocked.end()
  })

  it('ready says what is wrong and never rejects', async () => {
    const missing = await open({ schema: 'not_there' }).stores.ready()
    expect(missing.ok).toBe(false)
    const refused = postgresStores({ connect: () => Promise.reject(new Error('ECONNREFUSED')) }, { schema: 'auth' })
    expect(await refused.ready()).toMatchObject({ ok: false, parts: { postgres: { ok: false } } })
    expect(await open().stores.ready()).toEqual({ ok: true, parts: { postgres: { ok: true } } })
  })

  it('under a stricter isolation of the pool 64 callers still have one winner, and the others no grant', async () => {
    for (const isolation of ['repeatable read', 'serializable']) {
      const { stores } = open({ tenant: isolation }, { options: `-c default_transaction_isolation=${isolation.replaceAll(' ', '\\ ')}` })
      await stores.families.create({ family: 'family', binding: 'client', data: 'data', ttlMs: minute })
      for (const call of [
        () => stores.replay.claim(claim).then((verdict) => verdict === 'claimed'),
        () => stores.families.rotate(presented).then(({ outcome }) => outcome === 'rotated'),
      ]) {
        const verdicts = await Promise.all(
          Array.from({ length: 64 }, () => call().catch((error: unknown) => (isUnavailable(error) ? false : Promise.reject(error)))),
        )
        expect(verdicts.filter(Boolean)).toHaveLength(1)
      }
    }
  })
})

/** A pool in which connections never come. */
function deafPool(): { readonly pool: PostgresPool; readonly state: { asked: number; given: number }; answer(): void } {
  const waiting: ((client: PostgresClient) => void)[] = []
  const state = { asked: 0, given: 0 }
  const client: PostgresClient = {
    query: () => Promise.reject(new Error('nobody may use it now')),
    on: () => undefined,
    removeListener: () => undefined,
    release: () => {
      state.given += 1
    },
  }
  return {
    pool: {
      connect() {
        state.asked += 1
        return new Promise((resolve) => waiting.push(resolve))
      },
    },
    state,
    answer() {
      for (const resolve of waiting.splice(0)) resolve(client)
    },
  }
}

describe('a pool in which connections never come', () => {
  it('is asked by a bounded number of waiters, and gets back what comes late', async () => {
    const { pool, state, answer } = deafPool()
    const { replay } = postgresStores(pool, { schema: 'auth', maxWaitMs: 20 })
    for (let round = 0; round < 6; round += 1) await Promise.all(Array.from({ length: 50 }, () => outageOf(replay.claim(claim))))
    expect(state.asked).toBeLessThanOrEqual(150)
    const asked = state.asked
    answer()
    await new Promise((resolve) => setImmediate(resolve))
    expect(state.given).toBe(asked)
    await outageOf(replay.claim(claim))
    expect(state.asked).toBe(asked + 1)
  })
})

/** A pool whose first statement fails with an SQLSTATE. */
function failingPool(code: string): { readonly pool: PostgresPool; readonly state: { statements: number; destroyed: boolean } } {
  const state = { statements: 0, destroyed: false }
  const client: PostgresClient = {
    async query() {
      state.statements += 1
      if (state.statements === 1) throw Object.assign(new Error('from the server'), { code, severity: 'ERROR' })
      return { rows: [] }
    },
    on: () => undefined,
    removeListener: () => undefined,
    release(destroy = false) {
      state.destroyed = destroy
    },
  }
  return { pool: { connect: async () => client }, state }
}

describe('a statement that fails', () => {
  it.each(['40001', '40P01'])('with %s is tried once more: it changed nothing', async (code) => {
    const { pool, state } = failingPool(code)
    expect(await postgresStores(pool, { schema: 'auth' }).families.find('family')).toBe(undefined)
    expect(state).toEqual({ statements: 2, destroyed: false })
  })

  it.each([
    ['42P01', false],
    ['57014', false],
    ['22003', false],
    ['57P01', true],
    ['08006', true],
    ['25006', true],
    ['XX000', true],
    ['53300', true],
  ])('with %s is an outage; the connection is closed: %s', async (code, destroyed) => {
    const { pool, state } = failingPool(code)
    await outageOf(postgresStores(pool, { schema: 'auth' }).families.revoke('family', 'reason'))
    expect(state).toEqual({ statements: 1, destroyed })
  })
})

describe('options that cannot be', () => {
  const { pool } = deafPool()
  it.each([
    { schema: '' },
    { schema: 'a"; drop schema public cascade; --' },
    { schema: '1st' },
    { schema: 'pg_catalog' },
    { schema: 'information_schema' },
    { schema: 'x'.repeat(51) },
    { schema: 'a\0' },
    { schema: 'auth', maxWaitMs: 0 },
    { schema: 'auth', sweepEverySeconds: -1 },
  ])('are a TypeError: %j', (options) => {
    expect(() => postgresStores(pool, options)).toThrow(TypeError)
  })
})
