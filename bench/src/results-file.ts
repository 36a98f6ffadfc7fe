import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { type Result, rounded } from './report.js'

/** What one run found, as it is written to a file of `bench/results`. */
interface ResultsFile {
  readonly command: string
  readonly date: string
  readonly node: string
  readonly machine: string
  /** Load of the machine over the last minute, before and after. */
  readonly load: { readonly before: number; readonly after: number }
  readonly results: readonly Result[]
}

export const load = (): number => Number((loadavg()[0] ?? Number.NaN).toFixed(1))

/**
 * Writes the results of a run, one on each line.
 *
 * @param file - path of a JSON file, which is replaced
 */
export async function writeResults(file: string, results: readonly Result[], words: readonly string[], before: number): Promise<void> {
  const head: Omit<ResultsFile, 'results'> = {
    command: ['pnpm bench --', ...words].join(' '),
    date: new Date().toISOString(),
    node: process.version,
    machine: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`,
    load: { before, after: load() },
  }
  const rows = results.map((result) => `    ${JSON.stringify(rounded(result))}`).join(',\n')
  await writeFile(file, `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "results": [\n${rows}\n  ]\n}\n`)
}
