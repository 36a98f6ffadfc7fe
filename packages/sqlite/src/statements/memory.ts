import type { Database } from '../connection/database.js'
import type { Tx } from '../driver/transaction.js'
import { newSince } from '../schema/place.js'

/** What a tenant's stores remember. */
export interface Memory {
  /** Since when, in epoch microseconds. */
  readonly since: number
  /** How many revocations were added. */
  readonly epoch: number
}

const findSql = 'select since, epoch from countersign_memory where tenant = ?'

function findMemory(tx: Tx, tenant: string): Memory | undefined {
  const [row] = tx.rows(findSql, tenant)
  return row && { since: Number(row.since), epoch: Number(row.epoch) }
}

/** The memory of a tenant; it begins where there is none. For a change. */
export function memoryOf(tx: Tx, tenant: string): Memory {
  const found = findMemory(tx, tenant)
  if (found) return found
  const since = newSince(tx.now)
  tx.run('insert into countersign_memory (tenant, since, epoch) values (?, ?, 0)', tenant, since)
  return { since, epoch: 0 }
}

/** Milliseconds, as rows have them. */
export const sinceMs = ({ since }: Memory): number => Math.floor(since / 1_000)

/** Reads with the memory of a tenant, which begins where there is none. */
export async function readWithMemory<T>(database: Database, tenant: string, work: (tx: Tx, memory: Memory) => T): Promise<T> {
  const read = (tx: Tx): { readonly value: T } | undefined => {
    const memory = findMemory(tx, tenant)
    return memory && { value: work(tx, memory) }
  }
  const found = await database.read(read)
  if (found) return found.value
  return database.write((tx) => work(tx, memoryOf(tx, tenant)))
}
