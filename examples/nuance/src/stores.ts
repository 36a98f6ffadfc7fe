import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { migrate, postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import type { Settings } from './settings.js'

/** Stores, with the connection that they are on. */
interface OpenStores {
  /** The part of one system; without a name, the part that is of all. */
  of(system?: string): Stores
  close(): Promise<void>
}

/** Keeps what was opened, so that it is closed. */
function parts(open: (tenant: string | undefined) => Stores, end: () => unknown): OpenStores {
  const opened = new Map<string | undefined, Stores>()
  return {
    of(system) {
      const stores = opened.get(system) ?? open(system)
      opened.set(system, stores)
      return stores
    },
    async close() {
      await Promise.all([...opened.values()].map((stores) => stores.close()))
      await end()
    },
  }
}

const maxWaitMs = 1_500

/** Says once that it is gone, and once that it is back. */
function redisClient(url: string): Redis {
  const state = { isDown: false }
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    retryStrategy: (times) => Math.min(times * 50, 500),
    // after a failover that leaves the connection open
    reconnectOnError: (error) => error.message.includes('READONLY'),
  })
  redis.on('error', (error: Error) => {
    if (!state.isDown) console.error(`redis: ${error.message}`)
    state.isDown = true
  })
  redis.on('ready', () => {
    if (state.isDown) console.error('redis: back')
    state.isDown = false
  })
  return redis
}

async function onPostgres(connectionString: string): Promise<OpenStores> {
  const pool = new Pool({ connectionString, connectionTimeoutMillis: maxWaitMs })
  pool.on('error', (error) => console.error(`postgres: ${error.message}`))
  await migrate(pool, { schema: 'nuance' })
  const open = (tenant = ''): Stores =>
    postgresStores(pool, { schema: 'nuance', tenant, maxWaitMs, ...(tenant === '' && { sweepEverySeconds: 60 }) })
  return parts(open, () => pool.end())
}

async function onRedis(url: string): Promise<OpenStores> {
  const redis = redisClient(url)
  // What is wrong shows with the first command; something that is no Redis may never say a word.
  const patience = setTimeout(() => redis.disconnect(), 3_000)
  await new Promise((resolve) => redis.once('ready', resolve).once('error', resolve).once('end', resolve))
  clearTimeout(patience)
  const open = (tenant?: string): Stores => redisStores(redis, { prefix: 'nuance', maxWaitMs, ...(tenant !== undefined && { tenant }) })
  return parts(open, () => redis.disconnect())
}

/** The stores that the settings name: PostgreSQL, Redis, or the memory of this process. Rejects where they are out of reach. */
export async function openStores({ databaseUrl, redisUrl }: Settings): Promise<OpenStores> {
  if (databaseUrl !== undefined) return onPostgres(databaseUrl)
  if (redisUrl !== undefined) return onRedis(redisUrl)
  console.log('no DATABASE_URL and no REDIS_URL: clients, keys and tokens are kept in the memory of this process')
  const stores = memoryStores()
  return { of: () => stores, close: () => stores.close() }
}
