import type { Run } from '../connection/driver.js'
import { countTexts, manyEntries } from '../statements/count-texts.js'

/** A collection with fewer documents than this loses its counter: it is counted in a moment. Fewer than those with which one begins. */
const fewDocuments = 500

/**
 * Completes counters of collections that took too long for a reader, adds up numbers that nobody read, and removes counters of collections
 * that have become small.
 *
 * @param schema - quoted
 */
export async function sweepCounters(run: Run, schema: string, batch: number): Promise<void> {
  const [counters, counts] = [`${schema}.document_counters`, `${schema}.document_counts`]
  const texts = countTexts(schema)
  const keyOf = (row: string): string => `${row}.tenant, ${row}.kind, ${row}.collection`
  const incomplete = await run(`select tenant, kind, collection from ${counters} where not is_ready limit $1`, [batch])
  for (const { tenant, kind, collection } of incomplete) {
    await run(texts.mark, [tenant, kind, collection])
    await run(texts.complete, [tenant, kind, collection])
  }
  const long = `
    select tenant, kind, collection from ${counts} group by tenant, kind, collection
    having count(*) - count(distinct group_name) > ${manyEntries} limit $1`
  for (const { tenant, kind, collection } of await run(long, [batch])) await run(texts.fold, [tenant, kind, collection])
  const removeSmall = `
    with small as materialized (
      select ${keyOf('c')} from ${counters} c
      where c.is_ready and ${fewDocuments} > (
        select coalesce(sum(n.documents), 0) from ${counts} n where (${keyOf('n')}) = (${keyOf('c')})
      ) limit $1 for update skip locked
    ), gone as (
      delete from ${counters} c using small where (${keyOf('c')}) = (${keyOf('small')})
    )
    delete from ${counts} n using small where (${keyOf('n')}) = (${keyOf('small')})`
  await run(removeSmall, [batch])
}
