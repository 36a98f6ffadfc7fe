import type { ClientRecords } from './client-record.js'

/** Clients that are read at once. */
const atOnce = 1_000

/** How many secrets there are under each id of a pepper. */
export async function countByPepper(records: ClientRecords): Promise<Readonly<Record<string, number>>> {
  const counts = new Map<string, number>()
  let after: string | undefined
  do {
    const page = await records.list({ after, limit: atOnce })
    for (const { pepper } of page.flatMap(({ secrets }) => secrets)) counts.set(pepper, (counts.get(pepper) ?? 0) + 1)
    after = page.at(-1)?.id
  } while (after !== undefined)
  return Object.fromEntries(counts)
}
