/** Gives the time in epoch milliseconds. Default everywhere: {@link wallClock}. */
export type Now = () => number

/**
 * The default of every `now`: `Date.now`, looked up at each call.
 * A clock that is replaced later, for instance by fake timers, is therefore seen.
 */
export const wallClock: Now = () => Date.now()

/** The default of every `random`: `Math.random`, looked up at each call. */
export const mathRandom = (): number => Math.random()
