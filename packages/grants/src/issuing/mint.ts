import { hasOwn, requireEpochSeconds, type Signer, shownValue } from '@countersign/core'
import { longestWithRefreshSeconds } from '../announce.js'
import type { UsedKey } from '../assertions/used-key.js'
import { type Client, isScopeToken } from '../clients/record/client.js'
import { credentialName } from '../clients/record/credential-name.js'
import type { Grant, Granted, Grantee, GrantRequest, StartedFamily } from '../grants/grant.js'
import type { TokenRefused } from '../refusal.js'
import type { Signed, Signing } from './signing.js'

type Claims = Readonly<Record<string, unknown>>

/** What an access token is made of. Times are epoch seconds. */
interface AccessTokenParts {
  readonly issuer: string
  readonly client: Client
  readonly secretId: string | undefined
  readonly key: UsedKey | undefined
  readonly granted: Granted
  readonly claims: Claims
  readonly jti: string
  readonly now: number
  readonly lifetimeSeconds: number
}

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

function furtherClaims(ofEndpoint: Claims, ofGrant: Claims = {}): Claims {
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
function checkGranted({ subject, audiences, scopes, authentication, expiresAt }: Granted): void {
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

const oneOrAll = (texts: readonly string[]): string | readonly string[] | undefined => (texts.length > 1 ? texts : texts[0])

/** Keys that the token is owed to, each once. */
export function keysOf({ keys = [] }: Pick<Granted, 'keys'>, key: UsedKey | undefined): readonly UsedKey[] {
  const all = key === undefined ? keys : [key, ...keys]
  return all.filter(({ thumbprint }, at) => all.findIndex((one) => one.thumbprint === thumbprint) === at)
}

/**
 * The claims of an access token (RFC 9068 §2.2).
 *
 * @throws TypeError for claims that are not the host's to set
 */
function accessTokenClaims(parts: AccessTokenParts): Claims {
  const { issuer, client, secretId, key, granted, jti, now, lifetimeSeconds } = parts
  const { subject, audiences, scopes, authentication } = granted
  checkGranted(granted)
  const keys = keysOf(granted, key).map(({ thumbprint }) => thumbprint)
  return {
    ...furtherClaims(parts.claims, granted.claims),
    iss: issuer,
    sub: subject,
    aud: oneOrAll(audiences),
    client_id: client.id,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    iat: now,
    exp: now + lifetimeSeconds,
    jti,
    ...(authentication && { auth_time: authentication.authTime, amr: authentication.amr, acr: authentication.acr }),
    client_credential: oneOrAll([credentialName(client, secretId), ...(granted.inherited ?? [])]),
    ...(keys.length > 0 && { client_key: oneOrAll(keys) }),
    ...(granted.family !== undefined && { refresh_family: granted.family }),
    ...(granted.origins && { exchanged_from: granted.origins }),
  }
}

/** A token of our own that is signed, but that nobody has yet. */
export interface Minted {
  readonly granted: Granted
  readonly claims: Claims
  readonly signed: Signed
  readonly lifetimeSeconds: number
  /** A chain of refresh tokens that begins with it. */
  readonly chain: StartedFamily | undefined
}

/** Whose token is signed, and by which key. */
interface MintRequest {
  readonly grant: Grant
  readonly request: GrantRequest
  readonly signer: Signer
  readonly jti: string
}

/** Signs what was granted. Nothing is kept in a store yet. */
type Mint = (asked: MintRequest, planned: Granted) => Promise<Minted | TokenRefused>

/** What {@link createMint} needs. */
interface MintOptions {
  readonly issuer: string
  readonly grants: ReadonlyMap<string, Grant>
  /** Of grants and clients that do not say how long their access tokens live. */
  readonly accessTokenLifetimeSeconds: number
  /** The host's further claims. */
  readonly claims: ((grantee: Grantee) => Claims | Promise<Claims>) | undefined
  readonly sign: Signing['sign']
}

/** Signs tokens of our own, for which a chain of refresh tokens begins where the client gets one. */
export function createMint({ issuer, grants, accessTokenLifetimeSeconds, claims: claimsOf, sign }: MintOptions): Mint {
  const chains = [...grants.values()].find((grant) => grant.startFamily)

  function lifeOf(grant: Grant, { client, now: issuedAt }: GrantRequest, granted: Granted): number {
    const { accessTokenLifetimeSeconds: set } = client
    const ofClient = typeof set === 'object' ? set[grant.type] : set
    const seconds = Math.max(1, Math.floor(ofClient ?? grant.accessTokenLifetimeSeconds ?? accessTokenLifetimeSeconds))
    const own = granted.family === undefined ? seconds : Math.min(seconds, longestWithRefreshSeconds)
    return Math.max(1, Math.min(own, Math.floor(granted.expiresAt ?? Number.POSITIVE_INFINITY) - issuedAt))
  }

  return async ({ grant, request, signer, jti }, planned) => {
    const { client, secretId, key, now: issuedAt } = request
    const chain =
      // What belongs to a chain has no other one: it would outlive its own.
      planned.refreshToken === undefined && planned.family === undefined
        ? await chains?.startFamily?.(planned, { ...request, grantType: grant.continues ?? grant.type })
        : undefined
    const granted = chain ? { ...planned, family: chain.family } : planned
    const ofHost = (await claimsOf?.({ ...granted, client })) ?? {}
    const lifetimeSeconds = lifeOf(grant, request, granted)
    const claims = accessTokenClaims({ issuer, client, secretId, key, granted, claims: ofHost, jti, now: issuedAt, lifetimeSeconds })
    const signed = await sign(claims, signer, request)
    return hasOwn(signed, 'refusal') ? signed : { granted, claims, signed, lifetimeSeconds, chain }
  }
}
