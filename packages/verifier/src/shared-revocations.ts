import {
  eventChannel,
  isUnavailable,
  type Lifecycle,
  type Now,
  type RevocationEntry,
  type RevocationQuery,
  type RevocationReason,
  type RevocationStore,
  type RevocationView,
  Unavailable,
} from '@countersign/core'
import { checkEntry } from './denylist.js'
import { createKnownRevocations, type KnownEntry, keepForMs } from './known-revocations.js'

/** What happens to a token when the view is older than it may be and the store is out of reach: 503, or a pass with an alarm event. */
export type OnStale = 'refuse' | 'allow' | { readonly allowTokenLifeUnderSeconds: number }

/** Options of {@link createSharedRevocations}. */
export interface SharedRevocationsOptions {
  readonly store: RevocationStore
  /** How old the view may grow before `onStale` decides. 5 to 60 are sensible. */
  readonly maxStalenessSeconds: number
  /** The choice between availability and safety in an outage of the store. */
  readonly onStale: OnStale
  /** Other choices for single issuers, by the name of their entry. */
  readonly issuers?: Readonly<Record<string, OnStale>>
  /** `strong` asks the store on every request, and refuses with 503 while it is out of reach. @defaultValue `'eventual'` */
  readonly consistency?: 'eventual' | 'strong'
  /**
   * What happens to tokens issued before the store's memory begins, which may have been revoked then. `allow` is for a store that is new
   * beside tokens that are not. @defaultValue `'refuse'`
   */
  readonly onUnknownPast?: 'refuse' | 'allow'
  /** How often the store is asked. @defaultValue 1 */
  readonly pollSeconds?: number
  /** Longest life of a token; how long a subject's revocation is kept. @defaultValue 2592000 (30 days) */
  readonly maxTokenLifeSeconds?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  /** A number from 0 to 1 that spreads the reads of a fleet. @defaultValue `Math.random` */
  readonly random?: () => number
}

/** A denylist that every process shares. Reading needs read access only. */
export interface SharedRevocations extends RevocationView, Lifecycle {
  /** Announces an entry to all processes; resolves when the store has it. Idempotent. */
  revoke(entry: RevocationEntry): Promise<void>
  /** Takes an entry back. Rejects with TypeError for keys: they stay revoked for ever. */
  unrevoke(entry: RevocationEntry): Promise<void>
}

const events = eventChannel('countersign:revocation')
/** For how long a failed read is not tried again by requests, and how far a push spreads. */
const [retryMs, pushSpreadMs] = [500, 150]

function checkedStale(name: string, choice: OnStale): void {
  const seconds = typeof choice === 'object' ? choice?.allowTokenLifeUnderSeconds : 1
  if (!(choice === 'refuse' || choice === 'allow' || (typeof choice === 'object' && Number.isFinite(seconds) && seconds > 0))) {
    throw new TypeError(`createSharedRevocations: ${name} is 'refuse', 'allow' or { allowTokenLifeUnderSeconds }`)
  }
}

function checked(options: SharedRevocationsOptions): void {
  if (typeof options?.store?.since !== 'function') throw new TypeError('createSharedRevocations: store is required')
  const { maxStalenessSeconds, pollSeconds = 1 } = options
  if (!(Number.isFinite(maxStalenessSeconds) && maxStalenessSeconds > 0))
    throw new TypeError('createSharedRevocations: maxStalenessSeconds is a positive number')
  if (!(Number.isFinite(pollSeconds) && pollSeconds > 0 && pollSeconds < maxStalenessSeconds)) {
    throw new TypeError('createSharedRevocations: pollSeconds is positive and less than maxStalenessSeconds')
  }
  checkedStale('onStale', options.onStale)
  for (const [name, choice] of Object.entries(options.issuers ?? {})) checkedStale(`issuers.${name}`, choice)
}

/**
 * A view of a shared denylist: pushed where the store can, polled always, complete again after a loss.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createSharedRevocations(options: SharedRevocationsOptions): SharedRevocations {
  checked(options)
  const { store, maxStalenessSeconds, pollSeconds = 1, maxTokenLifeSeconds = 30 * 86_400 } = options
  const now = options.now ?? Date.now
  const random = options.random ?? Math.random
  const strong = options.consistency === 'strong'
  const known = createKnownRevocations(now)
  const state = {
    epoch: undefined as string | undefined,
    /** Of the store's memory, epoch seconds: the first that was seen, and the latest. */
    firstMemory: undefined as number | undefined,
    lastMemory: 0,
    /** When the last successful reading began. */
    readAt: Number.NEGATIVE_INFINITY,
    failedAt: Number.NEGATIVE_INFINITY,
    cause: undefined as unknown,
    reading: undefined as Promise<boolean> | undefined,
    stale: false,
    closed: false,
  }

  async function restore(lost: readonly KnownEntry[]): Promise<void> {
    events.publish({ outcome: 'lost' })
    for (const { entry, keepForMs: keep } of lost) await store.revoke(entry, { keepForMs: keep })
  }

  async function readDelta(): Promise<void> {
    const delta = await store.since(state.epoch)
    // Before the delta is applied: what this process knows and the store does not.
    const missing = delta.lost ? known.missingFrom(delta.records.map(({ entry }) => entry)) : []
    for (const record of delta.records) known.apply(record)
    const memory = delta.memorySince / 1000
    state.firstMemory ??= memory
    Object.assign(state, { epoch: delta.epoch, lastMemory: memory })
    known.sweep()
    if (delta.lost) await restore(missing)
  }

  /** One reading at a time; true if the view is now what the store was when it began. Never rejects. */
  function read(): Promise<boolean> {
    state.reading ??= (async () => {
      const startedAt = now()
      try {
        const unchanged = state.epoch !== undefined && (await store.epoch()) === state.epoch
        if (!unchanged) await readDelta()
        if (state.stale) events.publish({ outcome: 'recovered' })
        Object.assign(state, { readAt: startedAt, failedAt: Number.NEGATIVE_INFINITY, cause: undefined, stale: false })
        return true
      } catch (cause) {
        Object.assign(state, { failedAt: now(), cause })
        return false
      } finally {
        state.reading = undefined
      }
    })()
    return state.reading
  }

  function unavailable(): Unavailable {
    return new Unavailable('revocation_unavailable', { retryAfterSeconds: pollSeconds, cause: state.cause })
  }

  function judge(query: RevocationQuery): RevocationReason | undefined {
    const reason = known.check(query)
    if (reason) return reason
    const since = strong ? state.lastMemory : (state.firstMemory ?? Number.POSITIVE_INFINITY)
    if (options.onUnknownPast === 'allow') return undefined
    return query.issuedAt !== undefined && query.issuedAt >= Math.floor(since) ? undefined : 'unprovable'
  }

  /** What may be said without the store. What is known to be revoked is refused in any case. */
  function judgeStale(query: RevocationQuery): RevocationReason | undefined {
    const reason = known.check(query)
    if (reason) return reason
    if (!state.stale) events.publish({ outcome: 'stale' })
    state.stale = true
    const choice = options.issuers?.[query.via ?? ''] ?? options.onStale
    if (strong || choice === 'refuse') throw unavailable()
    if (choice === 'allow') return undefined
    const { issuedAt, expiresAt } = query
    if (issuedAt !== undefined && expiresAt !== undefined && expiresAt - issuedAt < choice.allowTokenLifeUnderSeconds) return undefined
    throw unavailable()
  }

  const isFresh = (): boolean => {
    const age = now() - state.readAt
    return age >= 0 && age <= maxStalenessSeconds * 1000
  }

  const timers = new Set<NodeJS.Timeout>()
  function later(ms: number, work: () => void): void {
    if (state.closed) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timer.unref()
    timers.add(timer)
  }

  function poll(): void {
    later(pollSeconds * 1000 * (0.9 + random() * 0.1), () => void read().then(poll))
  }

  // A reading that is under way may have begun before what was pushed.
  const unsubscribe = store.subscribe(() => later(random() * pushSpreadMs, () => void (state.reading ?? Promise.resolve()).then(read)))
  const first = read()
  void first.then(poll)

  async function announce(entry: RevocationEntry, undone: boolean): Promise<void> {
    checkEntry(entry, undone)
    const keep = keepForMs(entry, maxTokenLifeSeconds, now())
    try {
      await store.revoke(entry, { keepForMs: keep, ...(undone && { undone }) })
    } catch (cause) {
      throw isUnavailable(cause) ? cause : new Unavailable('revocation_unavailable', { cause })
    }
    known.apply({ entry, keepForMs: keep, undone })
  }

  async function close(): Promise<void> {
    state.closed = true
    unsubscribe()
    for (const timer of timers) clearTimeout(timer)
    timers.clear()
  }

  return {
    check(query) {
      if (strong) {
        const reason = known.check(query)
        return (
          reason ?? (state.reading ?? Promise.resolve(true)).then(() => read()).then((fresh) => (fresh ? judge(query) : judgeStale(query)))
        )
      }
      if (isFresh()) return judge(query)
      // Age is judged here, on the request: a process that was frozen had no timers.
      if (now() - state.failedAt < retryMs) return judgeStale(query)
      return read().then((fresh) => (fresh ? judge(query) : judgeStale(query)))
    },
    revoke: (entry) => announce(entry, false),
    unrevoke: (entry) => announce(entry, true),
    async ready() {
      await first
      return state.cause === undefined
        ? { ok: true, parts: { revocations: { ok: true } } }
        : { ok: false, parts: { revocations: { ok: false, cause: state.cause } } }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
