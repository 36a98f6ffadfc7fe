import { randomUUID } from 'node:crypto'
import { checkOptions, kind, type Now, type OptionShape, wallClock } from '@countersign/core'
import { createFakeIssuer, type FakeIssuer } from '../fake-issuer/fake-issuer.js'
import { keyKind } from '../tokens/key-shape.js'
import { type TestKey, testKeys } from '../tokens/test-keys.js'
import type { TokenOptions } from '../tokens/token-factory.js'
import { createFakeChallenges, type FakeCognitoMail } from './challenges.js'
import { createFakeClients, type FakeCognitoClient } from './clients.js'
import { createFakeLockout } from './lockout.js'
import { createFakeOperations } from './operations.js'
import { createFakeProtocol, type FakeCognitoFailure, type FakeCognitoProtocol } from './protocol.js'
import { createFakeSeal } from './seal.js'
import { createFakeTokens } from './tokens.js'
import { createFakeUsers, type FakeCognitoUsers } from './users.js'

/** Options of {@link createFakeCognito}. */
export interface FakeCognitoOptions {
  /** @defaultValue `eu-central-1` */
  readonly region?: string
  /** @defaultValue `<region>_Test00000` */
  readonly userPoolId?: string
  /** @defaultValue `test-client` */
  readonly clientId?: string
  /** App clients beside or instead of that one: an entry of the same id replaces it. @defaultValue none */
  readonly clients?: readonly FakeCognitoClient[]
  /** How long a challenge can be answered. @defaultValue 180, as in Cognito */
  readonly sessionLifetimeSeconds?: number
  /** Wrong codes that a challenge takes. @defaultValue 5 */
  readonly wrongCodeLimit?: number
  /** How the challenge of an e-mail is spelt. @defaultValue `EMAIL_OTP` */
  readonly emailChallenge?: 'EMAIL_OTP' | 'EMAIL_MFA'
  /** Told of every code that is delivered. */
  readonly onCode?: (mail: FakeCognitoMail) => void
  /** Pools of one secret, keys and users take sessions and refresh tokens of each other, in other processes too. @defaultValue none */
  readonly secret?: string | Uint8Array
  /** @defaultValue `testKeys.rs256` and `testKeys.rs256Other`: a pool publishes two */
  readonly keys?: readonly TestKey[]
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/**
 * A user pool: tokens with Cognito's claims and AWS's `iss`, keys on loopback, and the API that the AWS SDK calls. `url` is
 * what the preset and the SDK take as `endpoint`.
 */
export interface FakeCognito extends FakeIssuer, Pick<FakeCognitoProtocol, 'calls' | 'failNext' | 'misbehave'> {
  readonly region: string
  readonly userPoolId: string
  readonly clientId: string
  /** The pool's other form of `iss`. */
  readonly otherIssuer: string
  /** `token_use` access: no `aud`, the client stands in `client_id`. */
  accessToken(options?: TokenOptions): Promise<string>
  /** `token_use` id: the client stands in `aud`. */
  idToken(options?: TokenOptions): Promise<string>
  readonly users: FakeCognitoUsers
  /** Codes that were delivered, in order. */
  readonly mails: readonly FakeCognitoMail[]
  /** Answers the next calls with `TooManyRequestsException`. */
  throttle(times: number, failure?: Partial<FakeCognitoFailure>): void
}

const shape: OptionShape<FakeCognitoOptions> = {
  region: kind.string,
  userPoolId: kind.string,
  clientId: kind.string,
  clients: kind.listOf(
    kind.members<FakeCognitoClient>({
      clientId: kind.required(kind.string),
      clientSecret: { ...kind.string, isSecret: true },
      refreshRotation: kind.flag,
      rotationGraceSeconds: kind.seconds,
      refreshTokenLifetimeSeconds: kind.seconds,
      accessTokenLifetimeSeconds: kind.seconds,
      preventUserExistenceErrors: kind.flag,
      allowsPasswords: kind.flag,
    }),
    0,
  ),
  sessionLifetimeSeconds: kind.seconds,
  wrongCodeLimit: kind.count,
  emailChallenge: kind.oneOf('EMAIL_OTP', 'EMAIL_MFA'),
  onCode: kind.func,
  secret: { ...kind.satisfying('a string or bytes', (value) => typeof value === 'string' || value instanceof Uint8Array), isSecret: true },
  keys: kind.listOf(keyKind, 0),
  now: kind.func,
}

/** Starts a fake user pool that serves `/<pool>/.well-known/jwks.json` and Cognito's API at `/`. */
export async function createFakeCognito(options: FakeCognitoOptions = {}): Promise<FakeCognito> {
  checkOptions('createFakeCognito', options, shape)
  const { region = 'eu-central-1', clientId = 'test-client', now = wallClock } = options
  const userPoolId = options.userPoolId ?? `${region}_Test00000`
  const users = createFakeUsers()
  const mails: FakeCognitoMail[] = []
  const protocol = createFakeProtocol(poolOperations(options, { users, mails, now, sign: (wanted) => issue({}, wanted) }))
  const fake = await createFakeIssuer({
    issuer: `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`,
    path: `/${userPoolId}`,
    keys: options.keys ?? [testKeys.rs256, testKeys.rs256Other],
    now,
    otherwise: protocol.serve,
  })
  // Cognito states no typ.
  const issue = (own: Readonly<Record<string, unknown>>, { claims, header, ...rest }: TokenOptions = {}): Promise<string> =>
    fake.token({ ...rest, header: { typ: undefined, ...header }, claims: { ...own, ...claims } })
  return {
    ...fake,
    region,
    userPoolId,
    clientId,
    users,
    mails,
    calls: protocol.calls,
    failNext: protocol.failNext,
    misbehave: protocol.misbehave,
    throttle: (times, failure) => protocol.failNext({ type: 'TooManyRequestsException', message: 'Rate exceeded', times, ...failure }),
    otherIssuer: `https://issuer-cognito-idp.${region}.amazonaws.com/${userPoolId}`,
    accessToken: (wanted) =>
      issue(
        { ...sharedClaims(now), token_use: 'access', client_id: clientId, scope: 'aws.cognito.signin.user.admin', username: 'user-1' },
        wanted,
      ),
    idToken: (wanted) =>
      issue(
        {
          ...sharedClaims(now),
          token_use: 'id',
          aud: clientId,
          'cognito:username': 'user-1',
          email: 'user-1@example.org',
          email_verified: true,
        },
        wanted,
      ),
  }
}

interface PoolParts {
  readonly users: FakeCognitoUsers
  readonly mails: FakeCognitoMail[]
  readonly now: Now
  readonly sign: (options: TokenOptions) => Promise<string>
}

function poolOperations(options: FakeCognitoOptions, { users, mails, now, sign }: PoolParts): ReturnType<typeof createFakeOperations> {
  const { clientId = 'test-client', clients = [], sessionLifetimeSeconds = 180, wrongCodeLimit = 5, emailChallenge = 'EMAIL_OTP' } = options
  const deliver = (mail: FakeCognitoMail): void => {
    mails.push(mail)
    options.onCode?.(mail)
  }
  const seal = createFakeSeal(options.secret)
  return createFakeOperations({
    users,
    clients: createFakeClients([...clients, { clientId }]),
    challenges: createFakeChallenges({ now, seal, sessionLifetimeSeconds, wrongCodeLimit, emailChallenge, deliver }),
    tokens: createFakeTokens({ users, sign, now, seal }),
    lockout: createFakeLockout(now),
  })
}

function sharedClaims(now: Now): Readonly<Record<string, unknown>> {
  return { origin_jti: randomUUID(), event_id: randomUUID(), auth_time: Math.floor(now() / 1000), 'cognito:groups': ['staff'] }
}
