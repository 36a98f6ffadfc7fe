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
function partsOf(epoch: string): readonly [number, number] {
  const [milliseconds, count] = epoch.split('-', 2)
  return [Number(milliseconds), Number(count)]
}

/** Negative, zero or positive; an epoch of another form is after all. */
function compareEpochs(a: string, b: string): number {
  const [aMs, aCount] = partsOf(a)
  const [bMs, bCount] = partsOf(b)
  return aMs === bMs ? aCount - bCount : aMs - bMs
}

/** Where an empty stream stands: a store that lost its memory stands elsewhere. */
const beginningOf = ({ since }: ServerMemory): string => `${since}-0`

interface Page {
  readonly newest: string
  /** Whether the given epoch is still an entry. */
  readonly found: boolean
  readonly now: number
  /** The id of the last record where others may follow, or ''. */
  readonly last: string
  readonly text: string
}

/** Id, entry, when it ends by the store's clock, and 1 for one that takes an entry back. */
type PageRecord = readonly [epoch: string, stored: object, ends: number | null, undone: 0 | 1]

/** Records of a page that still count. */
function recordsOf({ text, now }: Page): readonly RevocationRecord[] {
  const records: RevocationRecord[] = []
  for (const [epoch, stored, ends, undone] of JSON.parse(text) as readonly PageRecord[]) {
    const keepForMs = ends === null ? undefined : ends - now
    if (keepForMs !== undefined && keepForMs <= 0) continue
    const entry = storedRevocation.fromRecord(stored)
    records.push(undone === 1 ? { epoch, entry, keepForMs, undone: true } : { epoch, entry, keepForMs })
  }
  return records
}

/**
 * Whether a reader at `epoch` was told things that the store does not know: it is ahead of the store, or from before its
 * memory, or from before the present run of the server and not among what came through.
 */
function isLost(epoch: string, { newest, found }: Page, memory: ServerMemory): boolean {
  const beginning = beginningOf(memory)
  const [milliseconds, count] = partsOf(epoch)
  if (!(Number.isFinite(milliseconds) && Number.isFinite(count))) return true
  if (epoch === beginning) return false
  if (milliseconds < memory.since || compareEpochs(epoch, newest) > 0) return true
  return milliseconds < memory.trusted && !found
}

/** The denylist: one Stream. The id of an entry is its epoch. */
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

  /** An epoch that Redis would refuse to parse cannot be an id of this store. */
  const readable = (epoch: string): string => (/^\d{1,16}-\d{1,16}$/.test(epoch) ? epoch : '-')

  /** Each part has its own limit of time, so that a long list can be read at all. */
  const part = (epoch: string | undefined, limit: number): Promise<RevocationDelta> =>
    reads.read(async (memory) => {
      const asked = epoch === undefined ? '-' : readable(epoch)
      const first = await page(asked, limit, memory)
      const lost = epoch !== undefined && isLost(epoch, first, memory)
      const next = lost && asked !== '-' ? await page('-', limit, memory) : first
      const { now, newest, last } = next
      const place = { epoch: last || newest, ...(last !== '' && { more: true }), lost, memorySince: memory.since, now }
      return deltaOf(place, () => recordsOf(next))
    })

  const epoch = (): Promise<string> =>
    reads.read(async (memory) => {
      const [newest] = await answered(memory, reads.client.xrevrange(key, '+', '-', 'COUNT', 1))
      return newest?.[0] ?? beginningOf(memory)
    })
  const revokeAll: RevocationStore['revokeAll'] = async (entries, call) => {
    requireAdditions(entries)
    if (entries.length === 0) return []
    const flat = entries.flatMap(({ entry, keepForMs, undone }) => [
      JSON.stringify(storedRevocation.toRecord(entry)),
      keepForMs === undefined ? '' : wholeMs(keepForMs),
      undone ? '1' : '0',
    ])
    const [callKey, keepCall] = [keys.ofCall(key, callIdOf(call)), call?.callId === undefined ? '' : callsKeptMs]
    const make: MakeChange<readonly string[]> = async ({ memory: { since: begin }, deadline, run }) =>
      String(await run('revoke', key, callKey, keys.memory, keepCall, deadline, begin, ...flat)).split(' ')
    return changes.change(key, make, { kind: entries.some(({ undone }) => undone) ? undefined : 'always' })
  }
  const subscribed = revocationSubscription(reads.client, { key, onWarning })

  const store = tieRevokeAll<RevocationStore>({
    async revoke(entry, { keepForMs, undone, ...call } = {}) {
      const [epoch = ''] = await revokeAll([{ entry, keepForMs, undone }], call)
      return epoch
    },
    revokeAll,
    async page(query) {
      const complete = completeRevocationQuery(query)
      if (complete.after !== undefined && readable(complete.after) === '-') throw wrongAfter('revocations.page')
      return streamPage(access, key, complete, (row) => {
        const entry = storedRevocation.fromRecord(JSON.parse(row.entry) as object)
        if (!fitsRevocationQuery(entry, complete)) return undefined
        return { epoch: row.id, entry, keepForMs: row.keepForMs, ...(row.last === '1' && { undone: true }) }
      })
    },
    since: async (epoch, { limit } = {}) =>
      limit === undefined ? wholeDelta(part, epoch, entriesPerRead) : part(epoch, Math.min(requireLimit(limit), entriesPerRead)),
    epoch,
    compare: compareEpochs,
    subscribe: subscribed.subscribe,
  })
  return { store, replace: subscribed.replace, close: subscribed.close }
}
