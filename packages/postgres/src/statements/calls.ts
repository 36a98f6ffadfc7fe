import { callsKept, callsKeptMs, Unavailable } from '@countersign/core'
import type { Row } from '../connection/driver.js'

/**
 * Begins a statement that changes something: `timely` has a row until the deadline, in milliseconds of the server's time, and
 * a wait for a lock ends then. Who changes something selects from it first. (A condition on the time alone is not asked
 * again after a wait whose holder rolled back.)
 *
 * @param deadline - the parameter, such as `$5`
 */
export function timelyCte(deadline: string): string {
  const leftMs = `${deadline}::float8 - extract(epoch from clock_timestamp())::float8 * 1000`
  return `timely as materialized (
    select set_config('lock_timeout', ceil(least(${leftMs}, 2e9))::text, true) where ${leftMs} > 0
  )`
}

/** Whether it is in time, as a column of the answer: {@link requireTimely} reads it. */
export const timelyColumn = 'exists (select from timely) as timely'

/** The call came after the deadline that it was given, and did nothing. */
export class Late extends Error {
  override readonly name = 'Late'
}

/** @throws Late if the statement did nothing because its deadline was over */
export function requireTimely(row: Row | undefined): Row {
  if (row?.timely !== true) throw new Late('the statement came after its deadline')
  return row
}

/**
 * A list of calls is text, `;id answer` for each, the newest first.
 *
 * @param call - the parameter with the id
 * @param calls - the list as it is, a column that may be null
 */
export function withAnswer(call: string, answer: string, calls: string): string {
  return `';' || ${call} || ' ' || ${answer} || substring(coalesce(${calls}, ''), '^(?:;[^;]*){0,${callsKept - 1}}')`
}

/** The answer that a call got before; null if it was not made. */
export function answerIn(calls: string, call: string): string {
  return `case when position(';' || ${call} || ' ' in ${calls}) > 0 then substring(${calls}, ';' || ${call} || ' ([^;]*)') end`
}

/** Of a row with `calls` and `called_at`, the calls that are still to be known. */
export const recentCalls = (row: string): string =>
  `case when ${row}.called_at > clock_timestamp() - interval '${callsKeptMs} ms' then ${row}.calls else '' end`

/** A call that was taken back is not carried out again, and its answer does not hold any more. */
export function requireNotUndone(answer: unknown): void {
  if (answer === 'undone') throw new Unavailable('store_unavailable', { cause: new Error('this call was taken back') })
}
