import { checkOptions, kind, type Now, type OptionShape, type PasswordAuthenticator } from '@countersign/core'
import { accessTokenLifetimeKind } from '../grants/grant.js'
import type { Continuation } from './continuation.js'
import { type GuessLimits, guessLimitsKind } from './guesses/guess-limits.js'

/** Options of {@link passwordGrants}. */
export interface PasswordGrantOptions {
  readonly authenticator: PasswordAuthenticator
  /** @defaultValue `urn:countersign:grant-type:mfa` with `mfa_token` and `code` */
  readonly continuations?: readonly Continuation[]
  /** How long a challenge and its code can be answered; less where the authenticator says so. @defaultValue 300 */
  readonly challengeLifetimeSeconds?: number
  /** Answers that one code takes, or one challenge where no code is sent. @defaultValue 5 */
  readonly maxAnswers?: number
  readonly limits?: GuessLimits
  /** @defaultValue that of the endpoint */
  readonly accessTokenLifetimeSeconds?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  readonly randomBytes?: (size: number) => Buffer
}

const usual: Continuation = { grantType: 'urn:countersign:grant-type:mfa', tokenParameter: 'mfa_token', codeParameter: 'code' }

const shape: OptionShape<PasswordGrantOptions> = {
  authenticator: kind.required(kind.having('an authenticator, for instance hostUsers(…) or createCognito(…)', 'start', 'answerChallenge')),
  continuations: kind.listOf(
    kind.members<Continuation>({
      grantType: kind.required(kind.string),
      tokenParameter: kind.required(kind.string),
      codeParameter: kind.required(kind.string),
      challengeType: kind.string,
    }),
    0,
  ),
  challengeLifetimeSeconds: kind.positiveSeconds,
  maxAnswers: kind.count,
  limits: guessLimitsKind,
  accessTokenLifetimeSeconds: accessTokenLifetimeKind,
  now: kind.func,
  randomBytes: kind.func,
}

/** @throws TypeError if an option is missing or wrong */
export function checkedOptions(
  options: PasswordGrantOptions,
): Required<Pick<PasswordGrantOptions, 'authenticator' | 'continuations' | 'challengeLifetimeSeconds' | 'maxAnswers'>> {
  checkOptions('passwordGrants', options, shape)
  const { authenticator, continuations = [usual], challengeLifetimeSeconds = 300, maxAnswers = 5 } = options
  return { authenticator, continuations, challengeLifetimeSeconds, maxAnswers }
}
