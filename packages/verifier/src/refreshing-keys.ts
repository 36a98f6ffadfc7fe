import {
  eventChannel,
  type KeyAnswer,
  type KeyQuery,
  type KeySet,
  type KeySource,
  type KeySourceEvent,
  Unavailable,
} from '@countersign/core'
import { createKeySet, selectKey } from '@countersign/jwt'
import { createElapsed, type Instant } from './elapsed.js'
import { withDeadline } from './fetch-document.js'
import type { SourceContext } from './issuer-entry.js'
import { importJwks } from './jwks-document.js'
import { whenKnown } from './maybe-async.js'
import { createUnknownKids } from './unknown-kids.js'

/** How long keys of a remote issuer are believed. */
export interface RefreshOptions {
  /** Shortest life of a set, whatever the issuer says. It is refreshed after 80 % of its life. @defaultValue 60 */
  readonly minCacheSeconds?: number
  /** Longest life of a set: a withdrawn key is refused within it. @defaultValue 600 */
  readonly maxCacheSeconds?: number
  /** How long known keys are believed after their time while the source is down; 0 is strict. @defaultValue 900 */
  readonly staleIfErrorSeconds?: number
  /** For one whole answer of the source. @defaultValue 5 */
  readonly timeoutSeconds?: number
}

/** A JWK Set as loaded. */
export interface LoadedKeys {
  /** As parsed. */
  readonly document: unknown
  /** Equal for equal documents: then the set in memory, and what was verified with it, stays. */
  readonly fingerprint: string
  readonly freshSeconds: number | undefined
}

/** Loads the JWK Set; called for one load at a time. */
export type LoadKeys = (signal: AbortSignal) => Promise<LoadedKeys>

type LoadEvent = Omit<KeySourceEvent, 'via' | 'durationMs'>

const events = eventChannel('countersign:key-source')

/**
 * Checks refresh options and fills in the defaults.
 *
 * @throws TypeError if one is out of range
 */
export function refreshTimes(preset: string, options: RefreshOptions): Required<RefreshOptions> {
  const times = {
    minCacheSeconds: options.minCacheSeconds ?? 60,
    maxCacheSeconds: options.maxCacheSeconds ?? 600,
    staleIfErrorSeconds: options.staleIfErrorSeconds ?? 900,
    timeoutSeconds: options.timeoutSeconds ?? 5,
  }
  for (const [name, value] of Object.entries(times)) {
    const least = name === 'staleIfErrorSeconds' ? 0 : 0.001
    if (!(Number.isFinite(value) && value >= least)) throw new TypeError(`${preset}: ${name} is a number of seconds, at least ${least}`)
  }
  // A timer of more than 24 days would fire at once.
  if (times.timeoutSeconds > 3600) throw new TypeError(`${preset}: timeoutSeconds is more than an hour`)
  if (times.minCacheSeconds > times.maxCacheSeconds) throw new TypeError(`${preset}: minCacheSeconds is more than maxCacheSeconds`)
  return times
}

const nothing = createKeySet([])
/** Where a document says nothing of its life. */
const defaultFreshSeconds = 300

/**
 * Keys of a remote issuer: one load in flight, refreshed ahead of time, believed for a while when the source is down.
 * It sets no timers while nobody asks; age is judged when a request asks.
 */
export function createRefreshingKeys(load: LoadKeys, times: Required<RefreshOptions>, context: SourceContext): KeySource {
  const elapsed = createElapsed(context.now)
  const closing = new AbortController()
  const state = {
    set: nothing,
    loadedAt: undefined as Instant | undefined,
    lifeMs: 0,
    failedAt: undefined as Instant | undefined,
    failures: 0,
    pauseMs: 0,
    cause: undefined as unknown,
    fingerprint: undefined as string | undefined,
    inFlight: undefined as Promise<void> | undefined,
    /** Loads begun, and the number of the last that succeeded: an answer counts for who asked before it began. */
    begun: 0,
    answered: 0,
  }
  const unknownKids = createUnknownKids(elapsed)

  function accept(loaded: LoadedKeys, startedAt: Instant): LoadEvent {
    const changed = loaded.fingerprint !== state.fingerprint
    // A bad document throws here, and the old set stays.
    const imported = changed ? importJwks(loaded.document) : undefined
    if (imported) {
      Object.assign(state, { set: imported.set, fingerprint: loaded.fingerprint })
      unknownKids.clear()
    }
    const freshSeconds = Math.max(loaded.freshSeconds ?? defaultFreshSeconds, times.minCacheSeconds)
    const lifeMs = Math.min(freshSeconds, times.maxCacheSeconds) * 1000
    Object.assign(state, { loadedAt: startedAt, lifeMs, failures: 0, cause: undefined })
    const dropped = imported && Object.keys(imported.dropped).length > 0 ? { dropped: imported.dropped } : {}
    return { outcome: changed ? 'loaded' : 'unchanged', keys: state.set.keys.length, ...dropped }
  }

  function reject(cause: unknown): LoadEvent {
    state.failures += 1
    state.cause = cause
    state.failedAt = elapsed.read()
    // Jittered, doubling from about 1 s to 60 s, so that a fleet does not come back in one wave.
    state.pauseMs = Math.min(60_000, 1000 * 2 ** Math.min(state.failures - 1, 6)) * (0.75 + Math.random() / 4)
    return { outcome: 'failed', keys: state.set.keys.length, cause }
  }

  async function loadOnce(number: number): Promise<void> {
    const startedAt = elapsed.read()
    let event: LoadEvent
    try {
      const loaded = await withDeadline(times.timeoutSeconds * 1000, closing.signal, load)
      event = accept(loaded, startedAt)
      state.answered = number
    } catch (cause) {
      event = reject(cause)
    }
    state.inFlight = undefined
    if (events.hasSubscribers) events.publish({ via: context.via, durationMs: elapsed.msSince(startedAt), ...event })
  }

  /** One load at a time; never rejects: what came of it is in `state`. */
  function refresh(): Promise<void> {
    if (state.inFlight === undefined) {
      state.begun += 1
      state.inFlight = loadOnce(state.begun)
    }
    return state.inFlight
  }

  const ageMs = (): number => (state.loadedAt ? elapsed.msSince(state.loadedAt) : Number.POSITIVE_INFINITY)
  const mayBeStale = (age: number): boolean => age < state.lifeMs + times.staleIfErrorSeconds * 1000
  const pauseLeftMs = (): number => (state.failedAt && state.failures > 0 ? state.pauseMs - elapsed.msSince(state.failedAt) : 0)

  function unavailable(): Unavailable {
    return new Unavailable('key_source_unavailable', { retryAfterSeconds: pauseLeftMs() / 1000, cause: state.cause })
  }

  /** After a load, or while none may begin. A set may be as much older than its life as its answer was allowed to take. */
  function believed(): KeySet {
    const age = ageMs()
    if (state.failures > 0 ? mayBeStale(age) : age < state.lifeMs + times.timeoutSeconds * 1000) return state.set
    throw unavailable()
  }

  /** The set that may be believed now. Waits only for a first load or one that is overdue. */
  function usable(): KeySet | Promise<KeySet> {
    const age = ageMs()
    if (age < state.lifeMs) {
      if (age >= state.lifeMs * 0.8 && pauseLeftMs() <= 0) void refresh()
      return state.set
    }
    if (state.inFlight === undefined && pauseLeftMs() > 0) return believed()
    const loading = refresh()
    // The source failed lately: known keys need not wait for it to fail again.
    return state.failures > 0 && mayBeStale(age) ? state.set : loading.then(believed)
  }

  /** Waits for a load that began after `asked`, as the limits on loads for unknown kids permit. */
  async function renewed(query: KeyQuery & { kid: string }, asked: number): Promise<KeyAnswer> {
    const none = (): KeyAnswer => ({ key: undefined, set: state.set })
    function turnedAway(): KeyAnswer {
      if (state.failures > 0) throw unavailable()
      return none()
    }
    const place = unknownKids.enter(query.kid)
    if (place === undefined) return turnedAway()
    try {
      while (state.answered <= asked) {
        const failures = state.failures
        if (state.inFlight !== undefined) await state.inFlight
        else if (pauseLeftMs() > 0) throw unavailable()
        else {
          const turn = place.turn()
          if (turn === undefined) return turnedAway()
          await (turn === 'load' ? refresh() : turn)
        }
        if (state.failures > failures) throw unavailable()
        const key = selectKey(state.set, query)
        if (key) return { key, set: state.set }
      }
      unknownKids.remember(query.kid)
      return none()
    } finally {
      place.leave()
    }
  }

  return {
    find(query) {
      const asked = state.begun
      return whenKnown(usable(), (set) => {
        const key = selectKey(set, query)
        const { kid } = query
        if (key || kid === undefined || set.keys.some((known) => known.kid === kid)) return { key, set }
        return renewed({ ...query, kid }, asked)
      })
    },
    isCurrent: (set) => whenKnown(usable(), (current) => current === set),
    async ready() {
      try {
        await usable()
      } catch (outage) {
        throw state.cause ?? outage
      }
    },
    close() {
      closing.abort(new Error('the key source was closed'))
    },
  }
}
