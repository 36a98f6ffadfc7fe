/** Entries of late, bounded: what was set before the last `most` others may be forgotten. */
export interface RecentEntries<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

/** Two generations: a full young one becomes the old one. */
export function createRecentEntries<V>(most: number): RecentEntries<V> {
  const state = { young: new Map<string, V>(), old: new Map<string, V>() }
  return {
    get: (key) => state.young.get(key) ?? state.old.get(key),
    set(key, value) {
      if (state.young.size >= most && !state.young.has(key)) {
        state.old = state.young
        state.young = new Map()
      }
      state.young.set(key, value)
    },
  }
}
