import {
  callsKeptMs,
  completeRevocationQuery,
  deltaOf,
  fitsRevocationQuery,
  type RevocationDelta,
  type RevocationRecord,
  type RevocationStore,
  requireAdditions,
  requireLimit,
  storedRevocation,
  tieRevokeAll,
  wholeDelta,
  wrongAfter,
} from '@countersign/core'
import type { RedisAccess } from './connection/access.js'
import type { MakeChange } from './connection/change.js'
import { wholeMs } from './connection/durations.js'
import type { RedisWarning } from './connection/redis-client.js'
import type { ServerMemory } from './connection/server-memory.js'
import { streamPage } from './connection/stream-page.js'
import { revocationSubscription } from './subscription/subscription.js'

/** Entries that one command reads: Redis serves nobody else meanwhile. */
const entriesPerRead = 1_000

/** Milliseconds and a count within them: the id of an entry of a Stream. */
function partsOf(cursor: string): readonly [number, number] {
  const [milliseconds, count] = cursor.split('-', 2)
  return [Number(milliseconds), Number(count)]
}

/** Negative, zero or positive; a cursor of another form is after all. */
function compareEpochs(a: string, b: string): number {
  const [aMs, aCount] = partsOf(a)
  const [bMs, bCount] = partsOf(b)
  return aMs === bMs ? aCount - bCount : aMs - bMs
}

/** Where an empty stream stands: a store that lost its memory stands elsewhere. */
const beginningOf = ({ since }: ServerMemory): string => `${since}-0`

interface Page {
  readonly newest: string
  /** Whether the given cursor is still an entry. */
  readonly found: boolean
  readonly now: number
  /** The id of the last record where others may follow, or ''. */
  readonly last: string
  readonly text: string
}

/** Id, entry, when it ends by the store's clock, and 1 for one that takes an entry back. */
type PageRecord = readonly [cursor: string, stored: object, ends: number | null, reinstated: 0 | 1]

/** Records of a page that still count. */
function recordsOf({ text, now }: Page): readonly RevocationRecord[] {
  const records: RevocationRecord[] = []
  for (const [cursor, stored, ends, reinstated] of JSON.parse(text) as readonly PageRecord[]) {
    const ttlMs = ends === null ? undefined : ends - now
    if (ttlMs !== undefined && ttlMs <= 0) continue
    const entry = storedRevocation.fromRecord(stored)
    records.push(reinstated === 1 ? { cursor, entry, ttlMs, reinstated: true } : { cursor, entry, ttlMs })
  }
  return records
}

/**
 * Whether a reader at `cursor` was told things that the store does not know: it is ahead of the store, or from before its
 * memory, or from before the present run of the server and not among what came through.
 */
function isLost(cursor: string, { newest, found }: Page, memory: ServerMemory): boolean {
  const beginning = beginningOf(memory)
  const [milliseconds, count] = partsOf(cursor)
  if (!(Number.isFinite(milliseconds) && Number.isFinite(count))) return true
  if (cursor === beginning) return false
  if (milliseconds < memory.since || compareEpochs(cursor, newest) > 0) return true
  return milliseconds < memory.trusted && !found
}

/** The denylist: one Stream. The id of an entry is its cursor. */
export function redisRevocations(
  access: RedisAccess,
  onWarning: (warning: RedisWarning) => void,
): { readonly store: RevocationStore; replace(): void; close(): void } {
  const { reads, changes, keys, callIdOf } = access
  const key = keys.revocations

  /** The driver sends a command again on the next connection, where another memory may have answered it. */
  async function answered<T>(memory: ServerMemory, answer: Promise<T>): Promise<T> {
    const value = await answer
    if (!reads.isCurrent(memory)) throw new Error('the connection was lost meanwhile')
    return value
  }

  async function page(from: string, limit: number, memory: ServerMemory): Promise<Page> {
    const answer = (await answered(memory, reads.run('since', key, from, limit))) as readonly unknown[]
    const [newest = '', found, now, last = '', text = '[]'] = answer.map(String)
    return { newest: newest === '' ? beginningOf(memory) : newest, found: found === '1', now: Number(now), last, text }
  }

  /** An cursor that Redis would refuse to parse cannot be an id of this store. */
  const readable = (cursor: string): string => (/^\d{1,16}-\d{1,16}$/.test(cursor) ? cursor : '-')

  /** Each part has its own limit of time, so that a long list can be read at all. */
  const part = (cursor: string | undefined, limit: number): Promise<RevocationDelta> =>
    reads.read(async (memory) => {
      const asked = cursor === undefined ? '-' : readable(cursor)
      const first = await page(asked, limit, memory)
      const lost = cursor !== undefined && isLost(cursor, first, memory)
      const next = lost && asked !== '-' ? await page('-', limit, memory) : first
      const { now, newest, last } = next
      const place = { cursor: last || newest, ...(last !== '' && { more: true }), lost, retainedSince: memory.since, now }
      return deltaOf(place, () => recordsOf(next))
    })

  const cursor = (): Promise<string> =>
    reads.read(async (memory) => {
      const [newest] = await answered(memory, reads.client.xrevrange(key, '+', '-', 'COUNT', 1))
      return newest?.[0] ?? beginningOf(memory)
    })
  const revokeAll: RevocationStore['revokeAll'] = async (entries, call) => {
    requireAdditions(entries)
    if (entries.length === 0) return []
    const flat = entries.flatMap(({ entry, ttlMs, reinstated }) => [
      JSON.stringify(storedRevocation.toRecord(entry)),
      ttlMs === undefined ? '' : wholeMs(ttlMs),
      reinstated ? '1' : '0',
    ])
    const [callKey, keepCall] = [keys.ofCall(key, callIdOf(call)), call?.callId === undefined ? '' : callsKeptMs]
    const make: MakeChange<readonly string[]> = async ({ memory: { since: begin }, deadline, run }) =>
      String(await run('revoke', key, callKey, keys.memory, keepCall, deadline, begin, ...flat)).split(' ')
    return changes.change(key, make, { kind: entries.some(({ reinstated }) => reinstated) ? undefined : 'always' })
  }
  const subscribed = revocationSubscription(reads.client, { key, onWarning })

  const store = tieRevokeAll<RevocationStore>({
    async revoke(entry, { ttlMs, reinstated, ...call } = {}) {
      const [cursor = ''] = await revokeAll([{ entry, ttlMs, reinstated }], call)
      return cursor
    },
    revokeAll,
    async page(query) {
      const complete = completeRevocationQuery(query)
      if (complete.after !== undefined && readable(complete.after) === '-') throw wrongAfter('revocations.page')
      return streamPage(access, key, complete, (row) => {
        const entry = storedRevocation.fromRecord(JSON.parse(row.entry) as object)
        if (!fitsRevocationQuery(entry, complete)) return undefined
        return { cursor: row.id, entry, ttlMs: row.ttlMs, ...(row.last === '1' && { reinstated: true }) }
      })
    },
    since: async (cursor, { limit } = {}) =>
      limit === undefined ? wholeDelta(part, cursor, entriesPerRead) : part(cursor, Math.min(requireLimit(limit), entriesPerRead)),
    cursor,
    compare: compareEpochs,
    subscribe: subscribed.subscribe,
  })
  return { store, replace: subscribed.replace, close: subscribed.close }
}
