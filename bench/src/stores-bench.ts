import { randomBytes } from 'node:crypto'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { type Effort, interleave, type Subject } from './measure.js'
import type { Result } from './report.js'

/** Calls that are under way at a time. */
export const inFlight = 64

/** Does so many calls, as many at a time as are in flight. */
export function concurrent(name: string, call: () => Promise<unknown>): Subject {
  return {
    name,
    async run(count) {
      let left = count
      const lane = async (): Promise<void> => {
        while (left > 0) {
          left -= 1
          await call()
        }
      }
      const startedAt = performance.now()
      await Promise.all(Array.from({ length: inFlight }, lane))
      return performance.now() - startedAt
    },
  }
}

/** A client, or undefined where no Redis answers. */
export async function connect(): Promise<Redis | undefined> {
  const client = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { lazyConnect: true, retryStrategy: () => null })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch {
    client.disconnect()
    return undefined
  }
}

/** `claim` beside the one command of the driver that it stands on; every id is new and lives for two seconds. */
export async function storesBench(effort: Effort): Promise<readonly Result[]> {
  const client = await connect()
  if (client === undefined) {
    process.stderr.write('stores-claim: no Redis (REDIS_URL), not measured\n')
    return []
  }
  const prefix = `bench-${randomBytes(6).toString('hex')}`
  const stores = redisStores(client, { prefix })
  await stores.ready()
  const ids = { next: 0 }
  const nextId = (): string => {
    ids.next += 1
    return `id-${ids.next}`
  }
  const bare = (): Promise<unknown> => client.set(`${prefix}|bare:private_key_jwt:${nextId()}`, '1', 'PX', 2_000, 'NX')
  const claim = (): Promise<unknown> => stores.replay.claim({ purpose: 'private_key_jwt', id: nextId(), issuedAgoMs: 0, ttlMs: 2_000 })
  const measured = await interleave([concurrent('ioredis SET NX PX', bare), concurrent('countersign', claim)], 'ioredis SET NX PX', effort)
  await client.del(`${prefix}||memory{-}`)
  await stores.close()
  client.disconnect()
  return measured.map(({ name, opsPerSecond, ratio }) => ({
    bench: 'stores-claim',
    subject: name,
    alg: `${inFlight} in flight`,
    ops: opsPerSecond,
    ratio,
    against: 'ioredis SET NX PX',
  }))
}
