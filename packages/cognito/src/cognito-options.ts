import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import { checkOptions as checkEach, kind, type OptionKind, type OptionShape, type WireRequest } from '@countersign/core'
import { documentUrl } from '@countersign/jwt/jwks'
import type { CognitoClaims } from './access-claims.js'
import type { CognitoChallengeType } from './challenge-names.js'
import { type ClientSecret, createClientSecret } from './client-secret.js'
import { createRecognition } from './recognition.js'

/** A person whom Cognito just signed in. */
export interface CognitoSignIn {
  /** `sub`. */
  readonly subject: string
  /** How: `pwd`, and `otp` or `sms` with `mfa` after a challenge (RFC 8176). Cognito's tokens do not say. */
  readonly amr: readonly string[]
  /** Epoch seconds. */
  readonly authTime: number
  /** Claims of Cognito's access token. `origin_jti` is the same in every token of this sign-in, refreshed ones too. */
  readonly claims: CognitoClaims
  readonly request: WireRequest
}

/** The part of the SDK's client that is called. */
export type CognitoClient = Pick<CognitoIdentityProviderClient, 'send'>

/** Options of {@link createCognito}. */
export interface CognitoOptions {
  /** `<region>_<id>`, as the console shows it. */
  readonly userPoolId: string
  /** The app client; it needs the flow `ALLOW_USER_PASSWORD_AUTH`, and `PreventUserExistenceErrors`. */
  readonly clientId: string
  /** The app client's secret, or a function asked at every use. @defaultValue none */
  readonly clientSecret?: string | (() => string)
  /**
   * Or a function asked at every use. It keys digests of passwords, by which a sign-in that is repeated while its code is open goes on with that
   * code instead of having Cognito send another one. Processes that have the same one share open codes.
   * @defaultValue the app client's secret; without one, a random secret of this process
   */
  readonly recognitionSecret?: string | Uint8Array | (() => string | Uint8Array)
  /** @defaultValue the region that the pool's id begins with */
  readonly region?: string
  /** Base URL of an emulator. @defaultValue that of AWS */
  readonly endpoint?: string
  /** Takes an `endpoint` with plain http beyond loopback: passwords can be read on the way. @defaultValue false */
  readonly allowInsecure?: boolean
  /** A client of the SDK, in place of `region` and `endpoint`. It has to have `maxAttempts: 1`: a repeated password counts twice. */
  readonly client?: CognitoClient
  /** How long a call may take. Triggers of the pool have 5 seconds each. @defaultValue 10000 */
  readonly timeoutMs?: number
  /**
   * Whose tokens people get: those of Cognito as they are, or the token endpoint's own, for which Cognito only checks who it is.
   * @defaultValue `'cognito'`
   */
  readonly tokens?: 'cognito' | 'own'
  /** Claims for the token endpoint's own tokens. @defaultValue none */
  readonly claims?: (person: CognitoSignIn) => Readonly<Record<string, unknown>>
  /**
   * The call that refreshes. `GetTokensFromRefreshToken` works with rotation and without, `REFRESH_TOKEN_AUTH` without only;
   * emulators may have just that. @defaultValue `'GetTokensFromRefreshToken'`
   */
  readonly refreshWith?: 'GetTokensFromRefreshToken' | 'REFRESH_TOKEN_AUTH'
  /** What is chosen for people with several factors, the first that they have. @defaultValue they choose */
  readonly preferredFactors?: readonly CognitoChallengeType[]
  /** The app client's `AuthSessionValidity`: how long Cognito takes an answer to a challenge. @defaultValue 180 */
  readonly sessionLifetimeSeconds?: number
  /**
   * Tells Cognito's threat protection the person's address instead of the server's; the app client needs a secret and
   * `EnablePropagateAdditionalUserContextData`. @defaultValue false
   */
  readonly sendsAddress?: boolean
  /** Runs after every sign-in, before it is answered; what it rejects with is for the host's error handler. @defaultValue nothing */
  readonly onSignedIn?: (person: CognitoSignIn) => void | Promise<void>
}

/** Options with their defaults. */
export interface CheckedOptions
  extends Required<
    Pick<CognitoOptions, 'userPoolId' | 'clientId' | 'tokens' | 'refreshWith' | 'preferredFactors' | 'sessionLifetimeSeconds'>
  > {
  readonly secret: ClientSecret
  readonly recognise: (password: string) => string
  readonly client: CognitoClient
  /** Ends the client, if it is ours. */
  readonly end: () => void
  readonly timeoutMs: number
  readonly sendsAddress: boolean
  readonly claims: CognitoOptions['claims']
  readonly onSignedIn: CognitoOptions['onSignedIn']
}

const isUserPoolId = /^[a-z]{2}[a-z0-9-]{3,30}_[A-Za-z0-9]{1,55}$/
const factors = ['email_otp', 'software_token_mfa', 'sms_otp'] as const
const bytes: OptionKind = {
  ...kind.satisfying(
    'a string or bytes, or a function that returns them',
    (value) => typeof value === 'string' || value instanceof Uint8Array,
  ),
  isSecret: true,
}

const shape: OptionShape<CognitoOptions> = {
  userPoolId: kind.required(
    kind.satisfying('the id of a user pool, such as us-east-2_AbCdEfGhI', (id) => typeof id === 'string' && isUserPoolId.test(id)),
  ),
  clientId: kind.required(kind.string),
  clientSecret: {
    ...kind.either({ ...kind.string, isSecret: true }, { ...kind.func, must: 'a function that returns it' }),
    isSecret: true,
  },
  recognitionSecret: { ...kind.either(bytes, kind.func), must: bytes.must, isSecret: true },
  region: kind.string,
  endpoint: kind.string,
  allowInsecure: kind.flag,
  client: kind.having('a client of the AWS SDK', 'send'),
  timeoutMs: kind.number({ unit: 'milliseconds', isAbove: true }),
  tokens: kind.oneOf('cognito', 'own'),
  claims: kind.func,
  refreshWith: kind.oneOf('GetTokensFromRefreshToken', 'REFRESH_TOKEN_AUTH'),
  preferredFactors: kind.listOf(kind.oneOf(...factors), 0),
  sessionLifetimeSeconds: kind.positiveSeconds,
  sendsAddress: kind.flag,
  onSignedIn: kind.func,
}

function clientOf({ userPoolId, region, endpoint, allowInsecure = false, client }: CognitoOptions): Pick<CheckedOptions, 'client' | 'end'> {
  if (client) {
    if (region !== undefined || endpoint !== undefined)
      throw new TypeError(
        `createCognito: client must not be given with region or endpoint, got both client and ${region === undefined ? 'endpoint' : 'region'}`,
      )
    return { client, end: () => undefined }
  }
  const made = new CognitoIdentityProviderClient({
    region: region ?? userPoolId.slice(0, userPoolId.indexOf('_')),
    ...(endpoint !== undefined && { endpoint: documentUrl('createCognito: endpoint', endpoint, allowInsecure).href }),
    // What is worth repeating is repeated where it is known to be harmless.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000 },
  })
  return { client: made, end: () => made.destroy() }
}

/** @throws TypeError if an option is missing or wrong */
export function checkOptions(options: CognitoOptions): CheckedOptions {
  checkEach('createCognito', options, shape)
  const { userPoolId, clientId, tokens = 'cognito', refreshWith = 'GetTokensFromRefreshToken', preferredFactors = [] } = options
  const secret = createClientSecret(clientId, options.clientSecret)
  return {
    userPoolId,
    clientId,
    secret,
    recognise: createRecognition({ clientId, clientSecret: secret, recognitionSecret: options.recognitionSecret }),
    ...clientOf(options),
    timeoutMs: options.timeoutMs ?? 10_000,
    tokens,
    refreshWith,
    preferredFactors,
    sessionLifetimeSeconds: options.sessionLifetimeSeconds ?? 180,
    sendsAddress: options.sendsAddress ?? false,
    claims: options.claims,
    onSignedIn: options.onSignedIn,
  }
}
