import type { Row, Value } from './driver.js'

/** Statements of one transaction. What fails in the driver is a `Fault`. */
export interface Tx {
  /** Epoch milliseconds of the store's clock, the same throughout. */
  readonly now: number
  /** For statements that only read. */
  rows(sql: string, ...values: readonly Value[]): readonly Row[]
  /** @returns how many rows were changed */
  run(sql: string, ...values: readonly Value[]): number
}
