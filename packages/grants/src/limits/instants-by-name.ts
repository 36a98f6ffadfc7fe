import type { Now } from '@countersign/core'

const maxKnown = 10_000

/** Instants by name. The oldest entries go first, so that strangers cannot fill the memory. */
export function createInstantsByName(now: Now): { get(name: string): number; set(name: string, until: number): void } {
  const all = new Map<string, number>()
  return {
    get(name) {
      const until = all.get(name) ?? 0
      if (until > now()) return until
      all.delete(name)
      return 0
    },
    set(name, until) {
      all.delete(name)
      all.set(name, until)
      const [oldest] = all.keys()
      if (all.size > maxKnown && oldest !== undefined) all.delete(oldest)
    },
  }
}
