import { type CallIds, callsKeptMs, type StoreCall } from '@countersign/core'
import type { Script } from '../scripts/scripts.js'
import type { ChangeOptions, MakeChange } from './change.js'
import type { RedisConnection } from './connection.js'
import type { StoreKeys } from './store-keys.js'

/** What a store works with. Commands go out within a call of a connection only. */
export interface RedisAccess {
  /** Over the host's client. */
  readonly reads: RedisConnection
  /** The same, or with `durability: 'wait'` over a client of ours. */
  readonly changes: RedisConnection
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
  /** A script that takes the change back, and its further arguments. */
  readonly undo?: readonly [script: Script, ...args: readonly (string | number)[]] | undefined
  readonly kind?: ChangeOptions['kind']
}

/** Runs a script that keeps its answer, with further arguments. */
export function changeKept(
  { changes, keys, callIdOf }: RedisAccess,
  { key, index, parts = [], call, undo, kind }: KeptChange,
  script: Script,
  ...args: readonly (string | number)[]
): Promise<unknown> {
  const callKey = keys.ofCall(key, callIdOf(call), ...parts)
  // What is taken back later must still be known then.
  const keep = call?.callId === undefined && !(changes.waitsForReplicas && undo) ? '' : callsKeptMs
  const keysOfScript = index === undefined ? [callKey] : [callKey, index]
  const make: MakeChange<unknown> = ({ run, deadline }) => run(script, key, ...keysOfScript, keep, deadline, ...args)
  if (undo === undefined) return changes.change(key, make, { kind })
  const [undoScript, ...undoArgs] = undo
  return changes.change(key, make, { undo: ({ run, deadline }) => run(undoScript, key, ...keysOfScript, '', deadline, ...undoArgs) })
}
