import { type PostgresPool, type PostgresStoresOptions, postgresStores } from '@countersign/postgres'
import type { Pool, PoolClient } from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { describeWith } from '../services.js'
import { quietPool } from './postgres-backend.js'
import { testSchema, untilTrue, untilWaiting } from './schema-setup.js'

function innermost(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? innermost(error.cause) : String(error)
}

/** A pool that counts the sweeps: each begins with the claims. */
function counting(pool: Pool): { readonly pool: PostgresPool; readonly sweeps: () => number } {
  const state = { sweeps: 0 }
  const isSweep = (text: string): boolean => text.includes('.claims ') && text.includes('for update skip locked')
  function counted(client: PoolClient): PoolClient {
    return new Proxy(client, {
      get(target, name) {
        if (name !== 'query') return Reflect.get(target, name, target)
        return (query: { readonly text: string }) => {
          if (isSweep(query.text)) state.sweeps += 1
          return target.query(query)
        }
      },
    })
  }
  const seen = new Proxy(pool, {
    get: (target, name) => (name === 'connect' ? async () => counted(await target.connect()) : Reflect.get(target, name, target)),
  })
  return { pool: seen, sweeps: () => state.sweeps }
}

describeWith('postgres', 'sweeps of many tenants on one pool', (url) => {
  const { admin, schema } = testSchema(url)

  const open = (pool: PostgresPool, tenant: string, options: Partial<PostgresStoresOptions> = {}) =>
    postgresStores(pool, { schema: schema(), tenant, maxWaitMs: 10_000, listen: false, ...options })

  async function expiredClaims(tenants: readonly string[]): Promise<void> {
    for (const tenant of tenants)
      await admin.query(`insert into "${schema()}".claims values ($1, 'x', clock_timestamp() - interval '1 s')`, [tenant])
  }

  async function left(tenants: readonly string[]): Promise<number> {
    const { rows } = await admin.query(`select count(*)::int as n from "${schema()}".claims where tenant = any($1)`, [tenants])
    return Number(rows[0]?.n)
  }

  it('one timer sweeps for all of them, at the shortest interval, until the last is closed', async () => {
    const own = quietPool(url)
    const { pool, sweeps } = counting(own)
    const names = Array.from({ length: 20 }, (_, at) => `timer ${at}`)
    const tenants = names.map((name, at) => open(pool, name, { sweepEverySeconds: at === 7 ? 0.2 : 60 }))
    await expiredClaims(names)
    await untilTrue(async () => (await left(names)) === 0)
    const [before, from] = [sweeps(), performance.now()]
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    const most = Math.ceil((performance.now() - from) / 200)
    expect(sweeps() - before).toBeGreaterThan(0)
    expect(sweeps() - before).toBeLessThanOrEqual(most)
    for (const stores of tenants) expect((await stores.ready()).parts.sweep).toEqual({ ok: true })
    await tenants[7]?.close()
    const after = sweeps()
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(sweeps() - after).toBeLessThanOrEqual(1)
    const [last] = [open(pool, 'last', { sweepEverySeconds: 0.05 })]
    await Promise.all(tenants.map((stores) => stores.close()))
    await expiredClaims(names)
    await untilTrue(async () => (await left(names)) === 0)
    await last.close()
    await expiredClaims(names)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await left(names)).toBe(20)
    await own.end()
  })

  it('a hundred with the same short interval sweep once for each interval', async () => {
    const own = quietPool(url)
    const { pool, sweeps } = counting(own)
    const tenants = Array.from({ length: 100 }, (_, at) => open(pool, `many ${at}`, { sweepEverySeconds: 0.5 }))
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect(sweeps()).toBeGreaterThan(0)
    expect(sweeps()).toBeLessThanOrEqual(3)
    await Promise.all(tenants.map((stores) => stores.close()))
    await own.end()
  })

  /** Sweeps wait for this, for as long as a sweep may take. */
  async function holdClaims(): Promise<void> {
    const holder = await admin.connect()
    onTestFinished(async () => {
      await holder.query('rollback')
      holder.release()
    })
    await holder.query('begin')
    await holder.query(`lock table "${schema()}".claims in access exclusive mode`)
  }

  const orders = [
    ['pool', 'stores'],
    ['stores', 'pool'],
    ['pool', undefined],
  ] as const

  it.each(orders)('a sweep that waits for a lock ends within a second: %s first, then %s', async (first, then) => {
    const name = `sweeping-${Math.random().toString(36).slice(2)}`
    const pool = quietPool(url, { application_name: name })
    const tenants = ['a', 'b', 'c'].map((tenant) => open(pool, tenant, { sweepEverySeconds: 0.05, listen: true }))
    await holdClaims()
    const sweeping = tenants[0]?.sweep().then(
      () => 'done',
      (error: unknown) => innermost(error),
    )
    await untilWaiting(admin, name, 2)
    const startedAt = performance.now()
    for (const step of [first, then]) {
      if (step === 'pool') await pool.end()
      if (step === 'stores') await Promise.all(tenants.map((stores) => stores.close()))
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    expect(await sweeping).toBe(first === 'pool' ? 'Error: the pool ends' : 'Error: these stores are closed')
  })
})
