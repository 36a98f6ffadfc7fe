import { postgresStores } from '@countersign/postgres'
import { expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { quietPool } from './postgres-backend.js'
import { testSchema, untilTrue } from './schema-setup.js'

const listening = (applicationName: string): string =>
  `select count(*)::int as n from pg_stat_activity where application_name = '${applicationName}' and query like 'listen %'`

describeWith('postgres', 'stores of many tenants on one pool', (url) => {
  const suite = testSchema(url)
  const entry = (jti: string) => ({ type: 'jti', issuer: 'https://issuer.example', jti, expiresAt: 4_000_000_000 }) as const
  const nameOf = (): string => `many-tenants-${Math.random().toString(36).slice(2)}`

  async function start(count: number) {
    const name = nameOf()
    const pool = quietPool(url, { max: 10, application_name: name })
    const tenants = Array.from({ length: count }, (_, at) =>
      postgresStores(pool, { schema: suite.schema(), tenant: `tenant ${at}`, maxWaitMs: 10_000 }),
    )
    const heard = tenants.map(() => ({ calls: 0 }))
    for (const [at, { revocations }] of tenants.entries()) {
      revocations.subscribe(() => {
        const own = heard[at]
        if (own) own.calls += 1
      })
    }
    const listeners = async (): Promise<number> => Number((await suite.admin.query(listening(name))).rows[0]?.n)
    await untilTrue(async () => (await listeners()) === 1)
    // The connection was made; what was missed before it is made up for by one call.
    await untilTrue(async () => heard.every(({ calls }) => calls > 0))
    const callsOf = (at: number): number => heard[at]?.calls ?? 0
    return { pool, tenants, callsOf, listeners }
  }

  it('a hundred listen on one connection, the pool serves them all, and each hears of its own revocations only', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warned)
    const { pool, tenants, callsOf, listeners } = await start(100)
    const before = tenants.map((_, at) => callsOf(at))
    await Promise.all(tenants.map(({ revocations }, at) => (at % 2 === 0 ? revocations.revoke(entry(`t${at}`)) : revocations.cursor())))
    await untilTrue(async () => tenants.every((_, at) => at % 2 === 1 || callsOf(at) > (before[at] ?? 0)))
    expect(tenants.filter((_, at) => at % 2 === 1 && callsOf(at) !== before[at])).toEqual([])
    expect(await listeners()).toBe(1)
    expect(pool.totalCount).toBeLessThanOrEqual(10)
    process.off('warning', warned)
    expect(warnings).toEqual([])
    await Promise.all(tenants.map((stores) => stores.close()))
    await pool.end()
  })

  it('one that is closed leaves the others their connection, and the last one frees it', async () => {
    const { pool, tenants, callsOf, listeners } = await start(3)
    await tenants[0]?.close()
    const before = callsOf(1)
    await tenants[1]?.revocations.revoke(entry('after a close'))
    await untilTrue(async () => callsOf(1) > before)
    await tenants[1]?.close()
    await tenants[2]?.close()
    await untilTrue(async () => (await listeners()) === 0)
    await pool.end()
  })

  it.each(['the pool ends first', 'the stores close first'])('all ends within a second: %s', async (order) => {
    const { pool, tenants } = await start(3)
    const startedAt = performance.now()
    const close = () => Promise.all(tenants.map((stores) => stores.close()))
    if (order === 'the pool ends first') await pool.end().then(close)
    else await close().then(() => pool.end())
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })

  it('a sweep that waits for a lock ends with close', async () => {
    const pool = quietPool(url)
    const stores = postgresStores(pool, { schema: suite.schema(), maxWaitMs: 10_000 })
    const holder = await suite.admin.connect()
    await holder.query('begin')
    await holder.query(`lock table "${suite.schema()}".claims in access exclusive mode`)
    const sweeping = stores.sweep().then(
      () => 'done',
      () => 'given up',
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    const startedAt = performance.now()
    await stores.close()
    await pool.end()
    expect(await sweeping).toBe('given up')
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    await holder.query('rollback')
    holder.release()
  })
})
