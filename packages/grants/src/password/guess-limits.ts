import type { AttemptStore } from '@countersign/core'
import { reachable } from '../client-record.js'
import { attemptKey, type Budget, checkBudget } from '../rate-limits.js'
import { refused, type TokenRefused } from '../token-refusal.js'

/** Budgets of a sign-in. They end by themselves: nobody is locked out for good by the failures of others. */
export interface GuessLimits {
  /** Wrong passwords for one user name from one address. @defaultValue 20 in an hour */
  readonly passwords?: Budget
  /** Wrong passwords for one user name from everywhere. @defaultValue 200 in an hour */
  readonly passwordsFromEverywhere?: Budget
  /** Wrong codes of one user, across challenges. @defaultValue 20 in an hour */
  readonly codes?: Budget
}

const defaults: Required<GuessLimits> = {
  passwords: { limit: 20, windowSeconds: 3600 },
  passwordsFromEverywhere: { limit: 200, windowSeconds: 3600 },
  codes: { limit: 20, windowSeconds: 3600 },
}

/** Guesses are reserved before they are looked at, so that parallel ones cannot pass; a right one is given back with all before it. */
export interface GuessLimiter {
  password(attempts: AttemptStore, username: string, address: string): Promise<Guess | TokenRefused>
  code(attempts: AttemptStore, user: string): Promise<Guess | TokenRefused>
}

/** A guess that may be looked at. */
interface Guess {
  readonly ok: true
  wasRight(): Promise<void>
}

/** @throws TypeError for a budget that is none */
export function createGuessLimiter(limits: GuessLimits): GuessLimiter {
  const budgets = { ...defaults, ...limits }
  for (const [name, budget] of Object.entries(budgets)) checkBudget(`limits.${name}`, budget)

  async function reserve(attempts: AttemptStore, rows: readonly (readonly [key: string, Budget])[]): Promise<Guess | TokenRefused> {
    for (const [key, { limit, windowSeconds }] of rows) {
      const verdict = await reachable(attempts.reserve({ key, limit, windowMs: windowSeconds * 1000 }))
      if (!verdict.ok) return refused('too_many_failures', { retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000) })
    }
    return {
      ok: true,
      async wasRight() {
        await Promise.all(rows.map(([key]) => reachable(attempts.clear(key))))
      },
    }
  }

  return {
    // The narrow one first: what it refuses does not count for everybody.
    password: (attempts, username, address) =>
      reserve(attempts, [
        [attemptKey('password', username, address), budgets.passwords],
        [attemptKey('password-everywhere', username), budgets.passwordsFromEverywhere],
      ]),
    code: (attempts, user) => reserve(attempts, [[attemptKey('code', user), budgets.codes]]),
  }
}
