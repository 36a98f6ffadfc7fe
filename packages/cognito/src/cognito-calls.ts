import {
  GetTokensFromRefreshTokenCommand,
  GetUserCommand,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import type { WireRequest } from '@countersign/core'
import { type Asked, createAsk } from './ask.js'
import { asChallengeName } from './challenge-names.js'
import type { ChallengeReply, ChallengeState } from './challenge-state.js'
import type { CheckedOptions } from './cognito-options.js'

/** `AuthenticationResult`. */
export interface TokenResult {
  readonly AccessToken?: string | undefined
  readonly ExpiresIn?: number | undefined
  readonly RefreshToken?: string | undefined
}

/** A challenge or tokens. */
export interface SignInReply extends ChallengeReply {
  readonly AuthenticationResult?: TokenResult | undefined
}

/** What Cognito says of a user. */
interface UserReply {
  readonly UserMFASettingList?: readonly string[] | undefined
  readonly UserAttributes?: readonly { readonly Name?: string | undefined; readonly Value?: string | undefined }[] | undefined
}

/** The calls that are made. Each rejects with `Unavailable` for an outage and for what is set up wrongly. */
export interface CognitoCalls {
  initiate(username: string, password: string, request: WireRequest): Promise<Asked<SignInReply>>
  respond(
    state: Pick<ChallengeState, 'name' | 'session' | 'username'>,
    answer: Readonly<Record<string, string>>,
    request: WireRequest,
  ): Promise<Asked<SignInReply>>
  /** @param username - for `REFRESH_TOKEN_AUTH` */
  refresh(token: string, username: string | undefined): Promise<Asked<SignInReply>>
  userOf(accessToken: string): Promise<Asked<UserReply>>
  revoke(refreshToken: string): Promise<Asked<unknown>>
}

/** The calls of one app client. */
export function createCalls(options: CheckedOptions): CognitoCalls {
  const { client, clientId: ClientId, secret, refreshWith, sendsAddress } = options
  const ask = createAsk(options.timeoutMs)

  function contextOf({ ip }: WireRequest): { readonly UserContextData?: { readonly IpAddress: string } } {
    return sendsAddress && ip !== undefined ? { UserContextData: { IpAddress: ip } } : {}
  }

  /** The secret itself, for the calls that take it unhashed. */
  function plainSecret(): { readonly ClientSecret?: string } {
    const plain = secret.plain()
    return plain === undefined ? {} : { ClientSecret: plain }
  }

  return {
    initiate(username, password, request) {
      const AuthParameters = { USERNAME: username, PASSWORD: password, ...secret.hashFor(username) }
      const command = new InitiateAuthCommand({ AuthFlow: 'USER_PASSWORD_AUTH', ClientId, AuthParameters, ...contextOf(request) })
      return ask((how) => client.send(command, how))
    },
    respond({ name, session, username }, answer, request) {
      const ChallengeResponses = { USERNAME: username, ...answer, ...secret.hashFor(username) }
      const command = new RespondToAuthChallengeCommand({
        ClientId,
        ChallengeName: asChallengeName(name),
        Session: session,
        ChallengeResponses,
        ...contextOf(request),
      })
      return ask((how) => client.send(command, how))
    },
    refresh(token, username) {
      if (refreshWith === 'GetTokensFromRefreshToken') {
        // With rotation the token may be used up. A client that lost the answer must ask again within the grace period of the app client.
        const command = new GetTokensFromRefreshTokenCommand({ RefreshToken: token, ClientId, ...plainSecret() })
        return ask((how) => client.send(command, how))
      }
      const AuthParameters = { REFRESH_TOKEN: token, ...(username !== undefined && secret.hashFor(username)) }
      const command = new InitiateAuthCommand({ AuthFlow: 'REFRESH_TOKEN_AUTH', ClientId, AuthParameters })
      return ask((how) => client.send(command, how), { isRepeatable: true })
    },
    userOf: (accessToken) => ask((how) => client.send(new GetUserCommand({ AccessToken: accessToken }), how), { isRepeatable: true }),
    revoke(refreshToken) {
      const command = new RevokeTokenCommand({ Token: refreshToken, ClientId, ...plainSecret() })
      return ask((how) => client.send(command, how), { isRepeatable: true })
    },
  }
}
