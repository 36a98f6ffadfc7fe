import type { GrantRequest } from '../grants/grant.js'
import { refused, type TokenRefused } from '../refusal.js'
import type { ChallengeRecord } from './codes/stored-codes.js'
import { countedName } from './guesses/user-name.js'

/** A grant type that answers a challenge, and the names of its parameters. */
export interface Continuation {
  readonly grantType: string
  /** Carries the token of the challenge. */
  readonly tokenParameter: string
  /** Carries the answer. */
  readonly codeParameter: string
  /** The type of challenge that it answers. @defaultValue whichever was asked */
  readonly challengeType?: string
}

/** What an answer to a challenge brings. */
interface Code {
  readonly token: string
  readonly code: string
}

export interface Answer extends Code {
  /** Of the call that takes the challenge. */
  readonly callId: string
  /** Called when nobody knows whether the challenge was taken. */
  lost(): void
  /** Called with the challenge when the code was right, before anything else can fail. */
  passed(taken: ChallengeRecord): void
}

/** The token of a challenge and the answer to it. */
export function readAnswer(
  { parameters, requestedScopes, requestedAudiences }: GrantRequest,
  continuation: Continuation,
): Code | TokenRefused {
  const token = parameters.get(continuation.tokenParameter)
  const code = parameters.get(continuation.codeParameter)
  if (token === undefined || code === undefined) return refused('missing_parameter')
  // Both were decided with the password.
  return (requestedScopes ?? requestedAudiences) ? refused('malformed_request') : { token, code }
}

/** Whether the answer is to this challenge at all. */
export function isMeant(record: ChallengeRecord, continuation: Continuation, name: string | undefined): boolean {
  const { challengeType } = continuation
  if (challengeType !== undefined && !record.types.includes(challengeType)) return false
  return name === undefined || countedName(name) === record.username
}
