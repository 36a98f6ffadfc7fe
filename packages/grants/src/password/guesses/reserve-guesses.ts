import { type AttemptStore, type Now, orUnavailable } from '@countersign/core'
import type { Budget } from '../../limits/budget.js'
import { refused, type TokenRefused } from '../../refusal.js'
import { createLostGuesses } from './lost-guesses.js'

/** A guess that may be looked at. */
export interface Guess {
  readonly ok: true
  /** Guesses that its narrowest budget admits after it. */
  readonly left: number
  wasRight(): Promise<void>
  /** It was looked at, and was not right. */
  wasWrong(): Promise<void>
  /** Nobody was told whether it was right, in an outage for instance: another one may take its place. */
  cameToNothing(): void
}

/** A budget, and what is counted beside it. */
export interface Row {
  readonly key: string
  readonly budget: Budget
  /** Counts the guesses among them that are given back by a right one; absent: all are. */
  readonly ownKey?: string
}

/** A guess as it was counted. */
interface Taken {
  readonly ok: true
  readonly row: Row
  /** With the earlier guesses that do not count. */
  readonly limit: number
  /** Guesses of this window, itself among them. */
  readonly used: number
}

/** Reserves guesses. */
export interface ReserveGuesses {
  /** All of the rows, in their order, or the refusal of the first that has none left. */
  reserve(attempts: AttemptStore, rows: readonly Row[]): Promise<Guess | TokenRefused>
  /** The limit of the store itself, without the guesses that do not count. */
  take(attempts: AttemptStore, key: string, budget: Budget): ReturnType<AttemptStore['reserve']>
}

/** @param now - epoch milliseconds */
export function createReserve(now: Now): ReserveGuesses {
  const lost = createLostGuesses(now)

  const take = (attempts: AttemptStore, key: string, { limit, windowSeconds }: Budget): ReturnType<AttemptStore['reserve']> =>
    orUnavailable(attempts.reserve({ key, limit, windowMs: windowSeconds * 1000 }))

  async function takeRow(attempts: AttemptStore, row: Row): Promise<Taken | TokenRefused> {
    const { key, budget } = row
    const before = lost.of(key)
    const limit = budget.limit + before.count
    const verdict = await take(attempts, key, { ...budget, limit })
    if (!verdict.ok) return refused('too_many_failures', { retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000) })
    const used = limit - verdict.remaining
    // Guesses that were lost in one window are not added to the next.
    if (used <= before.used) {
      lost.forget(key)
      if (used > budget.limit) return refused('too_many_failures', { retryAfterSeconds: Math.ceil(budget.windowSeconds) })
    }
    return { ok: true, row, limit, used }
  }

  /** The keys that a right guess clears: not where a guess at another spelling is among them, which may be another user's name. */
  async function toClear(attempts: AttemptStore, { row: { key, budget, ownKey }, limit, used }: Taken): Promise<readonly string[]> {
    if (ownKey === undefined) return [key]
    const own = await take(attempts, ownKey, { ...budget, limit })
    return limit - (own.ok ? own.remaining : 0) >= used ? [key, ownKey] : []
  }

  async function reserve(attempts: AttemptStore, rows: readonly Row[]): Promise<Guess | TokenRefused> {
    const taken: Taken[] = []
    for (const row of rows) {
      const one = await takeRow(attempts, row)
      if (!one.ok) return one
      taken.push(one)
    }
    const left = Math.min(...taken.map(({ limit, used }) => limit - used))
    const keys = (await Promise.all(taken.map((one) => toClear(attempts, one)))).flat()
    return {
      ok: true,
      left,
      wasWrong: async () => undefined,
      async wasRight() {
        await Promise.all(keys.map((key) => orUnavailable(attempts.clear(key))))
        // What is not given back was no wrong guess, all the same.
        for (const one of taken) if (!keys.includes(one.row.key)) lost.add(one)
      },
      cameToNothing() {
        for (const one of taken) lost.add(one)
      },
    }
  }

  return { reserve, take }
}
