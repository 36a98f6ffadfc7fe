import {
  askInTime,
  createElapsed,
  type Elapsed,
  eventChannel,
  type Instant,
  type KeySet,
  type KeySourceEvent,
  Unavailable,
} from '@countersign/core'
import { createKeySet } from '../key-set.js'
import { importJwks } from './jwks-document.js'
import type { RefreshOptions, SourceContext } from './refresh-options.js'

/** A JWK Set as loaded. */
export interface LoadedKeys {
  /** As parsed. */
  readonly document: unknown
  /** What the document is called in messages, for instance its URL. */
  readonly name?: string
  /** Equal for equal documents: then the set in memory, and what was verified with it, stays. */
  readonly fingerprint: string
  readonly freshSeconds: number | undefined
}

/** Loads the JWK Set; called for one load at a time. */
export type LoadKeys = (signal: AbortSignal) => Promise<LoadedKeys>

/** The set in memory and the loads that renew it, one at a time. What to believe of it is decided elsewhere. */
export interface KeyLoading {
  /** Empty before the first load. */
  set(): KeySet
  /** Milliseconds since the load of the set began; infinite before the first. */
  ageMs(): number
  /** For how long the set is fresh. */
  lifeMs(): number
  /** Loads begun, and the number of the last that succeeded: an answer counts for who asked before it began. */
  begun(): number
  answered(): number
  /** Loads that failed since one succeeded. */
  failures(): number
  /** What is left of the pause after a failure. */
  pauseLeftMs(): number
  cause(): unknown
  inFlight(): Promise<void> | undefined
  /** Joins the load in flight or begins one. Never rejects. */
  refresh(): Promise<void>
  unavailable(): Unavailable
  readonly elapsed: Elapsed
  close(): void
}

type LoadEvent = Omit<KeySourceEvent, 'via' | 'durationMs'>

const events = eventChannel('countersign:key-source')
const nothing = createKeySet([])
/** Where a document says nothing of its life. */
const defaultFreshSeconds = 300
const [firstPauseMs, longestPauseMs] = [1000, 60_000]

/** @param changed - called when the set was replaced */
export function createKeyLoading(load: LoadKeys, times: Required<RefreshOptions>, context: SourceContext, changed: () => void): KeyLoading {
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
    begun: 0,
    answered: 0,
  }

  function accept(loaded: LoadedKeys, startedAt: Instant): LoadEvent {
    const isNew = loaded.fingerprint !== state.fingerprint
    // A bad document throws here, and the old set stays.
    const imported = isNew ? importJwks(loaded.document, times.maxKeys, loaded.name) : undefined
    if (imported) {
      Object.assign(state, { set: imported.set, fingerprint: loaded.fingerprint })
      changed()
    }
    const freshSeconds = Math.max(loaded.freshSeconds ?? defaultFreshSeconds, times.minCacheSeconds)
    const lifeMs = Math.min(freshSeconds, times.maxCacheSeconds) * 1000
    Object.assign(state, { loadedAt: startedAt, lifeMs, failures: 0, cause: undefined })
    const dropped = imported && Object.keys(imported.dropped).length > 0 ? { dropped: imported.dropped } : {}
    return { outcome: isNew ? 'loaded' : 'unchanged', keys: state.set.keys.length, ...dropped }
  }

  function reject(cause: unknown): LoadEvent {
    const failures = state.failures + 1
    // Jittered, doubling from about 1 s to 60 s, so that a fleet does not come back in one wave.
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 6)) * (0.75 + context.random() / 4)
    Object.assign(state, { failures, cause, pauseMs, failedAt: elapsed.read() })
    return { outcome: 'failed', keys: state.set.keys.length, cause }
  }

  async function loadOnce(number: number): Promise<void> {
    const startedAt = elapsed.read()
    const ask = async (signal: AbortSignal): Promise<LoadedKeys & { readonly askedAt: Instant }> => {
      const askedAt = elapsed.read()
      return { ...(await load(signal)), askedAt }
    }
    let event: LoadEvent
    try {
      const loaded = await askInTime(ask, { milliseconds: times.timeoutSeconds * 1000, isRepeatable: true, closing: closing.signal })
      event = accept(loaded, loaded.askedAt)
      state.answered = number
    } catch (cause) {
      event = reject(cause)
    }
    state.inFlight = undefined
    if (events.hasSubscribers) events.publish({ via: context.via, durationMs: elapsed.msSince(startedAt), ...event })
  }

  const pauseLeftMs = (): number => (state.failedAt && state.failures > 0 ? state.pauseMs - elapsed.msSince(state.failedAt) : 0)

  return {
    set: () => state.set,
    ageMs: () => (state.loadedAt ? elapsed.msSince(state.loadedAt) : Number.POSITIVE_INFINITY),
    lifeMs: () => state.lifeMs,
    begun: () => state.begun,
    answered: () => state.answered,
    failures: () => state.failures,
    pauseLeftMs,
    cause: () => state.cause,
    inFlight: () => state.inFlight,
    refresh() {
      if (state.inFlight === undefined) {
        state.begun += 1
        state.inFlight = loadOnce(state.begun)
      }
      return state.inFlight
    },
    unavailable: () => new Unavailable('key_source_unavailable', { retryAfterSeconds: pauseLeftMs() / 1000, cause: state.cause }),
    elapsed,
    close() {
      closing.abort(new Error('the key source was closed'))
    },
  }
}
