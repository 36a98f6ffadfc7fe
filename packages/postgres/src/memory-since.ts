import { isUnavailable, Unavailable } from '@countersign/core'
import type { Row, Run } from './driver.js'
import { sqlStateOf } from './sqlstate.js'

/**
 * Since when the database remembers everything that was written into it.
 *
 * A row names the place that it was written in: the table itself (`home`, its oid: another one after a dump was restored),
 * the cluster (`system`, another one after `initdb`) and the `timeline` of its log (another one after a standby was promoted
 * or a backup was recovered, both of which may have lost the last writes). Where any of them is no longer true, memory begins anew.
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

/** Not offered by this kind of server (some that share storage have no log of their own), or not to this role. */
const notOffered: readonly (string | undefined)[] = ['0A000', '42501']

async function isOffered(run: Run, expression: string): Promise<boolean> {
  try {
    await run(`select ${expression}`, [])
    return true
  } catch (cause) {
    if (isUnavailable(cause) && notOffered.includes(sqlStateOf(cause))) return false
    throw cause
  }
}

/** @param options - `promotionLosesNothing`: a new timeline does not begin a new memory */
export function createMemorySince(
  schema: string,
  options: { readonly tenant: Buffer; readonly promotionLosesNothing: boolean },
): MemorySince {
  const offers: { known: readonly [boolean, boolean] | undefined } = { known: undefined }
  const begin = beginText(schema)

  async function offered(run: Run): Promise<readonly [boolean, boolean]> {
    offers.known ??= [await isOffered(run, system), !options.promotionLosesNothing && (await isOffered(run, timeline))]
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
