import {
  originQueries,
  type RevocationPublisher,
  type RevocationQuery,
  type Signer,
  type SignerSource,
  Unavailable,
} from '@countersign/core'
import { signJwt } from '@countersign/jwt'
import type { GrantRequest } from '../grants/grant.js'
import { refused, type TokenReason, type TokenRefused } from '../refusal.js'

type Claims = Readonly<Record<string, unknown>>

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

/** A token, and the key that signed it. */
export interface Signed {
  readonly accessToken: string
  readonly kid: string | undefined
}

/** Signs access tokens that guards will take: what every guard refuses is not an answer. Both reject with `Unavailable`. */
export interface Signing {
  /** Signs, and signs again where that key was revoked meanwhile. */
  sign(claims: Claims, signer: Signer, asked: Issued['asked']): Promise<Signed | TokenRefused>
  /** Judges once more what was signed before: the same token, or another one where its key was revoked since. */
  recheck(signed: Signed, claims: Claims, asked: Issued['asked']): Promise<Signed | TokenRefused>
}

/** Signs and judges. */
export function createSigning(options: {
  readonly issuer: string
  readonly signer: SignerSource
  readonly revocations?: RevocationPublisher
}): Signing {
  const judge = createIssuedJudge(options.issuer, options.revocations)

  async function recheck(signed: Signed, claims: Claims, asked: Issued['asked'], isSecond = false): Promise<Signed | TokenRefused> {
    const fault = await judge({ claims, kid: signed.kid, asked })
    if (fault === undefined) return signed
    if (fault !== 'signing_key') return fault
    const next = await options.signer.current()
    if (isSecond || next.kid === signed.kid)
      throw new Unavailable('key_source_unavailable', { cause: new Error('the key that signs was revoked') })
    return sign(claims, next, asked, true)
  }

  async function sign(claims: Claims, signer: Signer, asked: Issued['asked'], isSecond = false): Promise<Signed | TokenRefused> {
    const accessToken = await signJwt(claims, { signer, typ: 'at+jwt' })
    return recheck({ accessToken, kid: signer.kid }, claims, asked, isSecond)
  }

  return {
    sign: (claims, signer, asked) => sign(claims, signer, asked),
    recheck: (signed, claims, asked) => recheck(signed, claims, asked),
  }
}
