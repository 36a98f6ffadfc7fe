import {
  askInTime,
  createElapsed,
  createRefreshedCopy,
  eventChannel,
  type Instant,
  type KeyAnswer,
  type KeyQuery,
  type KeySet,
  type KeySource,
  type LoadOutcome,
  type RefreshedCopy,
  type TakenValue,
  Unavailable,
  whenKnown,
} from '@countersign/core'
import { answerFrom, createKeySet, selectKey } from '../key-set.js'
import { createDoubts } from './doubts.js'
import { type DroppedKeys, importJwks } from './jwks-document.js'
import type { RefreshOptions, SourceContext } from './refresh-options.js'
import { askAgainSeconds, createUnknownKidLimits, type UnknownKidLimits, type WaitingPlace } from './unknown-kid-limits.js'

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

type NamedQuery = KeyQuery & { readonly kid: string }
type KeyCopy = RefreshedCopy<KeySet>
type Loaded = LoadedKeys & { readonly askedAt: Instant }

const events = eventChannel('countersign:key-source')
const nothing = createKeySet([])
const setOf = (copy: KeyCopy): KeySet => copy.latest() ?? nothing
/** Where a document says nothing of its life. */
const defaultFreshSeconds = 300
const [firstPauseMs, longestPauseMs] = [1000, 60_000]

/**
 * The copy of the JWK Set, and what is told of its loads.
 *
 * @param changed - called when the set was replaced
 */
function createKeyCopy(load: LoadKeys, times: Required<RefreshOptions>, context: SourceContext, changed: () => void) {
  const elapsed = createElapsed(context.now)
  const closing = new AbortController()
  const state = {
    set: nothing,
    fingerprint: undefined as string | undefined,
    /** Of the last load. */
    startedAt: elapsed.read(),
    isNew: false,
    dropped: {} as DroppedKeys,
  }

  function loadInTime(): Promise<Loaded> {
    state.startedAt = elapsed.read()
    const ask = async (signal: AbortSignal): Promise<Loaded> => {
      const askedAt = elapsed.read()
      return { ...(await load(signal)), askedAt }
    }
    return askInTime(ask, { milliseconds: times.timeoutSeconds * 1000, isRepeatable: true, closing: closing.signal })
  }

  function take({ document, name, fingerprint, freshSeconds = defaultFreshSeconds, askedAt }: Loaded): TakenValue<KeySet> {
    const isNew = fingerprint !== state.fingerprint
    const { set, dropped } = isNew ? importJwks(document, times.maxKeys, name) : { set: state.set, dropped: {} }
    Object.assign(state, { set, fingerprint, isNew, dropped })
    if (isNew) changed()
    const lifetimeSeconds = Math.min(Math.max(freshSeconds, times.minCacheSeconds), times.maxCacheSeconds)
    return { value: set, askedAt, lifeMs: lifetimeSeconds * 1000 }
  }

  function publish(load: LoadOutcome<Loaded>): void {
    if (!events.hasSubscribers) return
    const { set, isNew, dropped } = state
    const told = { via: context.via, durationMs: elapsed.msSince(state.startedAt), keys: set.keys.length }
    if (!load.ok) events.publish({ ...told, outcome: 'failed', cause: load.cause })
    else events.publish({ ...told, outcome: isNew ? 'loaded' : 'unchanged', ...(Object.keys(dropped).length > 0 && { dropped }) })
  }

  const copy: KeyCopy = createRefreshedCopy({
    load: loadInTime,
    take,
    onLoad: publish,
    longestLoadMs: times.timeoutSeconds * 1000,
    longestAgeMs: (lifeMs) => lifeMs + times.staleIfErrorSeconds * 1000,
    // Jittered, doubling from about 1 s to 60 s, so that a fleet does not come back in one wave.
    pauseMs: (failures) => Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 6)) * (0.75 + context.random() / 4),
    unavailable: ({ cause, pauseLeftMs }) => new Unavailable('key_source_unavailable', { retryAfterSeconds: pauseLeftMs / 1000, cause }),
    now: context.now,
  })
  return { copy, elapsed, close: () => closing.abort(new Error('the key source was closed')) }
}

/** What a request with an unknown kid does next: wait for a load, or undefined when its time is up. */
function nextLoad(copy: KeyCopy, place: WaitingPlace): Promise<void> | undefined {
  const inFlight = copy.underWay()
  if (inFlight !== undefined) return inFlight
  if (copy.pauseLeftMs() > 0) throw copy.unavailable()
  const turn = place.turn()
  return turn === 'load' ? copy.refresh() : turn
}

/** Nobody looked for the kid. "No such key" would make a client throw away a good token. */
function notLookedFor(copy: KeyCopy): Unavailable {
  if (copy.failures() > 0) return copy.unavailable()
  const cause = new Error('too many tokens with unknown kids are waiting for the keys of this issuer')
  return new Unavailable('key_source_unavailable', { retryAfterSeconds: askAgainSeconds, cause })
}

/** Waits for a load that began after `asked`, as the limits on loads for unknown kids permit. */
async function renewed(copy: KeyCopy, unknownKids: UnknownKidLimits, query: NamedQuery, asked: number): Promise<KeyAnswer> {
  const none = (): KeyAnswer => ({ key: undefined, set: setOf(copy) })
  const place = unknownKids.enter(query.kid)
  if (place === 'full') throw notLookedFor(copy)
  if (place === 'missing') {
    if (copy.failures() > 0) throw copy.unavailable()
    return none()
  }
  try {
    while (copy.answered() <= asked) {
      const failures = copy.failures()
      const load = nextLoad(copy, place)
      if (load === undefined) throw notLookedFor(copy)
      await load
      if (copy.failures() > failures) throw copy.unavailable()
      const key = selectKey(setOf(copy), query)
      if (key) return { key, set: setOf(copy) }
    }
    unknownKids.remember(query.kid)
    return none()
  } finally {
    place.leave()
  }
}

/**
 * Keys of a remote issuer: one load in flight, refreshed ahead of time, believed for a while when the source is down.
 * It sets no timers while nobody asks; age is judged when a request asks.
 */
export function createRefreshingKeys(load: LoadKeys, times: Required<RefreshOptions>, context: SourceContext): KeySource {
  const { copy, elapsed, close } = createKeyCopy(load, times, context, () => unknownKids.clear())
  const unknownKids = createUnknownKidLimits(elapsed)
  const doubt = createDoubts(copy, elapsed, times)
  return {
    find(query) {
      const asked = copy.begun()
      return whenKnown(copy.current(), (set) => {
        const answer = answerFrom(set, query)
        const { kid } = query
        if (answer.key || answer.candidates) return answer
        if (kid === undefined || set.keys.some((known) => known.kid === kid)) {
          doubt(set)
          return answer
        }
        return renewed(copy, unknownKids, { ...query, kid }, asked)
      })
    },
    isCurrent: (set) => whenKnown(copy.current(), (current) => current === set),
    doubt,
    known: copy.current,
    async ready() {
      try {
        await copy.current()
      } catch (outage) {
        throw copy.cause() ?? outage
      }
    },
    close,
  }
}
