import type { CallIds } from '@countersign/core'
import type { RedisClient } from './redis-client.js'
import type { RedisConnection } from './redis-connection.js'
import type { RunScript } from './scripts.js'
import type { StoreKeys } from './store-keys.js'

/** What a store works with. Commands go out within a call of the connection only. */
export interface RedisAccess {
  readonly client: RedisClient
  readonly run: RunScript
  readonly connection: RedisConnection
  readonly keys: StoreKeys
  readonly callIdOf: CallIds
}
