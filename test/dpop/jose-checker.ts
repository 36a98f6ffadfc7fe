import { createProofChecker } from '@countersign/jwt/dpop'
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose'
import { hashOf } from './proofs.js'

/** A proof with the request that it comes with. */
export interface ProofCase {
  readonly proof: string
  readonly method: string
  readonly url: string
  readonly accessToken: string | undefined
  readonly thumbprint: string | undefined
  /** Epoch seconds. */
  readonly now: number
}

const algorithms = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256']

/** As this package judges it. */
export function judgeHere({ now, ...presented }: ProofCase): string {
  const checked = createProofChecker({ now: () => now * 1000 }).check(presented)
  return checked.ok ? 'accepted' : checked.refusal.reason
}

const withoutQuery = (text: string): string => {
  const url = new URL(text)
  return `${url.origin}${url.pathname}`
}

/** RFC 9449 §4.3 as one writes it with jose, from its documentation, in the order of the RFC. */
export async function judgeJose({ proof, method, url, accessToken, thumbprint, now }: ProofCase): Promise<string> {
  try {
    const currentDate = new Date(now * 1000)
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms,
      currentDate,
      maxTokenAge: 60,
      clockTolerance: 5,
      requiredClaims: ['jti', 'htm', 'htu', 'iat'],
    })
    if (typeof payload.jti !== 'string' || payload.jti === '') return 'jti'
    if (payload.htm !== method) return 'htm'
    if (withoutQuery(String(payload.htu)) !== withoutQuery(url)) return 'htu'
    if (accessToken !== undefined && payload.ath !== hashOf(accessToken)) return 'ath'
    if (thumbprint !== undefined && (await calculateJwkThumbprint(protectedHeader.jwk as JWK)) !== thumbprint) return 'jkt'
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : 'refused'
  }
}
