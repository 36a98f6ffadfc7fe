import type { RunScript } from '../scripts/scripts.js'
import type { ServerMemory } from './server-memory.js'

/** What a call that changes something is given. */
interface Change {
  readonly memory: ServerMemory
  /** When the caller gives up, in milliseconds of the store's time: it goes with every command that changes something. */
  readonly deadline: number
  readonly run: RunScript
}

/** What a call does with what it is given. */
export type MakeChange<T> = (change: Change) => Promise<T>

/** What holds for a change with `durability: 'wait'`. Without it nothing of this is used. */
export interface ChangeOptions {
  /** Takes the change back if no replica acknowledged it. It must do nothing if the change did not take place. */
  readonly undo?: MakeChange<unknown>
  /**
   * `always` is made also without a replica, because it grants nothing; the answer is an outage all the same. `undo` is made
   * then as well and waits for no replica: each replica gets it behind what it takes back. @defaultValue it is refused before it is sent
   */
  readonly kind?: 'always' | 'undo' | undefined
}

/** Makes a change of `key`. */
export type ChangeKey = <T>(key: string, make: MakeChange<T>, options?: ChangeOptions) => Promise<T>

/** How long the caller of a call waits. */
export interface Patience {
  /** By the monotonic clock of this process. */
  readonly giveUpAt: number
  /** The caller got an outage as its answer. */
  isOver: boolean
}

/** What a connection can do for changes that wait for replicas. */
export interface ChangeParts {
  readonly maxWaitMs: number
  answered<T>(call: (patience: Patience) => Promise<T>): Promise<T>
  inTime<T>(key: string, giveUpAt: number, make: MakeChange<T>, send?: RunScript): Promise<T>
  writableBefore(giveUpAt: number): Promise<ServerMemory>
  isCurrent(memory: ServerMemory): boolean
}

/** Makes changes count when a replica has them. */
export interface Durability {
  changeWith(parts: ChangeParts): ChangeKey
  /** @throws Error while no replica of the server of `key` acknowledges */
  requireReplica(key: string): void
  /** Resolves when a replica has what was sent so far to the server of `key`. */
  acknowledged(key: string, waitMs: number): Promise<void>
}

export const connectionLost = (): Error => new Error('the connection was lost before a replica acknowledged')
