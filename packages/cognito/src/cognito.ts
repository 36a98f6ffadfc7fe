import type { PasswordAuthenticator, RefreshProvider } from '@countersign/core'
import { type Asked, cannotAsk } from './ask.js'
import { type CognitoChallengeType, typeOf } from './challenge-names.js'
import { createAuthenticator } from './cognito-authenticator.js'
import { createCalls } from './cognito-calls.js'
import { type CognitoOptions, checkOptions } from './cognito-options.js'
import { createRefreshProvider } from './cognito-refresh.js'
import { createRefreshTokenText } from './refresh-token-text.js'

/** People of a user pool. Every method rejects with `Unavailable` when Cognito cannot be asked or is set up wrongly. */
export interface Cognito {
  /** For the password grant. */
  readonly authenticator: PasswordAuthenticator
  /** For the refresh grant: refresh tokens of Cognito. */
  readonly refreshProvider: RefreshProvider
  /**
   * The second factors that are active for the user of an access token of Cognito. None for a token that Cognito does not take:
   * expired, revoked, without the scope `aws.cognito.signin.user.admin`.
   */
  mfaSettings(accessToken: string): Promise<readonly CognitoChallengeType[]>
  /** The address of the user of such a token, if the pool has verified it. Undefined also for a token that Cognito does not take. */
  verifiedEmail(accessToken: string): Promise<string | undefined>
  /**
   * Ends a refresh token and the access tokens of its sign-in, as far as Cognito is asked about them.
   *
   * @returns false for a token of another app client
   */
  revoke(refreshToken: string): Promise<boolean>
  /** Ends connections of its own. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** What Cognito gave; undefined where it does not take the token. There is nobody to be told to come back later: that is an outage. */
function accepted<Output>(asked: Asked<Output>): Output | undefined {
  if (asked.ok) return asked.output
  const { failure } = asked
  if (failure.kind === 'throttled') throw cannotAsk(new Error('Cognito is asked too often'), failure.retryAfterSeconds)
  return undefined
}

/**
 * Sign-in, challenges and refresh for people of an Amazon Cognito user pool, through one app client.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createCognito(options: CognitoOptions): Cognito {
  const pool = checkOptions(options)
  const calls = createCalls(pool)
  const needsName = pool.refreshWith === 'REFRESH_TOKEN_AUTH' && options.clientSecret !== undefined
  const texts = createRefreshTokenText(pool.secret, { needsName, takesJwts: options.endpoint !== undefined })
  const close = async (): Promise<void> => pool.end()
  return {
    authenticator: createAuthenticator(pool, calls, texts),
    refreshProvider: createRefreshProvider(pool, calls, texts),
    async mfaSettings(accessToken) {
      const { UserMFASettingList = [] } = accepted(await calls.userOf(accessToken)) ?? {}
      return [...new Set(UserMFASettingList.flatMap((factor) => typeOf(factor) ?? []))]
    },
    async verifiedEmail(accessToken) {
      const { UserAttributes = [] } = accepted(await calls.userOf(accessToken)) ?? {}
      const attribute = (wanted: string): string | undefined => UserAttributes.find(({ Name }) => Name === wanted)?.Value
      // An address that nobody verified may be anybody's.
      return attribute('email_verified') === 'true' ? attribute('email') : undefined
    },
    async revoke(refreshToken) {
      const read = texts.read(refreshToken)
      return read !== undefined && accepted(await calls.revoke(read.token)) !== undefined
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
