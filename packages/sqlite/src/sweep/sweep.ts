import type { Database } from '../connection/database.js'
import type { Tx } from '../driver/transaction.js'
import { endingTables } from '../schema/migrations.js'

/** Tables whose rows end by themselves. */
export type SweptTable = keyof typeof endingTables

/** How many rows went, by table. */
export type SweepResult = Readonly<Record<SweptTable, number>>

/** How to sweep. */
export interface SweepOptions {
  /**
   * Rows per transaction.
   * @defaultValue 500
   */
  readonly batch?: number
  /** Gives the sweep up. */
  readonly signal?: AbortSignal
}

/** A slice may wait so long for another process, in milliseconds. */
const sliceWaitMs = 30_000

const expiredSql = (table: SweptTable): string => {
  const key = `tenant, ${endingTables[table]}`
  return `delete from countersign_${table} where (${key}) in (
    select ${key} from countersign_${table} where expires_at <= ? limit ?)`
}

const behindSql = 'select tenant, epoch, swept from countersign_memory where epoch > swept limit 1'
const laterSql = 'select epoch, fact, expires_at from countersign_revocations where tenant = ? and epoch > ? order by epoch limit ?'
const earlierSql = 'delete from countersign_revocations where tenant = ? and fact = ? and epoch < ?'
const sweptSql = 'update countersign_memory set swept = ? where tenant = ?'

/**
 * Removes entries with a later word on the same thing that lasts as long. Only what was added since the last sweep can be such a word, so no
 * other entry is read.
 *
 * @returns how many went; undefined when no tenant is behind
 */
function removeSuperseded(tx: Tx, batch: number): number | undefined {
  const [behind] = tx.rows(behindSql)
  if (behind === undefined) return undefined
  const tenant = String(behind.tenant)
  const added = tx.rows(laterSql, tenant, Number(behind.swept), batch)
  const gone = added.map(({ epoch, fact, expires_at: end }) => {
    const place = [tenant, Buffer.from(fact as Uint8Array), Number(epoch)] as const
    return end === null ? tx.run(earlierSql, ...place) : tx.run(`${earlierSql} and expires_at <= ?`, ...place, Number(end))
  })
  tx.run(sweptSql, Number((added.length < batch ? undefined : added.at(-1)?.epoch) ?? behind.epoch), tenant)
  return gone.reduce((all, some) => all + some, 0)
}

/**
 * Removes what has expired, of all tenants, and revocations that a later one has replaced: in slices, between which others have their turn.
 *
 * @throws TypeError for a batch that is not a positive whole number; Unavailable
 */
export async function sweep(database: Database, { batch = 500, signal }: SweepOptions = {}): Promise<SweepResult> {
  if (!(Number.isInteger(batch) && batch > 0)) throw new TypeError(`sweep: batch must be an integer, 1 or more, got ${String(batch)}`)
  const slice = <T>(work: (tx: Tx) => T): Promise<T> => {
    signal?.throwIfAborted()
    return database.write(work, sliceWaitMs)
  }
  async function removeExpired(table: SweptTable): Promise<number> {
    for (let all = 0; ; ) {
      const some = await slice((tx) => tx.run(expiredSql(table), tx.now, batch))
      all += some
      if (some < batch) return all
    }
  }
  const counts: Record<string, number> = {}
  for (const table of Object.keys(endingTables) as SweptTable[]) counts[table] = await removeExpired(table)
  for (;;) {
    const gone = await slice((tx) => removeSuperseded(tx, batch))
    if (gone === undefined) return counts as SweepResult
    counts.revocations = (counts.revocations ?? 0) + gone
  }
}
