import type { Stores } from '@countersign/core'

/** An operation that changes something, and what others do to the same record. */
export interface StoreChange {
  readonly name: string
  prepare?(stores: Stores): Promise<unknown>
  /** @returns what has to be the same each time */
  call(stores: Stores, callId: string): Promise<unknown>
  /** The answer of the first call. */
  readonly answer: unknown
  /** Another caller changes the record after the call: after that a second call of this kind would be answered otherwise or change something. */
  other(stores: Stores): Promise<unknown>
  /** What can be seen of the record, without changing it. */
  look(stores: Stores): Promise<unknown>
}
