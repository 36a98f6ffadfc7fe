import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { migrate, postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import type { Settings } from './settings.js'

/** Stores, with the connection that they are on. */
interface OpenStores {
  readonly stores: Stores
  close(): Promise<void>
}

const maxWaitMs = 800

/** Says once that it is gone, and once that it is back. */
function redisClient(url: string): Redis {
  const state = { isDown: false }
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    retryStrategy: (times) => Math.min(times * 50, 500),
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

async function onPostgres(connectionString: string, tenant: string): Promise<OpenStores> {
  const pool = new Pool({ connectionString, connectionTimeoutMillis: 1_000 })
  pool.on('error', (error) => console.error(`postgres: ${error.message}`))
  await migrate(pool, { schema: 'nuance' })
  const stores = postgresStores(pool, { schema: 'nuance', tenant, maxWaitMs, sweepEverySeconds: 60 })
  return { stores, close: () => stores.close().then(() => pool.end()) }
}

async function onRedis(url: string, tenant: string): Promise<OpenStores> {
  const redis = redisClient(url)
  // What is wrong shows with the first command; something that is no Redis may never say a word.
  const patience = setTimeout(() => redis.disconnect(), 3_000)
  await new Promise((resolve) => redis.once('ready', resolve).once('error', resolve).once('end', resolve))
  clearTimeout(patience)
  const stores = redisStores(redis, { prefix: 'nuance', tenant, maxWaitMs })
  const close = async (): Promise<void> => {
    await stores.close()
    redis.disconnect()
  }
  return { stores, close }
}

/** The stores that the settings name: PostgreSQL, Redis, or the memory of this process. Rejects where they are out of reach. */
export async function openStores({ databaseUrl, redisUrl }: Settings, tenant: string): Promise<OpenStores> {
  if (databaseUrl !== undefined) return onPostgres(databaseUrl, tenant)
  if (redisUrl !== undefined) return onRedis(redisUrl, tenant)
  console.log('no DATABASE_URL and no REDIS_URL: clients, keys and tokens are kept in the memory of this process')
  const stores = memoryStores()
  return { stores, close: () => stores.close() }
}
