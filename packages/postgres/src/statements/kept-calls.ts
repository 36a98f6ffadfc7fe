import { callsKeptMs, rowKey, type StoreCall } from '@countersign/core'
import type { Database } from '../connection/connection.js'
import type { Row, Run } from '../connection/driver.js'
import { sqlStateOf } from '../connection/sqlstate.js'
import { requireTimely } from './calls.js'

/** Parts of a statement that keeps the answer to its call. They are empty in the form without a call. */
export interface CallParts {
  /** Reads the result of the earlier call; part of `with`, begins with a comma. */
  readonly made: string
  /** A further condition: the call was not made before. */
  readonly unmade: string
  /** Keeps the answer, a text, for a row of `from`. Fails with 23505 if the same call was made meanwhile: then nothing is changed. */
  keep(answer: string, from: string): string
  /** The result of the earlier call, as `made`. */
  readonly column: string
}

/** A statement without a call and with one, whose row is one more parameter. */
export interface CallStatements {
  readonly plain: string
  readonly called: string
}

/** Runs a statement that answers `timely` and `made` in its first row. */
export interface KeptChange {
  readonly statements: CallStatements
  /** Parameters before the deadline, without the tenant. */
  readonly values: readonly unknown[]
  readonly call: StoreCall | undefined
  /** Names what is changed. */
  readonly record: readonly string[]
  isDone(row: Row): boolean
  /** @defaultValue the tenant goes before the values */
  within?(run: Run, text: string, values: readonly unknown[]): Promise<readonly Row[]>
}

/**
 * Calls whose row is removed by the call, or that have no row to keep them: a call whose id the caller gave has a row of its own among
 * the claims. An id that was drawn here has none: it cannot come again, for `pg` never sends a statement twice.
 */
export interface KeptCalls {
  /** @param next - the number of the parameter after the deadline */
  statements(next: number, text: (parts: CallParts) => string): CallStatements
  /** @returns the row, or the result of the earlier call */
  change(change: KeptChange): Promise<{ readonly row: Row; readonly made: string | undefined }>
}

/** The key of the row that a call has. */
export function callRow(callId: string, record: readonly string[]): Buffer {
  return rowKey('call', callId, ...record)
}

const uniqueViolation = '23505'

export function keptCalls(database: Database, schema: string, tenant: Buffer): KeptCalls {
  const again = `select calls from ${schema}.claims where tenant = $1 and key = $2`
  const plainParts: CallParts = { made: '', unmade: '', keep: () => '', column: 'null as made' }
  const calledParts = (row: string): CallParts => ({
    made: `, made as materialized (select calls from ${schema}.claims where tenant = $1 and key = ${row})`,
    unmade: 'and not exists (select from made)',
    keep: (answer, from) => `, kept_call as (
    insert into ${schema}.claims (tenant, key, expires_at, calls)
    select $1, ${row}, clock_timestamp() + interval '${callsKeptMs} ms', ${answer} from ${from}
  )`,
    column: '(select calls from made) as made',
  })
  const afterTenant = (run: Run, text: string, values: readonly unknown[]): Promise<readonly Row[]> => run(text, [tenant, ...values])

  return {
    statements: (next, text) => ({ plain: text(plainParts), called: text(calledParts(`$${next}`)) }),
    async change({ statements: { plain, called }, values, call, record, isDone, within = afterTenant }) {
      const callId = database.callIdOf(call)
      const key = call?.callId === undefined ? undefined : callRow(callId, record)
      return database.change(async (run, deadline) => {
        if (key === undefined) return { row: requireTimely((await within(run, plain, [...values, deadline]))[0]), made: undefined }
        const row = await within(run, called, [...values, deadline, key]).then(
          ([answer]) => requireTimely(answer),
          (cause: unknown) => {
            if (sqlStateOf(cause) !== uniqueViolation) throw cause
            return undefined
          },
        )
        if (row && typeof row.made === 'string') return { row, made: row.made }
        if (row && isDone(row)) return { row, made: undefined }
        // the same call may have been under way at the same time: read anew, after it
        const [there] = await run(again, [tenant, key])
        return { row: row ?? {}, made: typeof there?.calls === 'string' ? there.calls : undefined }
      })
    },
  }
}
