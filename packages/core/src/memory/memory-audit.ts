import {
  type AuditAppended,
  type AuditStore,
  completeAuditEntry,
  completeAuditQuery,
  fitsAuditQuery,
  type StoredAuditEntry,
} from '../audit-store.js'
import type { Now } from '../clock.js'
import { wrongAfter } from '../page.js'
import { givenCalls } from './given-calls.js'

interface Kept {
  readonly number: number
  readonly entry: StoredAuditEntry
  readonly until: number
}

/** Where the entries behind a number begin: they are kept in its order. */
function firstBehind(kept: readonly Kept[], number: number): number {
  let [from, to] = [0, kept.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((kept[middle]?.number ?? 0) > number) to = middle
    else from = middle + 1
  }
  return from
}

/**
 * What happened, in this process.
 *
 * @param capacity - how many entries there is room for; the oldest go
 */
export function memoryAudit(now: Now, capacity: number): AuditStore {
  const calls = givenCalls<AuditAppended>(now)
  const state = { number: 0, kept: [] as Kept[], atMs: Number.NEGATIVE_INFINITY, sinceSwept: 0 }
  const sweepEvery = Math.ceil(capacity / 16)

  /** What has ended goes first, whenever a part of the room was used anew; else the oldest goes. */
  function makeRoom(): number {
    if (state.kept.length < capacity) return 0
    const time = now()
    if (state.sinceSwept >= sweepEvery) {
      state.sinceSwept = 0
      state.kept = state.kept.filter(({ until }) => time < until)
    }
    if (state.kept.length < capacity) return 0
    const oldest = state.kept.shift()
    return oldest !== undefined && time < oldest.until ? 1 : 0
  }

  return {
    async append(entry, { ttlMs, ...call }) {
      const json = completeAuditEntry(entry, ttlMs)
      const made = calls.made('', call)
      if (made) return made
      const dropped = makeRoom()
      state.number += 1
      state.sinceSwept += 1
      // a clock that was set back changes no order
      state.atMs = Math.max(state.atMs, Math.floor(now()))
      const id = String(state.number)
      const stored = Object.freeze({ ...(JSON.parse(json) as typeof entry), id, atMs: state.atMs })
      state.kept.push({ number: state.number, entry: stored, until: now() + ttlMs })
      return calls.keep('', call, { id, dropped })
    },
    async page(query) {
      const complete = completeAuditQuery(query)
      const { after, limit, newestFirst } = complete
      if (after !== undefined && !/^\d{1,15}$/.test(after)) throw wrongAfter('audit.page')
      const time = now()
      const from = after === undefined ? undefined : Number(after)
      const items: StoredAuditEntry[] = []
      const step = newestFirst ? -1 : 1
      const first = newestFirst ? firstBehind(state.kept, (from ?? Number.POSITIVE_INFINITY) - 1) - 1 : firstBehind(state.kept, from ?? 0)
      for (let at = first; at >= 0 && at < state.kept.length; at += step) {
        const { entry, until } = state.kept[at] as Kept
        if (time >= until || !fitsAuditQuery(entry, complete)) continue
        if (items.length === limit) return { items, after: items.at(-1)?.id }
        items.push(entry)
      }
      return { items, after: undefined }
    },
  }
}
