import {
  hasOwn,
  originQueries,
  type RevocationPublisher,
  type RevocationQuery,
  type Signer,
  type SignerSource,
  Unavailable,
} from '@countersign/core'
import { signJwt } from '@countersign/jwt'
import { longestWithRefreshSeconds } from '../announce-revocation.js'
import type { UsedKey } from '../assertions/used-key.js'
import type { Client } from '../clients/record/client.js'
import { credentialName } from '../clients/record/credential-name.js'
import type { Grant, Granted, Grantee, GrantRequest, StartedFamily } from '../grants/grant.js'
import { refused, type TokenReason, type TokenRefused } from '../refusal.js'
import { checkGranted, furtherClaims } from './check-granted.js'
import { confirmationOf } from './confirmation.js'

type Claims = Readonly<Record<string, unknown>>

/** A token, and the key that signed it. */
export interface Signed {
  readonly accessToken: string
  readonly kid: string | undefined
}

/** A token of our own that is signed, but that nobody has yet. */
export interface Minted {
  readonly granted: Granted
  readonly claims: Claims
  readonly signed: Signed
  readonly lifetimeSeconds: number
  /** A family of refresh tokens that begins with it. */
  readonly started: StartedFamily | undefined
}

/** Whose token is signed, and by which key. */
interface MintRequest {
  readonly grant: Grant
  readonly request: GrantRequest
  readonly signer: Signer
  readonly jti: string
}

/** Makes access tokens that guards will take: what every guard refuses is not an answer. Both reject with `Unavailable`. */
interface Mint {
  /** Signs what was granted, and signs again where that key was revoked meanwhile. Nothing is kept in a store yet. */
  mint(asked: MintRequest, planned: Granted): Promise<Minted | TokenRefused>
  /** Judges once more what was signed before: the same token, or another one where its key was revoked since. */
  recheck(minted: Pick<Minted, 'signed' | 'claims'>, asked: Issued['asked']): Promise<Signed | TokenRefused>
}

/** What {@link createMint} needs. */
interface MintOptions {
  readonly issuer: string
  readonly grants: ReadonlyMap<string, Grant>
  /** Of grants and clients that do not say how long their access tokens live. */
  readonly accessTokenLifetimeSeconds: number
  /** The host's further claims. */
  readonly claims: ((grantee: Grantee) => Claims | Promise<Claims>) | undefined
  readonly signer: SignerSource
  readonly revocations: RevocationPublisher | undefined
}

/** Makes tokens of our own, for which a family of refresh tokens begins where the client gets one. */
export function createMint({
  issuer,
  grants,
  accessTokenLifetimeSeconds,
  claims: claimsOf,
  signer: signers,
  revocations,
}: MintOptions): Mint {
  const starter = [...grants.values()].find((grant) => grant.startFamily)
  const judge = createIssuedJudge(issuer, revocations)

  function lifeOf(grant: Grant, { client, now: issuedAt }: GrantRequest, granted: Granted): number {
    const { accessTokenLifetimeSeconds: set } = client
    const ofClient = typeof set === 'object' ? set[grant.type] : set
    const seconds = Math.max(1, Math.floor(ofClient ?? grant.accessTokenLifetimeSeconds ?? accessTokenLifetimeSeconds))
    const own = granted.family === undefined ? seconds : Math.min(seconds, longestWithRefreshSeconds)
    return Math.max(1, Math.min(own, Math.floor(granted.expiresAt ?? Number.POSITIVE_INFINITY) - issuedAt))
  }

  async function recheck(signed: Signed, claims: Claims, asked: Issued['asked'], isSecond = false): Promise<Signed | TokenRefused> {
    const fault = await judge({ claims, kid: signed.kid, asked })
    if (fault === undefined) return signed
    if (fault !== 'signing_key') return fault
    const next = await signers.current()
    if (isSecond || next.kid === signed.kid)
      throw new Unavailable('key_source_unavailable', { cause: new Error('the key that signs was revoked') })
    return sign(claims, next, asked, true)
  }

  async function sign(claims: Claims, signer: Signer, asked: Issued['asked'], isSecond = false): Promise<Signed | TokenRefused> {
    const accessToken = await signJwt(claims, { signer, typ: 'at+jwt' })
    return recheck({ accessToken, kid: signer.kid }, claims, asked, isSecond)
  }

  async function mint({ grant, request, signer, jti }: MintRequest, planned: Granted): Promise<Minted | TokenRefused> {
    const { client, secretId, key, now: issuedAt } = request
    const started =
      // What belongs to a family has no other one: it would outlive its own.
      planned.refreshToken === undefined && planned.family === undefined
        ? await starter?.startFamily?.(planned, { ...request, grantType: grant.continues ?? grant.type })
        : undefined
    const granted = started ? { ...planned, family: started.family } : planned
    const ofHost = (await claimsOf?.({ ...granted, client })) ?? {}
    const lifetimeSeconds = lifeOf(grant, request, granted)
    const claims = accessTokenClaims({
      issuer,
      client,
      secretId,
      key,
      cnf: confirmationOf(request),
      granted,
      claims: ofHost,
      jti,
      now: issuedAt,
      lifetimeSeconds,
    })
    const signed = await sign(claims, signer, request)
    return hasOwn(signed, 'refusal') ? signed : { granted, claims, signed, lifetimeSeconds, started }
  }

  return { mint, recheck: ({ signed, claims }, asked) => recheck(signed, claims, asked) }
}

/** What an access token is made of. Times are epoch seconds. */
interface AccessTokenParts {
  readonly issuer: string
  readonly client: Client
  readonly secretId: string | undefined
  readonly key: UsedKey | undefined
  readonly cnf: Claims | undefined
  readonly granted: Granted
  readonly claims: Claims
  readonly jti: string
  readonly now: number
  readonly lifetimeSeconds: number
}

const oneOrAll = (texts: readonly string[]): string | readonly string[] | undefined => (texts.length > 1 ? texts : texts[0])

/** Keys that the token depends on, each once. */
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
  const { issuer, client, secretId, key, cnf, granted, jti, now, lifetimeSeconds } = parts
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
    ...(cnf && { cnf }),
    client_credential: oneOrAll([credentialName(client, secretId), ...(granted.inherited ?? [])]),
    ...(keys.length > 0 && { client_key: oneOrAll(keys) }),
    ...(granted.family !== undefined && { refresh_family: granted.family }),
    ...(granted.origins && { exchanged_from: granted.origins }),
  }
}

/** Whose token was signed, and by which key. */
interface Issued {
  readonly claims: Claims
  readonly kid: string | undefined
  readonly asked: Pick<GrantRequest, 'secretId' | 'key'>
}

/** Judges tokens as guards will. Undefined: it lives. `signing_key`: with another key it may. Rejects with `Unavailable`. */
type JudgeIssued = (issued: Issued) => Promise<TokenRefused | 'signing_key' | undefined>

const isText = (value: unknown): value is string => typeof value === 'string'
const textOf = (value: unknown): string | undefined => (isText(value) ? value : undefined)

function queryOf(issuer: string, claims: Claims, kid: string | undefined): RevocationQuery {
  return {
    issuer,
    kid,
    thumbprint: undefined,
    jti: textOf(claims.jti),
    subject: textOf(claims.sub),
    clientId: textOf(claims.client_id),
    clientKeys: [claims.client_key, claims.client_credential].flat().filter(isText),
    family: textOf(claims.refresh_family),
    issuedAt: claims.iat as number,
    expiresAt: claims.exp as number,
  }
}

/** What the client authenticated with is what was most likely revoked; a client without either was locked. */
function endedCredential({ secretId, key }: Issued['asked']): TokenReason {
  if (key !== undefined) return 'assertion_key_revoked'
  return secretId === undefined ? 'locked_client' : 'wrong_secret'
}

/** Long enough that a token of then was issued after any revocation of now. */
const laterSeconds = 2

/**
 * Judges what was just signed by the view that this process has of revocations: a token that every guard refuses must not be the answer. With
 * a bare store this process has no view, and nothing is judged.
 */
function createIssuedJudge(issuer: string, revocations: RevocationPublisher | undefined): JudgeIssued {
  return async ({ claims, kid, asked }) => {
    const query = queryOf(issuer, claims, kid)
    const origins = originQueries(claims)
    const check = async (changes: Partial<RevocationQuery> = {}) => revocations?.check?.({ ...query, ...changes })
    if ((await check({ origins })) === undefined) return undefined
    const reason = await check()
    switch (reason) {
      case undefined:
        // Nothing of the request itself was revoked, so it is what it exchanges.
        return origins && refused('assertion_revoked')
      case 'revoked_key':
        return (await check({ kid: undefined })) === 'revoked_key' ? refused(endedCredential(asked)) : 'signing_key'
      case 'revoked_client':
        return refused('locked_client')
      case 'revoked_token':
        return refused('refresh_revoked')
      case 'revoked_subject': {
        // Within the second of the revocation nobody can tell old tokens from new ones: a moment later this one is good.
        const later = await check({ issuedAt: (claims.iat as number) + laterSeconds })
        if (later === 'revoked_subject') return refused('inactive_subject')
        throw new Unavailable('revocation_unavailable')
      }
      case 'unprovable':
        throw new Unavailable('revocation_unavailable')
    }
  }
}
