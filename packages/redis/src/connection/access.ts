import { type CallIds, callsKeptMs, type StoreCall } from '@countersign/core'
import type { RunScript, Script } from '../scripts/scripts.js'
import type { RedisConnection } from './connection.js'
import type { RedisClient } from './redis-client.js'
import type { StoreKeys } from './store-keys.js'

/** What a store works with. Commands go out within a call of the connection only. */
export interface RedisAccess {
  readonly client: RedisClient
  readonly run: RunScript
  readonly connection: RedisConnection
  readonly keys: StoreKeys
  readonly callIdOf: CallIds
  readonly maxWaitMs: number
}

/** A change whose answer is kept under a key of its own. */
export interface KeptChange {
  /** Of what is changed. */
  readonly key: string
  /** A further key in the same slot, for the script. */
  readonly index?: string
  /** What is changed within the key, if that is not all of it. */
  readonly parts?: readonly string[]
  readonly call: StoreCall | undefined
}

/** Runs a script that keeps its answer, with further arguments. */
export function changeKept(
  { run, connection, keys, callIdOf }: RedisAccess,
  { key, index, parts = [], call }: KeptChange,
  script: Script,
  ...args: readonly (string | number)[]
): Promise<unknown> {
  const callKey = keys.ofCall(key, callIdOf(call), ...parts)
  const keep = call?.callId === undefined ? '' : callsKeptMs
  return connection.change(key, (_, deadline) =>
    index === undefined ? run(script, key, callKey, keep, deadline, ...args) : run(script, key, callKey, index, keep, deadline, ...args),
  )
}
