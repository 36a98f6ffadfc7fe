import type { AnswerStep } from '@countersign/core'
import type { Challenged, GrantAnswer, GrantRequest } from '../grants/grant.js'
import { grantedTo, type Wanted } from '../grants/signed-in.js'
import { refused } from '../refusal.js'
import { putChallenge } from './codes/sealed-challenge.js'
import type { SentChallenge, SentStep } from './codes/sent-codes.js'
import type { ChallengeRecord } from './codes/stored-codes.js'
import type { PasswordGrantOptions } from './password-options.js'

/** What a sign-in began with. */
type Begun = Wanted & Pick<ChallengeRecord, 'username' | 'passwordVersion' | 'startedAt'>

/** What is kept of a challenge. */
function recordOf(
  { types, user, state, passwordVersion: version, open, answerSends = false }: SentChallenge,
  { username, scopes, audiences, startedAt, passwordVersion = version }: Begun,
  limits: Pick<ChallengeRecord, 'attemptsLeft' | 'endsAt'>,
): ChallengeRecord {
  const password = { ...(startedAt !== undefined && { startedAt }), ...(passwordVersion !== undefined && { passwordVersion }) }
  const sent = { ...(open && { code: open.code }), ...(answerSends && { answerSends }) }
  return { v: 1, user, username, types, state, scopes, audiences, ...limits, ...password, ...sent }
}

/** Whether the password was changed between a challenge and its answer: what was begun with the old one has ended. */
function isOtherPassword(step: AnswerStep | SentStep, { passwordVersion }: Pick<ChallengeRecord, 'passwordVersion'>): boolean {
  if (passwordVersion === undefined || (step.outcome !== 'signed_in' && step.outcome !== 'challenge')) return false
  if (step.outcome === 'challenge' && step.passwordVersion === undefined) return false
  if (step.passwordVersion === undefined)
    throw new TypeError(
      'passwordGrants: authenticator gave a passwordVersion with the challenge, and must give it at the end, got undefined',
    )
  return String(step.passwordVersion) !== String(passwordVersion)
}

/** What steps of a sign-in are answered with. */
export interface SignInSteps {
  /** Asks for an answer. A new token for every one: the one before was used up. */
  challenge(record: ChallengeRecord, asked: GrantRequest, isRetry: boolean): Promise<Challenged>
  outcome(step: SentStep, asked: GrantRequest, wanted: Begun): Promise<GrantAnswer>
}

/** Grants, asks for more, or refuses. */
export function createSignInSteps(
  options: Required<Pick<PasswordGrantOptions, 'challengeLifetimeSeconds' | 'maxAnswers' | 'now' | 'randomBytes'>>,
): SignInSteps {
  const { challengeLifetimeSeconds, maxAnswers, now, randomBytes: random } = options

  async function challenge(record: ChallengeRecord, asked: GrantRequest, isRetry: boolean): Promise<Challenged> {
    const token = random(32).toString('base64url')
    const nowMs = now()
    await putChallenge(asked.stores.challenges, record, { token, asker: asked, nowMs })
    const expiresInSeconds = Math.max(1, Math.floor((record.endsAt - nowMs) / 1000))
    return { ok: false, challenge: { token, types: record.types, expiresInSeconds, isRetry } }
  }

  async function outcome(step: SentStep, asked: GrantRequest, wanted: Begun): Promise<GrantAnswer> {
    if (isOtherPassword(step, wanted)) return refused('wrong_credentials')
    switch (step.outcome) {
      case 'signed_in': {
        const { startedAt } = wanted
        return { ...grantedTo(step, wanted, asked.now), ...(startedAt !== undefined && { startedAt }) }
      }
      case 'challenge': {
        const { expiresInSeconds = challengeLifetimeSeconds } = step
        const endsAt = step.open?.endsAt ?? now() + Math.min(challengeLifetimeSeconds, expiresInSeconds) * 1000
        return challenge(recordOf(step, { startedAt: asked.now, ...wanted }, { attemptsLeft: maxAnswers, endsAt }), asked, false)
      }
      case 'refused':
        return refused('wrong_credentials')
      case 'too_many_codes':
        return step.refused
      case 'throttled':
        return refused('too_many_requests', { retryAfterSeconds: step.retryAfterSeconds })
    }
  }

  return { challenge, outcome }
}
