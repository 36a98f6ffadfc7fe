import { asUnavailable, createElapsed, longAgo, type Now, startRequestTimer, Unavailable } from '@countersign/core'
import type { Ring } from '../ring.js'
import type { OwnKey } from './signing-key.js'

/** What {@link createOwnRing} needs. */
export interface OwnRingOptions {
  /** Reads the store; rejects with `Unavailable`. */
  readonly read: () => Promise<Ring<OwnKey>>
  /** How old the ring in memory may grow before it is read again. */
  readonly refreshSeconds: number
  /** How old it may grow while the store is out of reach. */
  readonly staleIfErrorSeconds: number
  readonly now: Now
  /** Told of every ring that was read. */
  readonly onRead?: (ring: Ring<OwnKey>) => void
}

/** The issuer's ring in memory. */
export interface OwnRing {
  /** What may be believed now; at once where it is at hand. Throws or rejects with `Unavailable`. */
  current(): Ring<OwnKey> | Promise<Ring<OwnKey>>
  /** As the store has it now. Rejects with `Unavailable`. */
  fresh(): Promise<Ring<OwnKey>>
  /** For somebody who misses a key: a reading that begins after this call, of which there is one per second. Undefined: too many wait. */
  renewed(): Promise<Ring<OwnKey>> | undefined
  /** Takes the ring after a change of this process. */
  accept(ring: Ring<OwnKey>): void
}

const renewEveryMs = 1000
/** A store that failed is left alone for so long. */
const pauseMs = 1000
const maxWaiting = 1000

/** A reader of the ring: refreshed ahead of time, believed for a while when the store is down. It has no timers while nobody asks. */
export function createOwnRing({ read, refreshSeconds, staleIfErrorSeconds, now, onRead }: OwnRingOptions): OwnRing {
  const tombstones = new Map<string, OwnKey>()
  const state = {
    ring: undefined as Ring<OwnKey> | undefined,
    readAt: longAgo,
    startedAt: Number.NEGATIVE_INFINITY,
    failedAt: Number.NEGATIVE_INFINITY,
    outage: undefined as Unavailable | undefined,
    reading: undefined as Promise<void> | undefined,
    renewal: undefined as Promise<Ring<OwnKey>> | undefined,
    changes: 0,
    waiting: 0,
  }

  const elapsed = createElapsed(now)
  const ageMs = (): number => elapsed.msSince(state.readAt)
  const isPaused = (): boolean => performance.now() - state.failedAt < pauseMs
  const mayBeStale = (): boolean => ageMs() < staleIfErrorSeconds * 1000

  /** A key that was once seen revoked stays so, also when the store has lost that. */
  function buried({ keys, revision }: Ring<OwnKey>): Ring<OwnKey> {
    for (const key of keys) if (key.revokedAt !== undefined) tombstones.set(key.kid, key)
    return { keys: keys.map((key) => tombstones.get(key.kid) ?? key), revision }
  }

  function take(ring: Ring<OwnKey>, readAt: typeof state.readAt): void {
    Object.assign(state, { ring: buried(ring), readAt, outage: undefined, failedAt: Number.NEGATIVE_INFINITY })
  }

  async function readOnce(): Promise<void> {
    const begun = { wall: now(), steady: performance.now() }
    const { changes } = state
    state.startedAt = begun.steady
    try {
      const ring = await read()
      // A reading that began before a change of ours may have missed it.
      const isOvertaken = state.changes !== changes && ring.revision < (state.ring?.revision ?? 0)
      take(isOvertaken && state.ring ? state.ring : ring, begun)
      onRead?.(ring)
    } catch (cause) {
      Object.assign(state, { outage: asUnavailable(cause), failedAt: performance.now() })
    } finally {
      state.reading = undefined
    }
  }

  function readNow(): Promise<void> {
    state.reading ??= readOnce()
    return state.reading
  }

  async function readAnew(): Promise<Ring<OwnKey>> {
    // One that is under way may have begun too early.
    await state.reading
    await readNow()
    return answered()
  }

  /** What the last reading brought. */
  function answered(): Ring<OwnKey> {
    if (state.outage === undefined && state.ring !== undefined) return state.ring
    throw state.outage ?? new Unavailable('store_unavailable')
  }

  function believed(): Ring<OwnKey> {
    return state.ring && state.outage !== undefined && mayBeStale() ? state.ring : answered()
  }

  async function renew(): Promise<Ring<OwnKey>> {
    const waitMs = state.startedAt + renewEveryMs - performance.now()
    // Not unref'd: somebody waits for it, and it is short.
    if (waitMs > 0) await new Promise<void>((resolve) => void startRequestTimer(resolve, waitMs))
    // Who asks from now on may miss something newer.
    state.renewal = undefined
    return readAnew()
  }

  return {
    current() {
      const age = ageMs()
      const { ring } = state
      if (ring && age < refreshSeconds * 1000) {
        if (age >= refreshSeconds * 800 && !isPaused()) void readNow()
        return ring
      }
      if (isPaused()) return believed()
      const reading = readNow()
      // What is known need not wait for a store that failed lately to fail again.
      return ring && state.outage !== undefined && mayBeStale() ? ring : reading.then(believed)
    },
    fresh: readAnew,
    renewed() {
      if (isPaused()) return Promise.reject(asUnavailable(state.outage))
      if (state.waiting >= maxWaiting) return undefined
      state.waiting += 1
      state.renewal ??= renew()
      return state.renewal.finally(() => {
        state.waiting -= 1
      })
    },
    accept(ring) {
      state.changes += 1
      take(ring, { wall: now(), steady: performance.now() })
    },
  }
}
