import { callListener } from '../call-listener.js'
import type { Now } from '../clock.js'
import type { RevocationEntry } from '../revocation.js'
import type { RevocationRecord, RevocationStore } from '../revocation-store.js'
import { requireDuration, requireLimit } from '../stores.js'
import { givenCalls } from './given-calls.js'

interface Kept {
  readonly epoch: number
  readonly entry: RevocationEntry
  readonly until: number
  readonly undone: boolean
}

const sweepEvery = 256

/** Where the entries after an epoch begin: they are kept in its order. */
function firstAfter(kept: readonly Kept[], epoch: number): number {
  let [from, to] = [0, kept.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((kept[middle]?.epoch ?? 0) > epoch) to = middle
    else from = middle + 1
  }
  return from
}

/** The denylist. An epoch is a decimal count. */
export function memoryRevocations(now: Now): RevocationStore {
  const memorySince = now()
  const calls = givenCalls<string>(now)
  const listeners = new Set<() => void>()
  const state = { epoch: 0, kept: [] as Kept[] }

  function record({ epoch, entry, until, undone }: Kept): RevocationRecord {
    return {
      epoch: String(epoch),
      entry,
      keepForMs: until === Number.POSITIVE_INFINITY ? undefined : until - now(),
      ...(undone && { undone }),
    }
  }

  return {
    async revoke(entry, { keepForMs, undone = false, ...call } = {}) {
      const until = keepForMs === undefined ? Number.POSITIVE_INFINITY : now() + requireDuration('keepForMs', keepForMs)
      const made = calls.made('', call)
      if (made !== undefined) return made
      state.epoch += 1
      if (state.epoch % sweepEvery === 0) state.kept = state.kept.filter((kept) => now() < kept.until)
      state.kept.push({ epoch: state.epoch, entry, until, undone })
      for (const listener of listeners) callListener(listener)
      return calls.keep('', call, String(state.epoch))
    },
    async since(epoch, { limit } = {}) {
      if (limit !== undefined) requireLimit(limit)
      const known = epoch === undefined ? 0 : Number(epoch)
      const lost = !(known <= state.epoch)
      const first = lost ? 0 : firstAfter(state.kept, known)
      const part = state.kept.slice(first, limit === undefined ? undefined : first + limit)
      const last = first + part.length < state.kept.length ? part.at(-1) : undefined
      return {
        epoch: String(last?.epoch ?? state.epoch),
        records: part.filter((kept) => now() < kept.until).map(record),
        ...(last && { more: true }),
        lost,
        memorySince,
        now: now(),
      }
    },
    epoch: async () => String(state.epoch),
    compare: (a, b) => Number(a) - Number(b),
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
