import type { AnswerStep, PasswordAuthenticator, SignInStep, WireRequest } from '@countersign/core'
import type { Asked } from './ask.js'
import { challengeRow, typeOf } from './challenge-names.js'
import { type ChallengeState, readChallenge, stateOf, stateText, typesOf } from './challenge-state.js'
import type { CognitoCalls, SignInReply } from './cognito-calls.js'
import type { CheckedOptions } from './cognito-options.js'
import type { Failure } from './failures.js'
import type { RefreshTokenText } from './refresh-token-text.js'
import { readResult, signedIn } from './signed-in.js'

type Before = Pick<ChallengeState, 'username' | 'amr'>
type Step = Exclude<AnswerStep, { readonly outcome: 'wrong_code' }>

const refused = { outcome: 'refused' } as const
/** What Cognito takes as a user name and as a password; anything else it calls a mistake of the app's. */
const name = /^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$/u
const password = /^\S(?:.*\S)?$/s
const maxPasswordLength = 256
const digits = /^\d{6,8}$/

const isPassword = (text: string): boolean => text.length <= maxPasswordLength && password.test(text)

/** People copy codes with spaces around and in them. */
const codeIn = (text: string): string => text.replaceAll(/\s/g, '')

function unlessThrottled(failure: Failure): Step {
  return failure.kind === 'throttled' ? { outcome: 'throttled', retryAfterSeconds: failure.retryAfterSeconds } : refused
}

/** The factor that an answer picks: by its type, by naming it, or because a code of an app is all there can be yet. */
function picked({ choices }: ChallengeState, type: string | undefined, text: string): string | undefined {
  const wanted = type ?? (digits.test(codeIn(text)) ? 'software_token_mfa' : text)
  return choices.find((choice) => typeOf(choice) === wanted)
}

/** Signs people in with USER_PASSWORD_AUTH and what Cognito asks after the password. */
export function createAuthenticator(pool: CheckedOptions, calls: CognitoCalls, texts: RefreshTokenText): PasswordAuthenticator {
  const choose = (state: ChallengeState, choice: string, request: WireRequest): Promise<Asked<SignInReply>> =>
    calls.respond(state, { ANSWER: choice }, request)

  async function challenged(state: ChallengeState | undefined, request: WireRequest): Promise<Step> {
    if (state === undefined) return refused
    const preferred = pool.preferredFactors.flatMap((type) => state.choices.find((choice) => typeOf(choice) === type) ?? [])[0]
    if (preferred !== undefined) return proceed(await choose(state, preferred, request), state, request)
    return {
      outcome: 'challenge',
      types: typesOf(state),
      user: state.username.normalize('NFKC').toLowerCase(),
      state: stateText(state),
      expiresInSeconds: pool.sessionLifetimeSeconds,
      wasSent: challengeRow(state.name)?.isSent === true,
      // Only a choice has a message sent; with `preferredFactors` it was made already.
      answerSends: state.choices.some((choice) => challengeRow(choice)?.isSent === true),
    }
  }

  /** What Cognito's reply comes to. */
  async function proceed(asked: Asked<SignInReply>, before: Before, request: WireRequest): Promise<Step> {
    if (!asked.ok) return unlessThrottled(asked.failure)
    const { ChallengeName, AuthenticationResult } = asked.output
    if (ChallengeName !== undefined) return challenged(readChallenge({ ...asked.output, ChallengeName }, before), request)
    const received = readResult(AuthenticationResult, { pool, amr: before.amr, request })
    await pool.onSignedIn?.(received.person)
    return signedIn(received, pool, texts)
  }

  /** Answers a challenge that has one answer. */
  async function respond(state: ChallengeState, text: string, request: WireRequest): Promise<AnswerStep> {
    const row = challengeRow(state.name)
    const isNewPassword = row?.type === 'new_password_required'
    const answer = isNewPassword ? text : codeIn(text)
    const again = { outcome: 'wrong_code', state: stateText(state) } as const
    if (row === undefined || !(isNewPassword ? isPassword(answer) : digits.test(answer))) return again
    const asked = await calls.respond(state, { [row.parameter]: answer }, request)
    const kind = asked.ok ? undefined : asked.failure.kind
    // A code of an app that was used before: the next one is half a minute away. A code that was sent comes but once.
    if (kind === 'wrong' || (kind === 'expired' && row.type === 'software_token_mfa')) return again
    return proceed(asked, { username: state.username, amr: [...new Set([...state.amr, ...row.proves])] }, request)
  }

  async function select(state: ChallengeState, type: string | undefined, code: string, request: WireRequest): Promise<AnswerStep> {
    const choice = picked(state, type, code)
    if (choice === undefined) return { outcome: 'wrong_code', state: stateText(state) }
    const asked = await choose(state, choice, request)
    const next = asked.ok ? asked.output.ChallengeName : undefined
    // An authenticator app shows its code before the challenge: the code may come with the password.
    if (asked.ok && next === 'SOFTWARE_TOKEN_MFA' && digits.test(codeIn(code))) {
      const following = readChallenge({ ...asked.output, ChallengeName: next }, state)
      if (following) return respond(following, code, request)
    }
    return proceed(asked, state, request)
  }

  return {
    recognise: pool.recognise,
    async start({ username, password: given, request }): Promise<SignInStep> {
      if (!name.test(username) || !isPassword(given)) return refused
      return proceed(await calls.initiate(username, given, request), { username, amr: ['pwd'] }, request)
    },
    async answerChallenge({ state: text, type, code, request }) {
      const state = stateOf(text)
      if (state.choices.length > 0) return select(state, type, code, request)
      if (type !== undefined && typeOf(state.name) !== type) return { outcome: 'wrong_code', state: text }
      return respond(state, code, request)
    },
  }
}
