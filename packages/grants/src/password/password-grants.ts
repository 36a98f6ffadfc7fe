import { randomBytes } from 'node:crypto'
import {
  type AnswerStep,
  hasOwn,
  isUnavailable,
  type Now,
  type PasswordAuthenticator,
  type SignInChallenge,
  type SignInStep,
  wallClock,
} from '@countersign/core'
import { addressBlock } from '../client-address.js'
import type { Challenged, Grant, GrantAnswer, GrantRequest, Validated } from '../grant.js'
import { grantedTo, type Wanted } from '../signed-in.js'
import { refused, type TokenRefused } from '../token-refusal.js'
import { type Answer, type Continuation, isMeant, readAnswer } from './continuation.js'
import { createGuessLimiter, type Guess, type GuessLimits } from './guess-limits.js'
import { type ChallengeRecord, putChallenge, takeChallenge } from './sealed-challenge.js'
import { countedName } from './user-name.js'

/** Options of {@link passwordGrants}. */
export interface PasswordGrantOptions {
  readonly authenticator: PasswordAuthenticator
  /** @defaultValue `urn:countersign:grant-type:mfa` with `mfa_token` and `code` */
  readonly continuations?: readonly Continuation[]
  /** How long a challenge can be answered; less where the authenticator says so. @defaultValue 300 */
  readonly challengeSeconds?: number
  /** Answers that one challenge takes. @defaultValue 5 */
  readonly maxAnswers?: number
  readonly limits?: GuessLimits
  /** @defaultValue that of the endpoint */
  readonly accessTokenSeconds?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  readonly randomBytes?: (size: number) => Buffer
}

const usual: Continuation = { grantType: 'urn:countersign:grant-type:mfa', tokenParameter: 'mfa_token', codeParameter: 'code' }

function checked({ authenticator, continuations = [usual], challengeSeconds = 300, maxAnswers = 5 }: PasswordGrantOptions) {
  if (typeof authenticator?.start !== 'function' || typeof authenticator.answer !== 'function')
    throw new TypeError('passwordGrants: authenticator is required')
  if (!(Number.isFinite(challengeSeconds) && challengeSeconds > 0))
    throw new TypeError('passwordGrants: challengeSeconds is a positive number')
  if (!(Number.isInteger(maxAnswers) && maxAnswers > 0)) throw new TypeError('passwordGrants: maxAnswers is a positive whole number')
  return { authenticator, continuations, challengeSeconds, maxAnswers }
}

/** What was wanted with the password, without what was taken from the client since. */
function allowed({ scopes, audiences }: Wanted, client: GrantRequest['client']): Wanted {
  return {
    scopes: scopes.filter((scope) => client.scopes.includes(scope)),
    audiences: audiences.filter((audience) => client.audiences?.includes(audience) ?? true),
  }
}

/** Whether the client proved who it is. */
const isProven = ({ secretId, key }: GrantRequest): boolean => secretId !== undefined || key !== undefined

/** What a sign-in began with. */
type Begun = Wanted & Pick<ChallengeRecord, 'username' | 'passwordVersion' | 'startedAt'>

/** What a sign-in brings. */
interface Credentials {
  readonly name: string
  readonly password: string
}

/** A password that was looked at cannot be taken back: it can be sent again. */
function planStart(asked: GrantRequest, start: (asked: GrantRequest, credentials: Credentials) => Promise<GrantAnswer>): Validated {
  const name = asked.parameters.get('username')
  const password = asked.parameters.get('password')
  if (name === undefined || password === undefined) return refused('missing_parameter')
  return { ok: true, commit: () => start(asked, { name, password }) }
}

/** What is kept of a challenge. */
function recordOf(
  { types, user, state, passwordVersion: version }: SignInChallenge,
  { username, scopes, audiences, startedAt, passwordVersion = version }: Begun,
  limits: Pick<ChallengeRecord, 'attemptsLeft' | 'endsAt'>,
): ChallengeRecord {
  const password = { ...(startedAt !== undefined && { startedAt }), ...(passwordVersion !== undefined && { passwordVersion }) }
  return { v: 1, user, username, types, state, scopes, audiences, ...limits, ...password }
}

/** Whether the password was changed between a challenge and its answer: what was begun with the old one has ended. */
function isOtherPassword(step: AnswerStep, { passwordVersion }: Pick<ChallengeRecord, 'passwordVersion'>): boolean {
  if (passwordVersion === undefined || (step.outcome !== 'signed_in' && step.outcome !== 'challenge')) return false
  if (step.outcome === 'challenge' && step.passwordVersion === undefined) return false
  if (step.passwordVersion === undefined)
    throw new TypeError(
      'passwordGrants: authenticator gave a passwordVersion with the challenge, and must give it at the end, got undefined',
    )
  return String(step.passwordVersion) !== String(passwordVersion)
}

/** What a password came to, as far as it is told to anybody: one that was right is given back, and one that nobody looked at, too. */
async function counted(guess: Guess, looking: Promise<SignInStep>): Promise<SignInStep> {
  const step = await looking.catch((error: unknown) => {
    guess.cameToNothing()
    throw error
  })
  if (step.outcome === 'throttled') guess.cameToNothing()
  if (step.outcome === 'signed_in' || step.outcome === 'challenge') await guess.wasRight()
  if (step.outcome === 'refused') await guess.wasWrong()
  return step
}

/**
 * The password grant (RFC 6749 §4.3), with challenges. RFC 9700 §2.4 forbids it to all but the host's own clients, which is why
 * it has to be imported on its own. A right password that needs more is answered with a challenge.
 *
 * @returns the grants for `password` and for each continuation
 * @throws TypeError if an option is missing or wrong
 */
export function passwordGrants(options: PasswordGrantOptions): readonly Grant[] {
  const { authenticator, continuations, challengeSeconds, maxAnswers } = checked(options)
  const now = options.now ?? wallClock
  const limiter = createGuessLimiter(options.limits ?? {}, now)
  const random = options.randomBytes ?? randomBytes
  const life = options.accessTokenSeconds === undefined ? {} : { accessTokenSeconds: options.accessTokenSeconds }

  /** A new token for every answer: the one before was used up. */
  async function challenge(record: ChallengeRecord, asked: GrantRequest, isRetry: boolean): Promise<Challenged> {
    const token = random(32).toString('base64url')
    const nowMs = now()
    await putChallenge(asked.stores.challenges, record, { token, asker: asked, nowMs })
    const expiresInSeconds = Math.max(1, Math.floor((record.endsAt - nowMs) / 1000))
    return { ok: false, challenge: { token, types: record.types, expiresInSeconds, isRetry } }
  }

  async function outcome(
    step: Exclude<AnswerStep, { readonly outcome: 'wrong_code' }>,
    asked: GrantRequest,
    wanted: Begun,
  ): Promise<GrantAnswer> {
    if (isOtherPassword(step, wanted)) return refused('wrong_credentials')
    switch (step.outcome) {
      case 'signed_in': {
        const { startedAt: begunAt } = wanted
        return { ...grantedTo(step, wanted, asked.now), ...(begunAt !== undefined && { begunAt }) }
      }
      case 'challenge': {
        const { expiresInSeconds = challengeSeconds } = step
        const endsAt = now() + Math.min(challengeSeconds, expiresInSeconds) * 1000
        return challenge(recordOf(step, { startedAt: asked.now, ...wanted }, { attemptsLeft: maxAnswers, endsAt }), asked, false)
      }
      case 'refused':
        return refused('wrong_credentials')
      case 'throttled':
        return refused('too_many_requests', { retryAfterSeconds: step.retryAfterSeconds })
    }
  }

  async function start(asked: GrantRequest, { name, password }: Credentials): Promise<GrantAnswer> {
    const { stores, request, scopes, audiences, issuer } = asked
    const username = countedName(name)
    const guess = await limiter.password(stores.attempts, { issuer, name, address: addressBlock(request.ip), isAppServer: isProven(asked) })
    if (!guess.ok) return guess
    const step = await counted(guess, authenticator.start({ username: name, password, request }))
    return outcome(step, asked, { username, scopes, audiences })
  }

  async function judge(record: ChallengeRecord, step: AnswerStep, asked: GrantRequest): Promise<GrantAnswer> {
    if (step.outcome !== 'wrong_code') return outcome(step, asked, record)
    const attemptsLeft = record.attemptsLeft - 1
    if (attemptsLeft <= 0) return refused('wrong_code')
    return challenge({ ...record, state: step.state, attemptsLeft }, asked, true)
  }

  async function answer(asked: GrantRequest, continuation: Continuation, { token, code, passed }: Answer): Promise<GrantAnswer> {
    const { parameters, stores } = asked
    const taken = await takeChallenge(stores.challenges, token, asked)
    if (taken === undefined) return refused('challenge_unknown')
    const record = { ...taken, ...allowed(taken, asked.client) }
    /** Nothing was looked at: the same token can be used again. */
    const putBack = async (refusal: TokenRefused): Promise<TokenRefused> => {
      await putChallenge(stores.challenges, taken, { token, asker: asked, nowMs: now() })
      return refusal
    }
    if (record.audiences.length === 0) return putBack(refused('target_not_allowed'))
    if (!isMeant(record, continuation, parameters.get('username'))) return putBack(refused('challenge_unknown'))
    const guess = await limiter.code(stores.attempts, { issuer: asked.issuer, user: record.user }).catch(async (error: unknown) => {
      await putChallenge(stores.challenges, record, { token, asker: asked, nowMs: now() })
      throw error
    })
    if (!guess.ok) return putBack(guess)
    const { challengeType: type } = continuation
    // In an outage the answer may have been looked at: it counts, and the challenge goes on.
    const step = await authenticator.answer({ state: record.state, type, code, request: asked.request }).catch(async (error: unknown) => {
      const left = { ...record, attemptsLeft: record.attemptsLeft - 1 }
      if (isUnavailable(error) && left.attemptsLeft > 0) await putChallenge(stores.challenges, left, { token, asker: asked, nowMs: now() })
      throw error
    })
    if (step.outcome === 'throttled') return putBack(refused('too_many_requests', { retryAfterSeconds: step.retryAfterSeconds }))
    const answered = await judge(record, step, asked)
    if (answered.ok) {
      passed(taken)
      await guess.wasRight()
    }
    return answered
  }

  /** A guess is a guess, whatever fails after it: only a code that was right can be sent again. */
  function planAnswer(asked: GrantRequest, continuation: Continuation): Validated {
    const read = readAnswer(asked, continuation)
    if (hasOwn(read, 'ok')) return read
    const state: { taken?: ChallengeRecord } = {}
    const passed = (taken: ChallengeRecord): void => void Object.assign(state, { taken })
    return {
      ok: true,
      commit: () => answer(asked, continuation, { ...read, passed }),
      async undo() {
        if (state.taken) await putChallenge(asked.stores.challenges, state.taken, { token: read.token, asker: asked, nowMs: now() })
      },
    }
  }

  return [
    { type: 'password', ...life, validate: async (asked) => planStart(asked, start) },
    ...continuations.map((continuation): Grant => {
      const { grantType: type } = continuation
      return { type, continues: 'password', ...life, validate: async (asked) => planAnswer(asked, continuation) }
    }),
  ]
}
