import { randomUUID } from 'node:crypto'
import type { Now } from '@countersign/core'
import { createFakeIssuer, type FakeIssuer } from './fake-issuer.js'
import { type TestKey, testKeys } from './test-keys.js'
import type { TokenOptions } from './token-factory.js'

/** Options of {@link createFakeCognito}. */
export interface FakeCognitoOptions {
  /** @defaultValue `eu-central-1` */
  readonly region?: string
  /** @defaultValue `<region>_Test00000` */
  readonly userPoolId?: string
  /** @defaultValue `test-client` */
  readonly clientId?: string
  /** @defaultValue `testKeys.rs256` and `testKeys.rs256Other`: a pool publishes two */
  readonly keys?: readonly TestKey[]
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/** A user pool: tokens with Cognito's claims and AWS's `iss`, keys on loopback. `url` is what the preset takes as `endpoint`. */
export interface FakeCognito extends FakeIssuer {
  readonly region: string
  readonly userPoolId: string
  readonly clientId: string
  /** The pool's other form of `iss`. */
  readonly otherIssuer: string
  /** `token_use` access: no `aud`, the client stands in `client_id`. */
  accessToken(options?: TokenOptions): Promise<string>
  /** `token_use` id: the client stands in `aud`. */
  idToken(options?: TokenOptions): Promise<string>
}

/** Starts a fake user pool that serves `/<pool>/.well-known/jwks.json`. */
export async function createFakeCognito(options: FakeCognitoOptions = {}): Promise<FakeCognito> {
  const { region = 'eu-central-1', clientId = 'test-client', now = Date.now } = options
  const userPoolId = options.userPoolId ?? `${region}_Test00000`
  const fake = await createFakeIssuer({
    issuer: `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`,
    path: `/${userPoolId}`,
    keys: options.keys ?? [testKeys.rs256, testKeys.rs256Other],
    now,
  })
  // Cognito states no typ.
  const issue = (own: Readonly<Record<string, unknown>>, { claims, header, ...rest }: TokenOptions = {}): Promise<string> =>
    fake.token({ ...rest, header: { typ: undefined, ...header }, claims: { ...sharedClaims(now), ...own, ...claims } })
  return {
    ...fake,
    region,
    userPoolId,
    clientId,
    otherIssuer: `https://issuer-cognito-idp.${region}.amazonaws.com/${userPoolId}`,
    accessToken: (wanted) =>
      issue({ token_use: 'access', client_id: clientId, scope: 'aws.cognito.signin.user.admin', username: 'user-1' }, wanted),
    idToken: (wanted) =>
      issue({ token_use: 'id', aud: clientId, 'cognito:username': 'user-1', email: 'user-1@example.org', email_verified: true }, wanted),
  }
}

function sharedClaims(now: Now): Readonly<Record<string, unknown>> {
  return { origin_jti: randomUUID(), event_id: randomUUID(), auth_time: Math.floor(now() / 1000), 'cognito:groups': ['staff'] }
}
