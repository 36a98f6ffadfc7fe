import type { DocumentCount } from '@countersign/core'
import type { Database } from './connection/connection.js'
import { type Row, type Run, textOf } from './connection/driver.js'
import { countTexts, manyEntries } from './statements/count-texts.js'

function countsOf([all, ...groups]: readonly Row[]): DocumentCount {
  return {
    total: Number(all?.documents),
    groups: groups.map((row) => ({ group: textOf(row.group_name), count: Number(row.documents) })),
  }
}

/**
 * Totals of collections. Those of small ones are counted. A large one gets a counter when it is counted for the first time.
 *
 * @param schema - quoted
 */
export function postgresCounts(database: Database, schema: string): (collection: unknown[]) => Promise<DocumentCount> {
  const texts = countTexts(schema)

  async function countMany(run: Run, collection: unknown[], mayWrite: boolean): Promise<readonly Row[]> {
    if (!mayWrite) return run(texts.countAll, collection)
    await run(texts.begin, collection)
    await run(texts.mark, collection)
    return run(texts.complete, collection)
  }

  return (collection) =>
    database.operation(async (run) => {
      const rows = await run(texts.count, collection)
      const [first] = rows
      const mayWrite = first?.may_write === true
      if (first?.state === 'many') return countsOf(await countMany(run, collection, mayWrite))
      if (mayWrite && Number(first?.entries) > manyEntries) await run(texts.fold, collection)
      return countsOf(rows)
    })
}
