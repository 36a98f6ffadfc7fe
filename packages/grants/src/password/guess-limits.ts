import type { AttemptStore, Now } from '@countersign/core'
import { attemptKey, type Budget, checkBudget } from '../budget.js'
import { reachable } from '../client-record.js'
import { createFailureBudgets, type FailureBudgets } from '../failure-budgets.js'
import { refused, type TokenRefused } from '../token-refusal.js'
import { countedName } from './user-name.js'

/** Budgets of a sign-in. They end by themselves: nobody is locked out for good by the failures of others. */
export interface GuessLimits {
  /** Wrong passwords for one user name from one address. @defaultValue 20 in an hour */
  readonly passwords?: Budget
  /** Wrong passwords for one user name, from all addresses where it was not right in the last 30 days. @defaultValue 200 in an hour */
  readonly passwordsFromEverywhere?: Budget
  /**
   * Wrong passwords from one address, whichever names are tried. A user who signed in from there in the last 30 days is not concerned, and
   * the address of a client that authenticated itself is not counted: an app server speaks for many people. @defaultValue 500 in an hour
   */
  readonly passwordsOfAddress?: Budget
  /** Wrong codes of one user, across challenges. @defaultValue 20 in an hour */
  readonly codes?: Budget
}

const defaults: Required<GuessLimits> = {
  passwords: { limit: 20, windowSeconds: 3600 },
  passwordsFromEverywhere: { limit: 200, windowSeconds: 3600 },
  passwordsOfAddress: { limit: 500, windowSeconds: 3600 },
  codes: { limit: 20, windowSeconds: 3600 },
}

/** A user name as it was sent, where it was sent to, and from where. */
interface PasswordGuess {
  readonly issuer: string
  readonly name: string
  readonly address: string
  /** Whether a client that authenticated itself speaks for the user. */
  readonly isAppServer: boolean
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
export interface Guess {
  readonly ok: true
  wasRight(): Promise<void>
  /** It was looked at, and was not right. */
  wasWrong(): Promise<void>
  /** Nobody was told whether it was right, in an outage for instance: another one may take its place. */
  cameToNothing(): void
}

/** A budget, and what is counted beside it. */
interface Row {
  readonly key: string
  readonly budget: Budget
  /** Counts the guesses among them that are given back by a right one; absent: all are. */
  readonly ownKey?: string
}

/** A guess as it was counted. */
interface Taken {
  readonly ok: true
  readonly row: Row
  /** With what came to nothing before. */
  readonly limit: number
  /** Guesses of this window, itself among them. */
  readonly used: number
}

const maxRemembered = 10_000

/** What came to nothing of one counter. */
interface Lost {
  readonly count: number
  /** Where the counter was: one that is not beyond it began anew since. */
  readonly used: number
  /** Epoch milliseconds. */
  readonly endsAt: number
}

const nothing: Lost = { count: 0, used: 0, endsAt: 0 }

/** Guesses that came to nothing, as this process knows. A counter only counts up: they are added to its limit. */
function createLost(now: Now): { add(guess: Taken): void; of(key: string): Lost; forget(key: string): void } {
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

/** @throws TypeError for a budget that is none */
export function createGuessLimiter(limits: GuessLimits, now: Now): GuessLimiter {
  const budgets = { ...defaults, ...limits }
  for (const [name, budget] of Object.entries(budgets)) checkBudget(`limits.${name}`, budget)
  const lost = createLost(now)
  const known = new WeakMap<AttemptStore, FailureBudgets>()

  /** Failures of addresses, of one store. */
  function failuresIn(attempts: AttemptStore): FailureBudgets {
    const ofAddress = budgets.passwordsOfAddress
    const failures = known.get(attempts) ?? createFailureBudgets({ attempts, kind: 'password', ofAddress, ofName: undefined, now })
    known.set(attempts, failures)
    return failures
  }

  const take = (attempts: AttemptStore, key: string, { limit, windowSeconds }: Budget): ReturnType<AttemptStore['reserve']> =>
    reachable(attempts.reserve({ key, limit, windowMs: windowSeconds * 1000 }))

  async function takeRow(attempts: AttemptStore, row: Row): Promise<Taken | TokenRefused> {
    const { key, budget } = row
    const before = lost.of(key)
    const limit = budget.limit + before.count
    const verdict = await take(attempts, key, { ...budget, limit })
    if (!verdict.ok) return refused('too_many_failures', { retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000) })
    const used = limit - verdict.remaining
    // What was lost in one window is no credit in the next.
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
    const keys = (await Promise.all(taken.map((one) => toClear(attempts, one)))).flat()
    return {
      ok: true,
      wasWrong: async () => undefined,
      async wasRight() {
        await Promise.all(keys.map((key) => reachable(attempts.clear(key))))
        // What is not given back was no wrong guess, all the same.
        for (const one of taken) if (!keys.includes(one.row.key)) lost.add(one)
      },
      cameToNothing() {
        for (const one of taken) lost.add(one)
      },
    }
  }

  return {
    async password(attempts, { issuer, name, address, isAppServer }) {
      const counted = countedName(name)
      const failures = failuresIn(attempts)
      const person = `${issuer.length}:${issuer}${counted}`
      const attempted = { address: isAppServer ? '' : address, name: person }
      const refusal = await failures.refuse(attempted)
      if (refusal) return refusal
      const isFamiliar = await failures.isFamiliar({ address, name: person })
      const row = (purpose: string, budget: Budget, ...where: readonly string[]): Row => ({
        budget,
        key: attemptKey(purpose, issuer, counted, ...where),
        ownKey: attemptKey(`${purpose}-spelled`, issuer, name, ...where),
      })
      // The narrow one first: what it refuses does not count for everybody.
      const narrow = row('password', budgets.passwords, address)
      const guess = await reserve(attempts, isFamiliar ? [narrow] : [narrow, row('password-everywhere', budgets.passwordsFromEverywhere)])
      if (!guess.ok) return guess
      return {
        ...guess,
        async wasRight() {
          failures.succeeded({ address, name: person })
          await guess.wasRight()
        },
        wasWrong: () => failures.failed(attempted),
      }
    },
    code: (attempts, { issuer, user }) => reserve(attempts, [{ key: attemptKey('code', issuer, user), budget: budgets.codes }]),
  }
}
