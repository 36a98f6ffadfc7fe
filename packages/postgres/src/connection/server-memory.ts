import { callListener, isUnavailable, Unavailable } from '@countersign/core'
import type { Row, Run } from './driver.js'
import { sqlStateOf } from './sqlstate.js'

/**
 * Since when the database remembers everything that was written into it.
 *
 * A row names the place that it was written in: the table itself (`home`, its oid: another one after a dump was restored),
 * the cluster (`system`, another one after `initdb`) and the `timeline` of its log (another one after a standby was promoted
 * or a backup was recovered, both of which may have lost the last writes). If any of them has changed, memory begins again.
 * The check is part of every statement that depends on it, so it holds through reconnects, failovers and poolers.
 */
export interface MemorySince {
  /** Runs a statement that changes something only where {@link memoryRow} is there. */
  within(run: Run, text: string, values: readonly unknown[]): Promise<readonly Row[]>
  /** Runs a statement that begins with {@link memoryCte} and answers rows with `known`, at least one; begins a new memory where there is none. */
  remembering(run: Run, text: string, values: readonly unknown[]): Promise<readonly [Row, ...Row[]]>
}

const system = '(select system_identifier::text from pg_control_system())'
const timeline = 'left(pg_walfile_name(pg_current_wal_lsn()), 8)'

/** SQL of an instant as a number of microseconds. */
export const micros = (instant: string): string => `(extract(epoch from ${instant}) * 1000000)::bigint`

/** The memory that holds. Takes $1 to $3; parameters of the statement begin with $4. */
export function memoryRow(schema: string): string {
  return `${schema}.memory where tenant = $1 and home = tableoid
    and case when $2 then system = ${system} else true end and case when $3 then timeline = ${timeline} else true end`
}

/** The same as the first part of a statement. */
export function memoryCte(schema: string): string {
  return `memory as materialized (select since, epoch from ${memoryRow(schema)})`
}

/** Keeps what this process cannot tell, so that two processes that see differently far do not begin anew in turn. */
const beginText = (schema: string): string => `
  insert into ${schema}.memory as m (tenant, home, system, timeline, since, epoch)
  values ($1, '${schema}.memory'::regclass, case when $2 then ${system} else '' end, case when $3 then ${timeline} else '' end, clock_timestamp(), 0)
  on conflict (tenant) do update set home = excluded.home, since = excluded.since,
    system = case when $2 then excluded.system else m.system end, timeline = case when $3 then excluded.timeline else m.timeline end
  where m.home <> excluded.home or ($2 and m.system <> excluded.system) or ($3 and m.timeline <> excluded.timeline)`

/** What the stores may be told that is not an error of a call. */
export interface PostgresWarning {
  /**
   * One of the signs is not to be had by which a restored or promoted database is known. Such a loss of memory is not noticed then:
   * what was claimed in what was lost can be claimed again. Told once.
   */
  readonly name: 'memory_unchecked'
  /** Which sign, and why. */
  readonly detail: string
}

const systemSign = { expression: system, means: 'the identifier of the cluster (pg_control_system), which another cluster does not have' }
const timelineSign = {
  expression: timeline,
  means: 'the timeline of its log (pg_current_wal_lsn, pg_walfile_name), which a promotion changes',
}

/** Not offered by this kind of server (some that share storage have no log of their own), or not to this role. */
const notOffered = new Map<string | undefined, string>([
  ['0A000', 'this kind of server does not tell'],
  ['42501', 'the role of the pool is not permitted to ask for'],
])

/** @param options - `promotionLosesNothing`: a new timeline does not begin a new memory */
export function createMemorySince(
  schema: string,
  options: {
    readonly tenant: Buffer
    readonly promotionLosesNothing: boolean
    readonly onWarning: (warning: PostgresWarning) => void
  },
): MemorySince {
  const offers: { known: readonly [boolean, boolean] | undefined } = { known: undefined }
  const begin = beginText(schema)

  async function isOffered(run: Run, { expression, means }: typeof systemSign): Promise<string | undefined> {
    try {
      await run(`select ${expression}`, [])
      return undefined
    } catch (cause) {
      const why = isUnavailable(cause) ? notOffered.get(sqlStateOf(cause)) : undefined
      if (why === undefined) throw cause
      return `${why} ${means}`
    }
  }

  async function offered(run: Run): Promise<readonly [boolean, boolean]> {
    if (offers.known) return offers.known
    const faults = [await isOffered(run, systemSign), options.promotionLosesNothing ? undefined : await isOffered(run, timelineSign)]
    // Another call may have been faster.
    if (offers.known === undefined)
      for (const detail of faults) if (detail !== undefined) callListener(() => options.onWarning({ name: 'memory_unchecked', detail }))
    offers.known ??= [faults[0] === undefined, !options.promotionLosesNothing && faults[1] === undefined]
    return offers.known
  }

  return {
    async within(run, text, values) {
      return run(text, [options.tenant, ...(await offered(run)), ...values])
    },
    async remembering(run, text, values) {
      const place = [options.tenant, ...(await offered(run))]
      const [first, ...others] = await run(text, [...place, ...values])
      if (first?.known === true) return [first, ...others]
      await run(begin, place)
      const [again, ...rest] = await run(text, [...place, ...values])
      if (again?.known !== true) throw new Unavailable('store_unavailable', { cause: new Error('the memory of the store does not stay') })
      return [again, ...rest]
    },
  }
}
