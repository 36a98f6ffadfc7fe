import { callListener } from '../call-listener.js'
import type { Now } from '../clock.js'
import { requireLimit } from '../durations.js'
import { wrongAfter } from '../page.js'
import type { RevocationEntry } from '../revocation.js'
import {
  completeRevocationQuery,
  fitsRevocationQuery,
  type RevocationAddition,
  type RevocationRecord,
  type RevocationStore,
  requireAdditions,
} from '../revocation-store.js'
import { tieRevokeAll } from '../revoke-all.js'
import { givenCalls } from './given-calls.js'

interface Kept {
  readonly epoch: number
  readonly entry: RevocationEntry
  readonly until: number
  readonly reinstated: boolean
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
  const retainedSince = now()
  const calls = givenCalls<readonly string[]>(now)
  const listeners = new Set<() => void>()
  const state = { epoch: 0, kept: [] as Kept[] }

  function record({ epoch, entry, until, reinstated }: Kept): RevocationRecord {
    return {
      cursor: String(epoch),
      entry,
      ttlMs: until === Number.POSITIVE_INFINITY ? undefined : until - now(),
      ...(reinstated && { reinstated }),
    }
  }

  function add({ entry, ttlMs, reinstated = false }: RevocationAddition): string {
    state.epoch += 1
    if (state.epoch % sweepEvery === 0) state.kept = state.kept.filter((kept) => now() < kept.until)
    const until = ttlMs === undefined ? Number.POSITIVE_INFINITY : now() + ttlMs
    state.kept.push({ epoch: state.epoch, entry, until, reinstated })
    return String(state.epoch)
  }

  const revokeAll: RevocationStore['revokeAll'] = async (entries, call) => {
    requireAdditions(entries)
    const made = calls.made('', call)
    if (made !== undefined) return made
    const epochs = entries.map(add)
    if (epochs.length > 0) for (const listener of listeners) callListener(listener)
    return calls.keep('', call, epochs)
  }

  return tieRevokeAll<RevocationStore>({
    async revoke(entry, { ttlMs, reinstated, ...call } = {}) {
      const [epoch = ''] = await revokeAll([{ entry, ttlMs, reinstated }], call)
      return epoch
    },
    revokeAll,
    async page(query) {
      const complete = completeRevocationQuery(query)
      const { after, limit, newestFirst } = complete
      if (after !== undefined && !/^\d{1,15}$/.test(after)) throw wrongAfter('revocations.page')
      const time = now()
      const items: RevocationRecord[] = []
      const beginning = newestFirst ? Number.POSITIVE_INFINITY : 0
      const from = after === undefined ? beginning : Number(after)
      for (let at = newestFirst ? firstAfter(state.kept, from - 1) - 1 : firstAfter(state.kept, from); ; at += newestFirst ? -1 : 1) {
        const kept = state.kept[at]
        if (kept === undefined) return { items, after: undefined }
        if (time >= kept.until || !fitsRevocationQuery(kept.entry, complete)) continue
        if (items.length === limit) return { items, after: items.at(-1)?.cursor }
        items.push(record(kept))
      }
    },
    async since(epoch, { limit } = {}) {
      if (limit !== undefined) requireLimit(limit)
      const known = epoch === undefined ? 0 : Number(epoch)
      const lost = !(known <= state.epoch)
      const first = lost ? 0 : firstAfter(state.kept, known)
      const part = state.kept.slice(first, limit === undefined ? undefined : first + limit)
      const last = first + part.length < state.kept.length ? part.at(-1) : undefined
      return {
        cursor: String(last?.epoch ?? state.epoch),
        records: part.filter((kept) => now() < kept.until).map(record),
        ...(last && { more: true }),
        lost,
        retainedSince,
        now: now(),
      }
    },
    cursor: async () => String(state.epoch),
    compare: (a, b) => Number(a) - Number(b),
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  })
}
