/**
 * Does work on each item, a few at a time: what is stored has no bound, so what is done with all of it at once must have one.
 *
 * @param atOnce - how many may be under way
 * @returns results in the order of the items; rejects with the first error, after which no further item is begun
 * @example
 * const doubled = await mapConcurrently([1, 2, 3], 2, async (n) => n * 2)
 * console.log(doubled) // → [ 2, 4, 6 ]
 */
export async function mapConcurrently<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  const entries = items.entries()
  const state = { isOver: false }
  async function run(): Promise<void> {
    for (const [index, item] of entries) {
      if (state.isOver) return
      try {
        results[index] = await work(item)
      } catch (error) {
        state.isOver = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run))
  return results
}
