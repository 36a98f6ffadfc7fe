import { isUnavailable, type Stores } from '@countersign/core'
import { migrate, type PostgresStoresOptions, type PostgresWarning, postgresStores } from '@countersign/postgres'
import type { Pool, PoolConfig } from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from './own-server.js'
import { patientMs, quietPool } from './postgres-backend.js'

const minute = 60_000
const schema = 'auth'
const entry = { type: 'client', issuer: 'issuer', clientId: 'client' } as const

async function answerOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (isUnavailable(error)) return 'outage'
    throw error
  })
}

/** What the part `postgres` is not ready for; `ok` if it is. */
async function partOf(stores: Stores): Promise<string> {
  const { ok, parts } = await stores.ready()
  expect(parts.postgres?.ok).toBe(ok)
  if (parts.postgres === undefined || parts.postgres.ok) return 'ok'
  const { cause } = parts.postgres
  return isUnavailable(cause) && cause.cause instanceof Error ? cause.cause.message : String(cause)
}

describeWithServers('ready() of stores on PostgreSQL', () => {
  const servers: OwnServer[] = []
  const ended: (() => unknown)[] = []
  const urlAs = (user: string): string => (servers[0]?.url ?? '').replace('postgres@', `${user}@`)

  function open(options: Partial<PostgresStoresOptions> = {}, config: PoolConfig = {}, url = urlAs('postgres')) {
    const pool = quietPool(url, config)
    ended.push(() => pool.end())
    const stores = postgresStores(pool, { schema, maxWaitMs: patientMs, onWarning: () => undefined, ...options })
    ended.push(() => stores.close())
    return { pool, stores }
  }

  beforeAll(async () => {
    servers.push(await startServer())
    const pool = quietPool(urlAs('postgres'))
    await migrate(pool, { schema })
    await pool.query(`create role app login; create role reader login; grant usage on schema auth to app, reader;
      grant select, insert, update, delete on all tables in schema auth to app; grant select on all tables in schema auth to reader`)
    await pool.query('alter system set autovacuum = off')
    await pool.query('select pg_reload_conf()')
    await pool.end()
  }, 60_000)
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end()
  })
  afterAll(async () => {
    for (const server of servers) await server.remove()
  })

  async function becomeReadOnly(admin: Pool, isReadOnly: boolean): Promise<void> {
    await admin.query('set default_transaction_read_only = off')
    await admin.query(`alter database postgres set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`)
  }

  it('a database that is read-only is not ready and decides nothing; it is ready when it can be written again', async () => {
    const admin = quietPool(urlAs('postgres'), { max: 1 })
    ended.push(() => admin.end())
    const before = open()
    expect(await partOf(before.stores)).toBe('ok')
    await before.stores.revocations.revoke(entry)
    await becomeReadOnly(admin, true)
    // sessions keep what they began with: these begin now, and would stay read-only for ever
    const { pool, stores } = open({}, { max: 3 })
    expect(await partOf(stores)).toContain('read-only')
    const calls = [
      () => answerOf(stores.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute })),
      () => answerOf(stores.nonces.spend('unknown', 'purpose')),
      () => answerOf(stores.challenges.take('unknown')),
      () => answerOf(stores.families.rotate({ family: 'unknown', generation: 0, binding: 'b', retryWindowMs: 0 })),
      () => answerOf(stores.families.revoke('unknown', 'reason')),
      () => answerOf(stores.attempts.clear('unknown')),
      () => answerOf(stores.clients.remove({ collection: 'c', id: 'unknown', revision: 1 })),
      () => answerOf(stores.revocations.revoke(entry)),
    ]
    for (const call of calls) expect(await call()).toBe('outage')
    expect((await stores.revocations.since(undefined)).records.length).toBe(1)
    await becomeReadOnly(admin, false)
    await expect.poll(() => partOf(stores)).toBe('ok')
    await expect.poll(() => answerOf(stores.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }))).toBe('claimed')
    expect(pool.totalCount).toBeLessThanOrEqual(3)
  })

  it('is not ok for a role that may not write, which reads revocations all the same', async () => {
    const { stores } = open()
    await stores.ready()
    const reader = open({}, {}, urlAs('reader')).stores
    expect(await partOf(reader)).toContain('lacks a privilege')
    expect((await reader.revocations.since(undefined)).lost).toBe(false)
  })

  it('does not wait for a row that somebody else writes', async () => {
    const { pool, stores } = open()
    await stores.ready()
    const holder = await pool.connect()
    await holder.query(`begin; select from ${schema}.memory for update`)
    const begun = performance.now()
    expect(await partOf(stores)).toBe('ok')
    expect(performance.now() - begun).toBeLessThan(patientMs / 2)
    await holder.query('rollback')
    holder.release()
  })

  it('a flood of questions is a few writes, and those at the same time are one', async () => {
    const { pool, stores } = open()
    await stores.ready()
    const transactions = async (): Promise<number> => {
      const { rows } = await pool.query<{ next: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as next')
      return Number(rows[0]?.next)
    }
    const connected = { count: 0 }
    pool.on('acquire', () => {
      connected.count += 1
    })
    await Promise.all(Array.from({ length: 64 }, () => stores.ready()))
    expect(connected.count).toBe(1)
    const before = await transactions()
    const begun = performance.now()
    for (let n = 0; n < 200; n += 1) expect((await stores.ready()).ok).toBe(true)
    const seconds = (performance.now() - begun) / 1_000
    const written = (await transactions()) - before
    expect(written).toBeGreaterThan(0)
    expect(written).toBeLessThanOrEqual(10 + seconds)
  })

  it('a sign of lost memory that the role may not ask for is told, once', async () => {
    const { pool } = open()
    await pool.query('revoke execute on function pg_control_system() from public')
    ended.push(async () => {
      const admin = quietPool(urlAs('postgres'))
      await admin.query('grant execute on function pg_control_system() to public')
      await admin.end()
    })
    const warnings: PostgresWarning[] = []
    const receives = (warning: PostgresWarning): never => {
      warnings.push(warning)
      throw new Error('the log is full, on purpose: a receiver that throws fails nothing')
    }
    const { stores } = open({ tenant: 'told', onWarning: receives }, {}, urlAs('app'))
    expect(await partOf(stores)).toBe('ok')
    await stores.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute })
    expect(warnings).toEqual([{ name: 'memory_unchecked', detail: expect.stringContaining('pg_control_system') }])
    const quiet: PostgresWarning[] = []
    await open({ onWarning: (warning) => quiet.push(warning) }).stores.ready()
    expect(quiet).toEqual([])
  })
})
