import type { Now } from './clock.js'
import { createElapsed, type Instant, longAgo } from './elapsed.js'
import { createSingleFlight } from './single-flight.js'
import type { Unavailable } from './unavailable.js'

/** A value, as it was made of what a source answered. */
export interface TakenValue<T> {
  readonly value: T
  /** When the source was asked: the value is at least as old. */
  readonly askedAt: Instant
  /** For how long it is fresh. */
  readonly lifeMs: number
}

/** How a load ended. `loaded` is what the source answered. */
export type LoadOutcome<L> = { readonly ok: true; readonly loaded: L } | { readonly ok: false; readonly cause: unknown }

/** What {@link createRefreshedCopy} needs. */
export interface RefreshedCopyOptions<L, T> {
  /** Asks the source. One load runs at a time. */
  readonly load: () => Promise<L>
  /** Makes the value. If it throws, the load has failed, and the value before stays. */
  readonly take: (loaded: L) => TakenValue<T>
  /** Called after each load, when its value counts. */
  readonly onLoad?: (load: LoadOutcome<L>) => void
  /** How much older than its life a value may be that was just loaded: for so long its answer may have been on its way. */
  readonly longestLoadMs: number
  /** How old a value may grow while loads fail. */
  readonly longestAgeMs: (lifeMs: number) => number
  /** How long the source is left alone after so many failures in a row. */
  readonly pauseMs: (failures: number) => number
  readonly unavailable: (failure: { readonly cause: unknown; readonly pauseLeftMs: number }) => Unavailable
  readonly now: Now
}

/** This process's copy of a value that another system has. */
export interface RefreshedCopy<T> {
  /** What may be believed now. It waits only for a first load, or one that is overdue. Throws or rejects with `Unavailable`. */
  current(): T | Promise<T>
  /** The value, however old it is; undefined before the first load. */
  latest(): T | undefined
  /** Joins the load under way, or begins one. Never rejects. */
  refresh(): Promise<void>
  /** What a load brings that begins after this call. Rejects with `Unavailable`. */
  renewed(): Promise<T>
  /** Takes a value that this process has changed itself. */
  accept(value: TakenValue<T>): void
  /** Milliseconds since the question that brought the value; infinite before the first load. */
  ageMs(): number
  /** Loads begun, and the number of the last that succeeded: an answer counts for who asked before it began. */
  begun(): number
  answered(): number
  /** Loads that failed since one succeeded. */
  failures(): number
  /** What is left of the pause after a failure. */
  pauseLeftMs(): number
  cause(): unknown
  underWay(): Promise<void> | undefined
  unavailable(): Unavailable
}

/** A value is refreshed after this part of its life, so that nobody waits for it. */
const refreshAfter = 0.8

/**
 * Keeps a copy of a value that another system has: one load at a time, refreshed ahead of its end, believed for a while when the other
 * system is down. It sets no timers; age is judged when somebody asks.
 */
export function createRefreshedCopy<L, T>(options: RefreshedCopyOptions<L, T>): RefreshedCopy<T> {
  const { load, take, onLoad, longestLoadMs, longestAgeMs, now } = options
  const elapsed = createElapsed(now)
  const state = {
    value: undefined as T | undefined,
    askedAt: longAgo,
    lifeMs: 0,
    failedAt: longAgo,
    failures: 0,
    pauseMs: 0,
    cause: undefined as unknown,
    begun: 0,
    answered: 0,
  }

  function accept(taken: TakenValue<T>): void {
    Object.assign(state, taken, { failures: 0, cause: undefined })
  }

  function reject(cause: unknown): void {
    const failures = state.failures + 1
    Object.assign(state, { failures, cause, pauseMs: options.pauseMs(failures), failedAt: elapsed.read() })
  }

  async function loadOnce(): Promise<void> {
    state.begun += 1
    const number = state.begun
    let outcome: LoadOutcome<L>
    try {
      const loaded = await load()
      accept(take(loaded))
      state.answered = number
      outcome = { ok: true, loaded }
    } catch (cause) {
      reject(cause)
      outcome = { ok: false, cause }
    }
    onLoad?.(outcome)
  }

  const { join: refresh, underWay } = createSingleFlight(loadOnce)
  const ageMs = (): number => elapsed.msSince(state.askedAt)
  const pauseLeftMs = (): number => (state.failures > 0 ? state.pauseMs - elapsed.msSince(state.failedAt) : 0)
  const unavailable = (): Unavailable => options.unavailable({ cause: state.cause, pauseLeftMs: pauseLeftMs() })
  const mayBeStale = (): boolean => state.failures > 0 && ageMs() < longestAgeMs(state.lifeMs)
  const isTooLate = (): boolean => ageMs() >= state.lifeMs + longestLoadMs

  /** After a load, or while none may begin. */
  function believed(): T {
    const isBelieved = state.failures > 0 ? mayBeStale() : !isTooLate()
    if (state.value === undefined || !isBelieved) throw unavailable()
    return state.value
  }

  async function loaded(loading: Promise<void>): Promise<T> {
    await loading
    // The process stood still while the answer was on its way: it is too old already, and the source was never down.
    if (state.failures === 0 && isTooLate()) await refresh()
    return believed()
  }

  return {
    current() {
      const { value, lifeMs } = state
      const age = ageMs()
      if (value !== undefined && age < lifeMs) {
        if (age >= lifeMs * refreshAfter && pauseLeftMs() <= 0) void refresh()
        return value
      }
      if (underWay() === undefined && pauseLeftMs() > 0) return believed()
      const loading = refresh()
      // The source failed lately: a known value need not wait for it to fail again.
      return value !== undefined && mayBeStale() ? value : loaded(loading)
    },
    latest: () => state.value,
    refresh,
    async renewed() {
      // One that is under way may have begun too early.
      await underWay()
      await refresh()
      if (state.value === undefined || state.failures > 0) throw unavailable()
      return state.value
    },
    accept,
    ageMs,
    begun: () => state.begun,
    answered: () => state.answered,
    failures: () => state.failures,
    pauseLeftMs,
    cause: () => state.cause,
    underWay,
    unavailable,
  }
}
