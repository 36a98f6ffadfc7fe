import { requireEpochSeconds, shownValue } from '@countersign/core'
import { isScopeToken } from '../clients/record/client.js'
import type { Granted } from '../grants/grant.js'

type Claims = Readonly<Record<string, unknown>>

/** Claims that only the endpoint sets: RFC 9068 §2.2, RFC 7519, RFC 8693, RFC 7800, those of Cognito and Entra that guards read, and our own. */
const reserved: readonly string[] = [
  'iss',
  'sub',
  'aud',
  // Names that guards read: whose it is, and what it allows. `scp`, `azp`, `cid` and `appid` are how others write these.
  'client_id',
  'azp',
  'cid',
  'appid',
  'scope',
  'scp',
  'token_use',
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
  'client_key',
  'client_credential',
  'refresh_family',
  'exchanged_from',
]

/** Without what is reserved, for claims that were kept before it was. */
export function withoutReserved(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !reserved.includes(name)))
}

/**
 * The further claims of a token: those of the endpoint, and those of the grant, which win.
 *
 * @throws TypeError for claims that are not the host's to set
 */
export function furtherClaims(ofEndpoint: Claims, ofGrant: Claims = {}): Claims {
  const claims = { ...ofEndpoint, ...ofGrant }
  if (Object.keys(claims).length === 0) return claims
  const taken = reserved.filter((name) => Object.hasOwn(claims, name))
  if (taken.length > 0)
    throw new TypeError(
      `createTokenEndpoint: claims must not have ${taken.join(', ')}: guards read these names, so only the endpoint sets them`,
    )
  return claims
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** A grant of the host's that forgot to say for whom must not end in a token for nobody. */
export function checkGranted({ subject, audiences, scopes, authentication, expiresAt }: Granted): void {
  if (!isText(subject)) throw new TypeError(`access token: subject of the grant must be a non-empty string, got ${shownValue(subject)}`)
  if (!Array.isArray(audiences) || audiences.length === 0 || !audiences.every(isText))
    throw new TypeError(`access token: audiences of the grant must be a non-empty array of strings, got ${shownValue(audiences)}`)
  if (!Array.isArray(scopes) || !scopes.every(isScopeToken))
    throw new TypeError(`access token: scopes of the grant must be scope-tokens (RFC 6749 §3.3), got ${shownValue(scopes)}`)
  if (authentication) requireEpochSeconds('access token: authentication.authTime of the grant', authentication.authTime)
  // One without an end may be said so, too.
  if (expiresAt !== undefined && expiresAt !== Number.POSITIVE_INFINITY)
    requireEpochSeconds('access token: expiresAt of the grant', expiresAt)
}
