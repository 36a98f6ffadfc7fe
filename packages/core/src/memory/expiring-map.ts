import type { Now } from '../clock.js'

/** Values that end by themselves. Ended ones are swept as others are written, so that nothing grows without bound. */
export interface ExpiringMap<V> {
  get(key: string): V | undefined
  /** Milliseconds that are left, or 0. */
  remainingMs(key: string): number
  set(key: string, value: V, ttlMs: number): void
  /** Replaces the value and keeps its end. */
  replace(key: string, value: V): void
  delete(key: string): boolean
  readonly size: number
}

const sweepEvery = 256

/** @param now - epoch milliseconds; the store's clock */
export function createExpiringMap<V>(now: Now): ExpiringMap<V> {
  const slots = new Map<string, { value: V; readonly until: number }>()
  const state = { writes: 0, cursor: undefined as IterableIterator<[string, { readonly until: number }]> | undefined }

  /** Looks at twice as many slots as were written since, so a whole round ends before the map can double. */
  function sweep(): void {
    state.writes += 1
    if (state.writes < sweepEvery) return
    state.writes = 0
    const time = now()
    for (let looked = 0; looked < sweepEvery * 2; looked += 1) {
      state.cursor ??= slots.entries()
      const next = state.cursor.next()
      if (next.done) {
        state.cursor = undefined
        return
      }
      if (next.value[1].until <= time) slots.delete(next.value[0])
    }
  }

  function live(key: string): { value: V; readonly until: number } | undefined {
    const slot = slots.get(key)
    if (slot === undefined || now() < slot.until) return slot
    slots.delete(key)
    return undefined
  }

  return {
    get: (key) => live(key)?.value,
    remainingMs: (key) => Math.max(0, (live(key)?.until ?? 0) - now()),
    set(key, value, ttlMs) {
      slots.set(key, { value, until: now() + ttlMs })
      sweep()
    },
    replace(key, value) {
      const slot = live(key)
      if (slot) slot.value = value
    },
    delete: (key) => live(key) !== undefined && slots.delete(key),
    get size() {
      return slots.size
    },
  }
}
