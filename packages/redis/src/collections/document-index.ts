import type { RedisAccess } from '../connection/access.js'

/** One call builds for no longer; by then its caller has given up. */
const longestBuildingMs = 5_000

/** Scripts that read through the index of a collection, and how many answers there are for each document. */
const readings = { listDocuments: 2, countDocuments: 0 } as const

/** Reads a collection, whose hash has this key, through its index. */
export type ReadIndexed = (key: string, script: keyof typeof readings, ...args: readonly (string | number)[]) => Promise<readonly unknown[]>

/** A further argument of `listDocuments`: answers groups, too, so that there are three answers for each document. */
export const withGroups = '1'

/** Ids whose documents an earlier release removed. */
function goneOf(script: keyof typeof readings, flat: readonly unknown[], hasGroups: boolean): readonly string[] {
  const width = readings[script] + (hasGroups ? 1 : 0)
  return script === 'listDocuments' ? flat.filter((_, at) => at % width === 0 && flat[at + 1] === null).map(String) : []
}

/** An index that is behind, because an earlier release wrote, is built first; what is built stays, also if the call is given up. */
export function readIndexed({ reads, keys }: RedisAccess): ReadIndexed {
  return async (key, script, ...args) => {
    const index = keys.ofIndex(key)
    const giveUpAt = performance.now() + longestBuildingMs
    const build = async (gone: readonly string[]): Promise<void> => {
      for (let isDone = false; !isDone && performance.now() < giveUpAt; )
        isDone = Number(await reads.run('buildIndex', key, index, ...gone)) === 1
    }
    for (;;) {
      const answer = await reads.run(script, key, index, ...args)
      const flat: readonly unknown[] | undefined = Array.isArray(answer) ? answer : undefined
      const gone = goneOf(script, flat ?? [], args.at(5) === withGroups)
      if (flat && gone.length === 0) return flat
      if (performance.now() >= giveUpAt) throw new Error('the index of a collection is being built')
      await build(gone)
    }
  }
}
