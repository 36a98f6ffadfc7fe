import { randomBytes, randomUUID } from 'node:crypto'
import type { Now } from '@countersign/core'
import type { TokenOptions } from '../tokens/token-factory.js'
import type { FakeCognitoClient } from './clients.js'
import { CognitoFault, notAuthorized } from './fault.js'
import type { FakeSeal } from './seal.js'
import type { FakeCognitoUser, FakeCognitoUsers } from './users.js'

/** `AuthenticationResult`. */
interface FakeAuthenticationResult {
  readonly AccessToken: string
  readonly IdToken: string
  readonly RefreshToken?: string
  readonly ExpiresIn: number
  readonly TokenType: 'Bearer'
}

/** The tokens of signed-in users. */
export interface FakeCognitoTokens {
  signIn(user: FakeCognitoUser, client: FakeCognitoClient): Promise<FakeAuthenticationResult>
  /** @param isRotating - whether the operation gives a new refresh token where the client says so */
  refresh(token: string, client: FakeCognitoClient, isRotating: boolean): Promise<FakeAuthenticationResult>
  /** The user of a refresh token, for its SECRET_HASH. */
  ownerOf(refreshToken: string): FakeCognitoUser | undefined
  /** The user of an access token that is still good. @throws CognitoFault otherwise */
  userOf(accessToken: string): FakeCognitoUser
  /** Ends a refresh token and the access tokens of its sign-in; one that nobody knows is ignored. */
  revoke(refreshToken: string, client: FakeCognitoClient): void
  /** Ends all of a user. */
  signOut(sub: string): void
}

/** What outlives the tokens of a sign-in. */
interface SignIn {
  readonly sub: string
  readonly clientId: string
  readonly originJti: string
  readonly authTime: number
  readonly endsAt: number
}

interface RefreshRecord {
  readonly signIn: SignIn
  /** Epoch milliseconds after which a rotated token is reuse. */
  usableUntil: number
}

/** A refresh token is a JWE that nobody but Cognito reads: here one of its parts is sealed, under the others. */
function refreshTokenText(seal: FakeSeal, signIn: SignIn): string {
  const header = Buffer.from(JSON.stringify({ cty: 'JWT', enc: 'A256GCM', alg: 'RSA-OAEP' })).toString('base64url')
  const [key, iv, tag] = [256, 12, 16].map((size) => randomBytes(size).toString('base64url'))
  return [header, key, iv, seal.seal([header, key, iv, tag].join('.'), signIn), tag].join('.')
}

function signInOf(seal: FakeSeal, token: string): SignIn | undefined {
  const [header, key, iv, sealed = '', ...tag] = token.split('.')
  return seal.open([header, key, iv, ...tag].join('.'), sealed) as SignIn | undefined
}

/** Makes the tokens. @param sign - signs claims as the pool does */
export function createFakeTokens(options: {
  readonly users: FakeCognitoUsers
  readonly sign: (options: TokenOptions) => Promise<string>
  readonly now: Now
  readonly seal: FakeSeal
}): FakeCognitoTokens {
  const { users, sign, now, seal } = options
  const refreshTokens = new Map<string, RefreshRecord>()
  const accessTokens = new Map<string, { readonly signIn: SignIn; readonly endsAt: number }>()
  const ended = new Set<string>()

  async function issue(signIn: SignIn, user: FakeCognitoUser, client: FakeCognitoClient): Promise<FakeAuthenticationResult> {
    const { clientId, accessTokenLifetimeSeconds: lifetimeSeconds = 3600 } = client
    const groups = user.groups.length > 0 ? { 'cognito:groups': user.groups } : {}
    const both = { sub: user.sub, origin_jti: signIn.originJti, event_id: randomUUID(), auth_time: signIn.authTime, ...groups }
    const access = { token_use: 'access', client_id: clientId, scope: 'aws.cognito.signin.user.admin', username: user.username }
    const id = {
      token_use: 'id',
      aud: clientId,
      'cognito:username': user.username,
      email: user.email,
      email_verified: user.isEmailVerified ?? true,
    }
    const AccessToken = await sign({ claims: { ...both, ...access }, lifetimeSeconds })
    const IdToken = await sign({ claims: { ...both, ...id }, lifetimeSeconds })
    accessTokens.set(AccessToken, { signIn, endsAt: now() + lifetimeSeconds * 1000 })
    return { AccessToken, IdToken, ExpiresIn: lifetimeSeconds, TokenType: 'Bearer' }
  }

  function remember(signIn: SignIn): string {
    const token = refreshTokenText(seal, signIn)
    refreshTokens.set(token, { signIn, usableUntil: Number.POSITIVE_INFINITY })
    return token
  }

  /** Also of a refresh token that another pool of the same secret made. */
  function recordOf(token: string): RefreshRecord | undefined {
    const known = refreshTokens.get(token)
    const signIn = known ? undefined : signInOf(seal, token)
    if (signIn === undefined) return known
    const record = { signIn, usableUntil: Number.POSITIVE_INFINITY }
    refreshTokens.set(token, record)
    return record
  }

  /** The record of a refresh token that this client may use now. */
  function usable(token: string, client: FakeCognitoClient): RefreshRecord {
    const record = recordOf(token)
    if (!record || record.signIn.clientId !== client.clientId) throw notAuthorized('Invalid Refresh Token')
    if (ended.has(record.signIn.originJti)) throw notAuthorized('Refresh Token has been revoked')
    if (record.signIn.endsAt <= now()) throw notAuthorized('Refresh Token has expired')
    if (record.usableUntil < now()) throw new CognitoFault('RefreshTokenReuseException', 'Refresh token reuse has been detected.')
    return record
  }

  return {
    async signIn(user, client) {
      const nowMs = now()
      const endsAt = nowMs + (client.refreshTokenLifetimeSeconds ?? 2_592_000) * 1000
      const authTime = Math.floor(nowMs / 1000)
      const signIn = { sub: user.sub, clientId: client.clientId, originJti: randomUUID(), authTime, endsAt }
      return { ...(await issue(signIn, user, client)), RefreshToken: remember(signIn) }
    },
    async refresh(token, client, isRotating) {
      const record = usable(token, client)
      const user = users.find(record.signIn.sub)
      if (!user) throw new CognitoFault('UserNotFoundException', 'User does not exist.')
      if (!user.isEnabled) throw notAuthorized('User is disabled.')
      const result = await issue(record.signIn, user, client)
      if (!isRotating || client.refreshRotation !== true) return result
      record.usableUntil = Math.min(record.usableUntil, now() + (client.rotationGraceSeconds ?? 0) * 1000 - 1)
      return { ...result, RefreshToken: remember(record.signIn) }
    },
    ownerOf: (token) => users.find(recordOf(token)?.signIn.sub ?? ''),
    userOf(token) {
      const record = accessTokens.get(token)
      const user = users.find(record?.signIn.sub ?? '')
      if (!record || !user) throw notAuthorized('Invalid Access Token')
      if (record.endsAt <= now()) throw notAuthorized('Access Token has expired')
      // Who is disabled has no access tokens any more.
      if (ended.has(record.signIn.originJti) || !user.isEnabled) throw notAuthorized('Access Token has been revoked')
      return user
    },
    revoke(token, client) {
      const record = recordOf(token)
      if (record && record.signIn.clientId !== client.clientId)
        throw new CognitoFault('UnauthorizedException', 'Token was not issued to this client')
      if (record) ended.add(record.signIn.originJti)
    },
    signOut(sub) {
      for (const { signIn } of refreshTokens.values()) if (signIn.sub === sub) ended.add(signIn.originJti)
    },
  }
}
