import type { Lifecycle, Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { migrate, postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { BadSettings, type Settings } from './settings.js'

/** Stores that were reached once, and what ends their connections. */
export interface OpenStores {
  readonly stores: Omit<Stores, keyof Lifecycle>
  /** Whether other processes have them too. */
  readonly isShared: boolean
  close(): Promise<void>
}

type Opened = { readonly stores: Stores; close(): Promise<void> }

/** A server that is being started is waited for; one that is not there ends the start. */
const patienceMs = 8_000

async function reach(stores: Stores): Promise<void> {
  const { parts } = await stores.ready()
  for (const part of Object.values(parts)) if (!part.ok) throw part.cause
}

/** @throws BadSettings if it was not reached in time */
async function openedWhenReached(name: string, opened: Opened, attempt: () => Promise<void>): Promise<Opened> {
  const until = performance.now() + patienceMs
  for (;;) {
    try {
      await attempt()
      return opened
    } catch (cause) {
      if (performance.now() > until) {
        await opened.close()
        throw new BadSettings(`${name} cannot be used: ${cause instanceof Error ? cause.message : 'no answer'}`, { cause })
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** Says once that it is gone, and once that it is back. */
function tellOutages(redis: Redis): void {
  const state = { isDown: false }
  redis.on('error', (error: Error) => {
    if (!state.isDown) console.error(`redis: ${error.message}`)
    state.isDown = true
  })
  redis.on('ready', () => {
    if (state.isDown) console.error('redis: back')
    state.isDown = false
  })
}

async function openRedis(url: string, prefix: string): Promise<Opened> {
  // A command fails at once while the connection is down: a caller is told 503, and need not wait.
  const retryStrategy = (times: number): number => Math.min(times * 50, 500)
  // After a failover that leaves the connection open, the old server answers so.
  const reconnectOnError = (error: Error): boolean => error.message.includes('READONLY')
  const limits = { enableOfflineQueue: false, maxRetriesPerRequest: 0, connectTimeout: 1_000, retryStrategy, reconnectOnError }
  const redis = new Redis(url, limits)
  tellOutages(redis)
  const stores = redisStores(redis, { prefix: `neris:${prefix}` })
  const close = async (): Promise<void> => {
    await stores.close()
    redis.disconnect()
  }
  return openedWhenReached('REDIS_URL', { stores, close }, () => reach(stores))
}

async function openPostgres(url: string, tenant: string): Promise<Opened> {
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 1_000 })
  pool.on('error', (error) => console.error(`postgres: ${error.message}`))
  const schema = 'neris'
  const stores = postgresStores(pool, { schema, tenant, sweepEverySeconds: 60 })
  const close = async (): Promise<void> => {
    await stores.close()
    await pool.end()
  }
  return openedWhenReached('DATABASE_URL', { stores, close }, async () => {
    await migrate(pool, { schema })
    await reach(stores)
  })
}

/**
 * Everything on Redis or PostgreSQL. With both, what has to last is in PostgreSQL, and what is over in minutes in Redis. With
 * neither it is in the memory of this process.
 *
 * @throws BadSettings if a server that was named is not there
 */
export async function openStores({ redisUrl, databaseUrl }: Settings, prefix: string): Promise<OpenStores> {
  const postgres = databaseUrl === undefined ? undefined : await openPostgres(databaseUrl, prefix)
  const redis = redisUrl === undefined ? undefined : await openRedis(redisUrl, prefix)
  const lasting = postgres ?? redis
  if (lasting === undefined) {
    const stores = memoryStores()
    return { stores, isShared: false, close: () => stores.close() }
  }
  const { clients, keys, accounts, families, revocations, audit } = lasting.stores
  const { challenges, attempts, replay, nonces } = (redis ?? lasting).stores
  return {
    stores: { clients, keys, accounts, families, revocations, audit, challenges, attempts, replay, nonces },
    isShared: true,
    async close() {
      await redis?.close()
      await postgres?.close()
    },
  }
}
