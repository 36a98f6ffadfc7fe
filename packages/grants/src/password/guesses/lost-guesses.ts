import type { Now } from '@countersign/core'
import type { Budget } from '../../limits/budget.js'

const maxRemembered = 10_000

/** Attempts of one counter that do not count. */
interface Lost {
  readonly count: number
  /** Where the counter was: one that is not beyond it began anew since. */
  readonly used: number
  /** Epoch milliseconds. */
  readonly endsAt: number
}

const nothing: Lost = { count: 0, used: 0, endsAt: 0 }

/** A guess as it was counted. */
interface Counted {
  readonly row: { readonly key: string; readonly budget: Budget }
  /** Guesses of this window, itself among them. */
  readonly used: number
}

/** Guesses that do not count, as this process knows. A counter only counts up, so they are added to its limit. */
export interface LostGuesses {
  add(guess: Counted): void
  of(key: string): Lost
  forget(key: string): void
}

/** @param now - epoch milliseconds */
export function createLostGuesses(now: Now): LostGuesses {
  const all = new Map<string, Lost>()
  const of = (key: string): Lost => {
    const lost = all.get(key) ?? nothing
    return now() < lost.endsAt ? lost : nothing
  }
  return {
    of,
    add({ row: { key, budget }, used }) {
      const before = of(key)
      if (all.size >= maxRemembered) all.clear()
      all.set(key, { count: before.count + 1, used: Math.max(before.used, used), endsAt: now() + budget.windowSeconds * 1000 })
    },
    forget: (key) => void all.delete(key),
  }
}
