import { type KeyAnswer, type KeyQuery, type KeySet, type KeySource, Unavailable, whenKnown } from '@countersign/core'
import { answerFrom, selectKey } from '../key-set.js'
import { createDoubts } from './doubts.js'
import { createKeyLoading, type KeyLoading, type LoadKeys } from './key-loading.js'
import type { RefreshOptions, SourceContext } from './refresh-options.js'
import { askAgainSeconds, createUnknownKids, type UnknownKids, type WaitingPlace } from './unknown-kids.js'

/** A set is refreshed after this part of its life. */
const refreshAfter = 0.8

type NamedQuery = KeyQuery & { readonly kid: string }

/** Which set may be believed at a moment. */
interface Belief {
  /** Waits only for a first load or one that is overdue. */
  usable(): KeySet | Promise<KeySet>
}

function createBelief(loading: KeyLoading, times: Required<RefreshOptions>): Belief {
  const longestMs = (): number => loading.lifeMs() + times.timeoutSeconds * 1000
  const mayBeStale = (age: number): boolean => age < loading.lifeMs() + times.staleIfErrorSeconds * 1000

  /** After a load, or while none may begin. A set may be as much older than its life as its answer was allowed to take. */
  function believed(): KeySet {
    const age = loading.ageMs()
    const isBelieved = loading.failures() > 0 ? mayBeStale(age) : age < longestMs()
    if (!isBelieved) throw loading.unavailable()
    return loading.set()
  }

  async function loaded(load: Promise<void>): Promise<KeySet> {
    await load
    // The process stood still while the answer was on its way: it is too old already, and the issuer was never down.
    if (loading.failures() === 0 && loading.ageMs() >= longestMs()) await loading.refresh()
    return believed()
  }

  return {
    usable() {
      const age = loading.ageMs()
      const lifeMs = loading.lifeMs()
      if (age < lifeMs) {
        if (age >= lifeMs * refreshAfter && loading.pauseLeftMs() <= 0) void loading.refresh()
        return loading.set()
      }
      if (loading.inFlight() === undefined && loading.pauseLeftMs() > 0) return believed()
      const load = loading.refresh()
      // The source failed lately: known keys need not wait for it to fail again.
      return loading.failures() > 0 && mayBeStale(age) ? loading.set() : loaded(load)
    },
  }
}

/** What a request with an unknown kid does next: wait for a load, or undefined when its time is up. */
function nextLoad(loading: KeyLoading, place: WaitingPlace): Promise<void> | undefined {
  const inFlight = loading.inFlight()
  if (inFlight !== undefined) return inFlight
  if (loading.pauseLeftMs() > 0) throw loading.unavailable()
  const turn = place.turn()
  return turn === 'load' ? loading.refresh() : turn
}

/** Nobody looked for the kid. "No such key" would make a client throw away a good token. */
function notLookedFor(loading: KeyLoading): Unavailable {
  if (loading.failures() > 0) return loading.unavailable()
  const cause = new Error('too many tokens with unknown kids are waiting for the keys of this issuer')
  return new Unavailable('key_source_unavailable', { retryAfterSeconds: askAgainSeconds, cause })
}

/** Waits for a load that began after `asked`, as the limits on loads for unknown kids permit. */
async function renewed(loading: KeyLoading, unknownKids: UnknownKids, query: NamedQuery, asked: number): Promise<KeyAnswer> {
  const none = (): KeyAnswer => ({ key: undefined, set: loading.set() })
  const place = unknownKids.enter(query.kid)
  if (place === 'full') throw notLookedFor(loading)
  if (place === 'missing') {
    if (loading.failures() > 0) throw loading.unavailable()
    return none()
  }
  try {
    while (loading.answered() <= asked) {
      const failures = loading.failures()
      const load = nextLoad(loading, place)
      if (load === undefined) throw notLookedFor(loading)
      await load
      if (loading.failures() > failures) throw loading.unavailable()
      const key = selectKey(loading.set(), query)
      if (key) return { key, set: loading.set() }
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
  const loading = createKeyLoading(load, times, context, () => unknownKids.clear())
  const unknownKids = createUnknownKids(loading.elapsed)
  const { usable } = createBelief(loading, times)
  const doubt = createDoubts(loading, times)
  return {
    find(query) {
      const asked = loading.begun()
      return whenKnown(usable(), (set) => {
        const answer = answerFrom(set, query)
        const { kid } = query
        if (answer.key || answer.candidates) return answer
        if (kid === undefined || set.keys.some((known) => known.kid === kid)) {
          doubt(set)
          return answer
        }
        return renewed(loading, unknownKids, { ...query, kid }, asked)
      })
    },
    isCurrent: (set) => whenKnown(usable(), (current) => current === set),
    doubt,
    known: usable,
    async ready() {
      try {
        await usable()
      } catch (outage) {
        throw loading.cause() ?? outage
      }
    },
    close: loading.close,
  }
}
