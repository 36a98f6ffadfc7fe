import type { Stores } from '@countersign/core'
import { postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import type { Place } from './setup.js'

/** Stores with a connection of their own. */
export interface OpenedStores {
  readonly stores: Stores
  close(): Promise<void>
}

/** As a host opens them; the drivers have their usual options. */
export function openStores(place: Place): OpenedStores {
  if (place.kind === 'postgres') {
    const pool = new Pool({ connectionString: place.url })
    pool.on('error', () => undefined)
    const stores = postgresStores(pool, { schema: place.schema })
    return { stores, close: () => stores.close().then(() => pool.end().catch(() => undefined)) }
  }
  const { sentinelPort: port, prefix, durability } = place
  const client = new Redis({ sentinels: [{ host: '127.0.0.1', port }], name: 'main' })
  client.on('error', () => undefined)
  const stores = redisStores(client, { prefix, durability, onWarning: () => undefined })
  return { stores, close: () => stores.close().then(() => client.disconnect()) }
}
