import { read } from './pages.js'

/** The file that `pnpm bench` wrote: every figure of the landing page comes from it. */
const resultsFile = 'bench/results/guards.json'

const { command, date, node, results } = JSON.parse(read(resultsFile))

/** How the figures can be measured again, and when they were. */
export const measuredBy = { command, date: date.slice(0, 10), node }

/**
 * A figure of a bench.
 *
 * @param {string} bench
 * @param {string} subject
 * @returns {string} the ratio to what the bench compares with, with two digits
 */
export function ratioOf(bench, subject) {
  const found = results.find((one) => one.bench === bench && one.subject === subject && one.alg === 'RS256')
  if (typeof found?.ratio !== 'number') throw new Error(`${resultsFile} has no ratio of ${bench}, ${subject}`)
  return found.ratio.toFixed(2)
}
