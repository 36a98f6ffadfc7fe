import { type AnswerStep, hasOwn, isUnavailable, type Now, type PasswordAuthenticator } from '@countersign/core'
import type { GrantAnswer, GrantRequest, Validated } from '../grants/grant.js'
import type { Wanted } from '../grants/signed-in.js'
import { refused, type TokenRefused } from '../refusal.js'
import { putChallenge, puttingBack, takeChallenge, untakeChallenge } from './codes/sealed-challenge.js'
import type { SentCodes } from './codes/sent-codes.js'
import type { ChallengeRecord } from './codes/stored-codes.js'
import { type Answer, type Continuation, isMeant, readAnswer } from './continuation.js'
import type { GuessLimiter } from './guesses/guess-limits.js'
import type { Guess } from './guesses/reserve-guesses.js'
import type { SignInSteps } from './sign-in-steps.js'

/** What was wanted with the password, without what was taken from the client since. */
function allowed({ scopes, audiences }: Wanted, client: GrantRequest['client']): Wanted {
  return {
    scopes: scopes.filter((scope) => client.scopes.includes(scope)),
    audiences: audiences.filter((audience) => client.audiences?.includes(audience) ?? true),
  }
}

/** An answer that may be looked at. */
interface Counted extends Answer {
  /** The type of challenge that the grant type says. */
  readonly type: string | undefined
  readonly guess: Guess
  /** Nothing was looked at: the same token can be used again. */
  putBack(refusal: TokenRefused): Promise<TokenRefused>
}

/** What {@link createAnswer} needs. */
interface AnswerOptions {
  readonly authenticator: PasswordAuthenticator
  readonly limiter: GuessLimiter
  readonly codes: SentCodes
  readonly steps: SignInSteps
  /** Of one code. */
  readonly answers: { readonly limit: number; readonly windowSeconds: number }
  readonly now: Now
}

/** Plans the answer to a challenge. A wrong code counts even if a later step fails. Only a right code may be sent again. */
export function createAnswer(options: AnswerOptions): (asked: GrantRequest, continuation: Continuation) => Validated {
  const { authenticator, limiter, codes, steps, now } = options

  /** The result of an answer that was checked. */
  async function judge(record: ChallengeRecord, step: AnswerStep, asked: GrantRequest, token: string): Promise<GrantAnswer> {
    const { code } = record
    if (step.outcome === 'wrong_code' && record.attemptsLeft > 0) return steps.challenge({ ...record, state: step.state }, asked, true)
    const isRight = step.outcome === 'signed_in' || step.outcome === 'challenge'
    if (code && !(await codes.settle(asked.stores, code, isRight ? token : undefined))) return refused('challenge_unknown')
    if (step.outcome === 'wrong_code') return refused('wrong_code')
    return steps.outcome(await codes.deliver(asked, step), asked, record)
  }

  /** Has an answer looked at. It is counted already, and `attemptsLeft` are those after it. */
  async function look(record: ChallengeRecord, taken: ChallengeRecord, asked: GrantRequest, given: Counted): Promise<GrantAnswer> {
    const { token, code, type, guess, putBack } = given
    const { challenges } = asked.stores
    // In an outage the answer may have been looked at: it counts, and the challenge goes on.
    const step = await authenticator
      .answerChallenge({ state: record.state, type, code, request: asked.request })
      .catch(async (error: unknown) => {
        if (isUnavailable(error) && record.attemptsLeft > 0) await putChallenge(challenges, record, { token, asker: asked, nowMs: now() })
        else if (record.code && record.attemptsLeft <= 0) await codes.settle(asked.stores, record.code, undefined)
        throw error
      })
    if (step.outcome === 'throttled') {
      guess.cameToNothing()
      return putBack(refused('too_many_requests', { retryAfterSeconds: step.retryAfterSeconds }))
    }
    if (step.outcome === 'signed_in' || step.outcome === 'challenge') given.passed(taken)
    const answered = await judge(record, step, asked, token)
    if (answered.ok) await guess.wasRight()
    return answered
  }

  async function answer(asked: GrantRequest, continuation: Continuation, given: Answer): Promise<GrantAnswer> {
    const { parameters, stores } = asked
    const { token } = given
    const { callId } = given
    const taken = await takeChallenge(stores.challenges, { token, asker: asked, nowMs: now(), callId }).catch((error: unknown) => {
      given.lost()
      throw error
    })
    if (taken === undefined) return refused('challenge_unknown')
    const record = { ...taken, ...allowed(taken, asked.client) }
    const putBack = async (refusal: TokenRefused): Promise<TokenRefused> => {
      await putChallenge(stores.challenges, taken, { token, asker: asked, nowMs: now() })
      return refusal
    }
    if (record.audiences.length === 0) return putBack(refused('target_not_allowed'))
    if (!isMeant(record, continuation, parameters.get('username'))) return putBack(refused('challenge_unknown'))
    const counted = await count(record, asked).catch(async (error: unknown) => {
      await putChallenge(stores.challenges, record, { token, asker: asked, nowMs: now() })
      throw error
    })
    if (counted.ok) {
      const attemptsLeft = record.code ? counted.left : record.attemptsLeft - 1
      const type = continuation.challengeType
      return look({ ...record, attemptsLeft }, taken, asked, { ...given, type, guess: counted, putBack })
    }
    if (record.code === undefined || counted.refusal.reason !== 'challenge_unknown') return putBack(counted)
    // Answers to the same code in other challenges were the last.
    await codes.settle(stores, record.code, undefined)
    return counted
  }

  async function count({ user, code, answerSends }: ChallengeRecord, { stores, issuer }: GrantRequest): Promise<Guess | TokenRefused> {
    const tooMany = answerSends === true ? await limiter.refuseCode(stores.attempts, { issuer, user }) : undefined
    return tooMany ?? limiter.code(stores.attempts, { issuer, user, answers: code && { id: code.id, budget: options.answers } })
  }

  return (asked, continuation) => {
    const read = readAnswer(asked, continuation)
    if (hasOwn(read, 'ok')) return read
    const { challenges } = asked.stores
    const state: { putBack?: () => Promise<void> } = {}
    const passed = (taken: ChallengeRecord): void => {
      state.putBack = puttingBack(challenges, taken, { token: read.token, asker: asked, nowMs: now() })
    }
    return {
      ok: true,
      commit(callId) {
        const lost = (): void => {
          state.putBack = () => untakeChallenge(challenges, read.token, asked, callId)
        }
        return answer(asked, continuation, { ...read, callId, passed, lost })
      },
      async undo() {
        await state.putBack?.()
      },
    }
  }
}
