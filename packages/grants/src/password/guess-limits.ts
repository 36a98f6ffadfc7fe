import type { AttemptStore } from '@countersign/core'
import { reachable } from '../client-record.js'
import { attemptKey, type Budget, checkBudget } from '../rate-limits.js'
import { refused, type TokenRefused } from '../token-refusal.js'
import { countedName } from './user-name.js'

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

/** A user name as it was sent, where it was sent to, and from where. */
interface PasswordGuess {
  readonly issuer: string
  readonly name: string
  readonly address: string
}

/**
 * Guesses are reserved before they are looked at, so that parallel ones cannot pass; a right one is given back with all before it.
 * Users of one issuer are none of another's, also where both share a store.
 */
export interface GuessLimiter {
  password(attempts: AttemptStore, guess: PasswordGuess): Promise<Guess | TokenRefused>
  code(attempts: AttemptStore, whose: { readonly issuer: string; readonly user: string }): Promise<Guess | TokenRefused>
}

/** A guess that may be looked at. */
interface Guess {
  readonly ok: true
  wasRight(): Promise<void>
}

/** A budget, and what is counted beside it. */
interface Row {
  readonly key: string
  readonly budget: Budget
  /** Counts the guesses among them that are given back by a right one; absent: all are. */
  readonly ownKey?: string
}

/** @throws TypeError for a budget that is none */
export function createGuessLimiter(limits: GuessLimits): GuessLimiter {
  const budgets = { ...defaults, ...limits }
  for (const [name, budget] of Object.entries(budgets)) checkBudget(`limits.${name}`, budget)

  const take = (attempts: AttemptStore, key: string, { limit, windowSeconds }: Budget): ReturnType<AttemptStore['reserve']> =>
    reachable(attempts.reserve({ key, limit, windowMs: windowSeconds * 1000 }))

  /** The keys that a right guess clears: not where a guess at another spelling is among them, which may be another user's name. */
  async function toClear(attempts: AttemptStore, { key, budget, ownKey }: Row, remaining: number): Promise<readonly string[]> {
    if (ownKey === undefined) return [key]
    const own = await take(attempts, ownKey, budget)
    return (own.ok ? own.remaining : 0) <= remaining ? [key, ownKey] : []
  }

  async function reserve(attempts: AttemptStore, rows: readonly Row[]): Promise<Guess | TokenRefused> {
    const taken: { readonly row: Row; readonly remaining: number }[] = []
    for (const row of rows) {
      const verdict = await take(attempts, row.key, row.budget)
      if (!verdict.ok) return refused('too_many_failures', { retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000) })
      taken.push({ row, remaining: verdict.remaining })
    }
    const keys = (await Promise.all(taken.map(({ row, remaining }) => toClear(attempts, row, remaining)))).flat()
    return {
      ok: true,
      async wasRight() {
        await Promise.all(keys.map((key) => reachable(attempts.clear(key))))
      },
    }
  }

  return {
    password(attempts, { issuer, name, address }) {
      const counted = countedName(name)
      const row = (purpose: string, budget: Budget, ...where: readonly string[]): Row => ({
        budget,
        key: attemptKey(purpose, issuer, counted, ...where),
        ownKey: attemptKey(`${purpose}-spelled`, issuer, name, ...where),
      })
      // The narrow one first: what it refuses does not count for everybody.
      const narrow = row('password', budgets.passwords, address)
      return reserve(attempts, [narrow, row('password-everywhere', budgets.passwordsFromEverywhere)])
    },
    code: (attempts, { issuer, user }) => reserve(attempts, [{ key: attemptKey('code', issuer, user), budget: budgets.codes }]),
  }
}
