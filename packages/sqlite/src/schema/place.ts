import { randomInt } from 'node:crypto'
import { faultThat } from '../driver/fault.js'
import type { Tx } from '../driver/transaction.js'
import { migrations, requiredVersion } from './migrations.js'

/**
 * What the one row of `countersign_place` tells: the version of the schema, and which file this is. Where the file is another one than it says,
 * or has had fewer changes than somebody saw, it is a copy or a backup: what was remembered meanwhile is not in it, so its memory begins anew.
 */
export interface Place {
  readonly version: number
  readonly needs: number
  readonly identity: string
  /** One more with each transaction that changed something. */
  readonly changes: number
}

/** What this process knows of the file. */
export interface KnownFile {
  readonly identity: string
  /** So many changes it had at least. */
  readonly changes: number
}

const millisecondsSql = "round((julianday('now') - 2440587.5) * 86400000)"
const isThere = "select 1 from sqlite_master where type = 'table' and name = 'countersign_place'"

/** The clock of the store: the one of the machine, as SQLite reads it. */
export const clockSql: string = `select ${millisecondsSql} as now`

const placeSql = `select version, needs, identity, changes, ${millisecondsSql} as now from countersign_place`

/** The place and the clock, in a file that has our tables. */
export function readPlaceAndClock(tx: Pick<Tx, 'rows'>): { readonly place: Place | undefined; readonly now: number } {
  const [row] = tx.rows(placeSql)
  if (row === undefined) return { place: undefined, now: 0 }
  const place = { version: Number(row.version), needs: Number(row.needs), identity: String(row.identity), changes: Number(row.changes) }
  return { place, now: Number(row.now) }
}

/** @returns undefined in a file without our tables */
export function readPlace(tx: Pick<Tx, 'rows'>): Place | undefined {
  return tx.rows(isThere).length === 0 ? undefined : readPlaceAndClock(tx).place
}

/**
 * Whether the stores may work on the file as it is.
 *
 * @throws Fault if a later release has changed the file so that this one does not know it
 */
export function fits(place: Place | undefined, known: KnownFile): place is Place {
  if (place === undefined) return false
  if (place.needs > requiredVersion)
    throw faultThat(
      `the file needs a release that knows version ${place.needs} of its tables, and this release knows ${requiredVersion}: install the later release, or restore the backup that was made before it`,
    )
  return place.version >= requiredVersion && place.identity === known.identity && place.changes >= known.changes
}

/** Brings the tables to the version of this release; all steps are part of the transaction. */
function migrate(tx: Tx, from: number): void {
  if (from === 0)
    tx.run(
      'create table countersign_place (one integer primary key check (one = 1), version integer not null, needs integer not null, identity text not null, changes integer not null) strict',
    )
  const missing = migrations.filter(({ version }) => version > from)
  for (const { statements } of missing) for (const statement of statements) tx.run(statement)
  const last = missing.at(-1)
  if (from === 0) tx.run("insert into countersign_place (one, version, needs, identity, changes) values (1, 0, 0, '', 0)")
  if (last) tx.run('update countersign_place set version = ?, needs = ?', last.version, last.needs)
}

/** A new memory is later than every other one, and two that begin in one millisecond differ. */
export function newSince(now: number): number {
  return now * 1_000 + randomInt(1_000)
}

/** Makes the file one that {@link fits}: tables that are missing, and a new memory where the file is another one. */
export function settle(tx: Tx, known: KnownFile): Place {
  migrate(tx, readPlace(tx)?.version ?? 0)
  const place = readPlace(tx)
  if (place === undefined) throw faultThat('the tables do not stay')
  if (place.identity !== known.identity || place.changes < known.changes) {
    tx.run('update countersign_place set identity = ?, changes = ?', known.identity, Math.max(place.changes, known.changes))
    tx.run('update countersign_memory set since = max(since + 1000, ?)', newSince(tx.now + 1))
  }
  return readPlace(tx) ?? place
}
