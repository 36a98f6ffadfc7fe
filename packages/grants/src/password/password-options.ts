import type { Now, PasswordAuthenticator } from '@countersign/core'
import type { Continuation } from './continuation.js'
import type { GuessLimits } from './guess-limits.js'

/** Options of {@link passwordGrants}. */
export interface PasswordGrantOptions {
  readonly authenticator: PasswordAuthenticator
  /** @defaultValue `urn:countersign:grant-type:mfa` with `mfa_token` and `code` */
  readonly continuations?: readonly Continuation[]
  /** How long a challenge and its code can be answered; less where the authenticator says so. @defaultValue 300 */
  readonly challengeSeconds?: number
  /** Answers that one code takes, or one challenge where no code is sent. @defaultValue 5 */
  readonly maxAnswers?: number
  readonly limits?: GuessLimits
  /** @defaultValue that of the endpoint */
  readonly accessTokenSeconds?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  readonly randomBytes?: (size: number) => Buffer
}

const usual: Continuation = { grantType: 'urn:countersign:grant-type:mfa', tokenParameter: 'mfa_token', codeParameter: 'code' }

/** @throws TypeError if an option is missing or wrong */
export function checkedOptions({
  authenticator,
  continuations = [usual],
  challengeSeconds = 300,
  maxAnswers = 5,
}: PasswordGrantOptions): Required<Pick<PasswordGrantOptions, 'authenticator' | 'continuations' | 'challengeSeconds' | 'maxAnswers'>> {
  if (typeof authenticator?.start !== 'function' || typeof authenticator.answer !== 'function')
    throw new TypeError('passwordGrants: authenticator is required')
  if (!(Number.isFinite(challengeSeconds) && challengeSeconds > 0))
    throw new TypeError('passwordGrants: challengeSeconds is a positive number')
  if (!(Number.isInteger(maxAnswers) && maxAnswers > 0)) throw new TypeError('passwordGrants: maxAnswers is a positive whole number')
  return { authenticator, continuations, challengeSeconds, maxAnswers }
}
