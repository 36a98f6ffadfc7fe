import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { migrate, postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { quietPool, schemasOf } from '../postgres/postgres-backend.js'
import { describeWithServers, startServer } from '../redis/redis-servers.js'
import { describeWith } from '../services.js'

/** Longer than a call may take. */
const standstillMs = 2_500

/** Nothing of this process runs, as with SIGSTOP. */
function standStill(): void {
  const until = performance.now() + standstillMs
  while (performance.now() < until);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The server answers while nobody reads. */
async function rotatedAcrossStandstill({ families }: Stores, holdMs: () => Promise<unknown>): Promise<unknown> {
  const family = randomBytes(16).toString('hex')
  await families.create({ family, binding: 'client', data: 'data', ttlMs: 60_000 })
  const held = holdMs()
  await pause(100)
  const rotating = families.rotate({ family, generation: 0, binding: 'client', retryWindowMs: 0 }).catch((error: unknown) => error)
  await pause(50)
  // After it timers run before anything is read.
  await new Promise((resolve) => setImmediate(resolve))
  standStill()
  const outcome = await rotating
  await held
  return outcome
}

describeWithServers('a process that stands still while Redis answers', () => {
  it('gets the answer: Redis was never away', async () => {
    const server = await startServer()
    const [client, admin] = [1, 2].map(() => new Redis({ host: server.host, port: server.port }))
    if (client === undefined || admin === undefined) throw new Error('two clients are needed')
    const stores = redisStores(client, { prefix: 'still', maxWaitMs: 800, onWarning: () => undefined })
    await stores.ready()
    const outcome = await rotatedAcrossStandstill(stores, () => admin.call('CLIENT', 'PAUSE', '600', 'ALL'))
    expect(outcome).toMatchObject({ outcome: 'rotated', generation: 1 })
    await stores.close()
    for (const one of [client, admin]) one.disconnect()
    await server.remove()
  })
})

describeWith('postgres', 'a process that stands still while PostgreSQL answers', (url) => {
  it('gets the answer: PostgreSQL was never away', async () => {
    const [pool, admin] = [quietPool(url), quietPool(url)]
    const schema = `test_${randomBytes(9).toString('hex')}`
    await migrate(admin, { schema })
    const stores = postgresStores(pool, { schema, maxWaitMs: 800 })
    await stores.ready()
    const hold = `begin; lock table "${schema}".families in access exclusive mode; select pg_sleep(0.6); commit`
    expect(await rotatedAcrossStandstill(stores, () => admin.query(hold))).toMatchObject({ outcome: 'rotated', generation: 1 })
    await stores.close()
    await pool.end()
    await schemasOf(admin).drop(schema)
    await admin.end()
  })
})
