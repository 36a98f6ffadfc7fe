import { type AttemptStore, kind, lengthPrefixed, type Now, type OptionKind, orUnavailable } from '@countersign/core'
import { attemptKey, type Budget, budgetKind, budgetsOf } from '../../limits/budget.js'
import { createFailureBudgets, type FailureBudgets } from '../../limits/rate-limits.js'
import { refused, type TokenRefused } from '../../refusal.js'
import { createReserve, type Guess, type Row } from './reserve-guesses.js'
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
  /** Codes that are sent to one user. Right answers do not give them back. @defaultValue 20 in an hour */
  readonly codesSent?: Budget
}

const defaults: Required<GuessLimits> = {
  passwords: { limit: 20, windowSeconds: 3600 },
  passwordsFromEverywhere: { limit: 200, windowSeconds: 3600 },
  passwordsOfAddress: { limit: 500, windowSeconds: 3600 },
  codes: { limit: 20, windowSeconds: 3600 },
  codesSent: { limit: 20, windowSeconds: 3600 },
}

/** What the option `limits` must be. */
export const guessLimitsKind: OptionKind = kind.members<GuessLimits>({
  passwords: budgetKind,
  passwordsFromEverywhere: budgetKind,
  passwordsOfAddress: budgetKind,
  codes: budgetKind,
  codesSent: budgetKind,
})

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
 * Users of one issuer are not those of another, even if both share a store.
 */
export interface GuessLimiter {
  password(attempts: AttemptStore, guess: PasswordGuess): Promise<Guess | TokenRefused>
  code(attempts: AttemptStore, whose: CodeGuess): Promise<Guess | TokenRefused>
  /** Counts a code before it is sent. */
  codeSent(attempts: AttemptStore, whose: UserOfIssuer): Promise<Guess | TokenRefused>
  /** Refuses where no code may be sent any more; counts nothing. */
  refuseCode(attempts: AttemptStore, whose: UserOfIssuer): Promise<TokenRefused | undefined>
  /** How long the budget of codes that are sent lasts, in milliseconds. */
  readonly codesSentMs: number
}

interface UserOfIssuer {
  readonly issuer: string
  readonly user: string
}

/** A guess at a code. */
interface CodeGuess extends UserOfIssuer {
  /** The code that was sent, where its answers are counted whichever challenge they are for. */
  readonly answers: { readonly id: string; readonly budget: Budget } | undefined
}

/** Reserves guesses by limits that {@link guessLimitsKind} checked. */
export function createGuessLimiter(limits: GuessLimits, now: Now): GuessLimiter {
  const budgets = budgetsOf(defaults, limits)
  const { reserve, take } = createReserve(now)
  const known = new WeakMap<AttemptStore, FailureBudgets>()

  /** Failures of addresses, of one store. */
  function failuresIn(attempts: AttemptStore): FailureBudgets {
    const ofAddress = budgets.passwordsOfAddress
    const failures = known.get(attempts) ?? createFailureBudgets({ attempts, kind: 'password', ofAddress, ofName: undefined, now })
    known.set(attempts, failures)
    return failures
  }

  const sentRow = ({ issuer, user }: UserOfIssuer): Row => ({ key: attemptKey('codes-sent', issuer, user), budget: budgets.codesSent })
  const tooManyCodes = ({ refusal }: TokenRefused): TokenRefused =>
    refused('too_many_codes', { retryAfterSeconds: refusal.retryAfterSeconds ?? Math.ceil(budgets.codesSent.windowSeconds) })

  return {
    codesSentMs: budgets.codesSent.windowSeconds * 1000,
    async password(attempts, { issuer, name, address, isAppServer }) {
      const counted = countedName(name)
      const failures = failuresIn(attempts)
      const person = `${lengthPrefixed(issuer)}${counted}`
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
    async code(attempts, { issuer, user, answers }) {
      const ofUser = await reserve(attempts, [{ key: attemptKey('code', issuer, user), budget: budgets.codes }])
      if (!ofUser.ok || answers === undefined) return ofUser
      const ofCode = await reserve(attempts, [{ key: attemptKey('answers', answers.id), budget: answers.budget }])
      if (!ofCode.ok) {
        // Nobody looks at it: the code has ended.
        ofUser.cameToNothing()
        return refused('challenge_unknown')
      }
      return {
        ...ofCode,
        wasRight: async () => void (await Promise.all([ofUser.wasRight(), ofCode.wasRight()])),
        cameToNothing() {
          ofUser.cameToNothing()
          ofCode.cameToNothing()
        },
      }
    },
    async codeSent(attempts, whose) {
      const counted = await reserve(attempts, [sentRow(whose)])
      return counted.ok ? counted : tooManyCodes(counted)
    },
    async refuseCode(attempts, whose) {
      const row = sentRow(whose)
      if ((await orUnavailable(attempts.used(row.key))) < row.budget.limit) return undefined
      // Beyond the limit it counts nothing, and tells when the window ends.
      const verdict = await take(attempts, row.key, row.budget)
      return verdict.ok ? undefined : refused('too_many_codes', { retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000) })
    },
  }
}
