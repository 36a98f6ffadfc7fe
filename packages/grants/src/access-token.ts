import type { Signer } from '@countersign/core'
import { signJwt } from '@countersign/jwt'
import type { Client } from './client.js'
import { credentialName } from './clients.js'
import type { Granted } from './grant.js'

type Claims = Readonly<Record<string, unknown>>

/** What an access token is made of. Times are epoch seconds. */
export interface AccessTokenParts {
  readonly issuer: string
  readonly client: Client
  readonly secretId: string | undefined
  readonly granted: Granted
  readonly claims: Claims
  readonly jti: string
  readonly now: number
  readonly lifeSeconds: number
}

/** Claims that only the endpoint sets: RFC 9068 §2.2, RFC 7519, RFC 8693, RFC 7800 and our own. */
const reserved: readonly string[] = [
  'iss',
  'sub',
  'aud',
  'client_id',
  'scope',
  'iat',
  'nbf',
  'exp',
  'jti',
  'auth_time',
  'amr',
  'acr',
  'act',
  'may_act',
  'cnf',
  'azp',
  'cid',
  'client_key',
]

function furtherClaims(ofEndpoint: Claims, ofGrant: Claims = {}): Claims {
  const claims = { ...ofEndpoint, ...ofGrant }
  const taken = reserved.filter((name) => Object.hasOwn(claims, name))
  if (taken.length > 0) throw new TypeError(`access token: ${taken.join(', ')} cannot be set by the host`)
  return claims
}

/**
 * Signs an access token (RFC 9068).
 *
 * @throws TypeError for claims that are not the host's to set
 */
export async function signAccessToken(signer: Signer, parts: AccessTokenParts): Promise<string> {
  const { issuer, client, secretId, granted, jti, now, lifeSeconds } = parts
  const { subject, audiences, scopes, authentication } = granted
  const claims = {
    ...furtherClaims(parts.claims, granted.claims),
    iss: issuer,
    sub: subject,
    aud: audiences.length === 1 ? audiences[0] : audiences,
    client_id: client.id,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    iat: now,
    exp: now + lifeSeconds,
    jti,
    ...(authentication && { auth_time: authentication.authTime, amr: authentication.amr, acr: authentication.acr }),
    // By it a guard knows tokens whose secret was revoked.
    ...(secretId !== undefined && { client_key: credentialName(secretId) }),
  }
  return signJwt(claims, { signer, typ: 'at+jwt' })
}
