import { hash } from 'node:crypto'
import { hasOwn, type Outcome, type Refusal, refuse } from '@countersign/core'
import { jsonKind } from '../json-kind.js'
import type { Jws } from '../parse-jwt.js'
import { parseClaims } from '../parse-jwt.js'
import { hasDotSegments, isSameTarget, shownTarget } from './target-url.js'

/** Longest `jti`: it is kept in a store. */
const maxIdLength = 256

/** The claims of a proof (RFC 9449 §4.2), with the types that they must have. */
export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly ath?: string
  readonly nonce?: string
  readonly exp?: number
  readonly nbf?: number
}

/** The request that a proof came with. */
export interface ProvedRequest {
  /** In the case in which it was sent. */
  readonly method: string
  /** The whole URL of the request, by the configuration of the server: never by the fields Host or X-Forwarded-Host. */
  readonly url: string
  /** The access token that the proof must name in `ath`. Absent at a token endpoint. */
  readonly accessToken?: string | undefined
}

const isString = (value: unknown): boolean => typeof value === 'string'
const rules: readonly (readonly [name: keyof ProofClaims, expected: string, fits: (value: unknown) => boolean])[] = [
  ['jti', `a string of 1 to ${maxIdLength} characters`, (jti) => typeof jti === 'string' && jti !== '' && jti.length <= maxIdLength],
  ['htm', 'a string', isString],
  ['htu', 'a string', isString],
  ['iat', 'a number of seconds', Number.isFinite],
  ['ath', 'a string', (ath) => ath === undefined || isString(ath)],
  ['nonce', 'a string', (nonce) => nonce === undefined || isString(nonce)],
]

/** A refusal of the parts that proofs and tokens have in common, under the reason of proofs. */
export function malformedProof(detail: Refusal['detail']): Outcome<never> {
  return { ok: false, refusal: refuse('proof_malformed', detail === undefined ? {} : { detail }) }
}

/** Reads the claims of a proof. Refusal: `proof_malformed`. */
export function proofClaims(jws: Jws): Outcome<{ claims: ProofClaims }> {
  const read = parseClaims(jws)
  if (hasOwn(read, 'refusal')) return malformedProof(read.refusal.detail)
  const claims: Readonly<Record<string, unknown>> = read.claims
  const wrong = rules.find(([name, , fits]) => !fits(claims[name]))
  if (wrong === undefined) return { ok: true, claims: claims as unknown as ProofClaims }
  const [name, expected] = wrong
  const received = name === 'jti' && isString(claims.jti) ? 'a string of another length' : jsonKind(claims[name])
  return malformedProof({ expected: `${name}: ${expected}`, received })
}

function otherUrl(htu: string, url: string): Refusal {
  const detail = hasDotSegments(url)
    ? { expected: 'a request whose path has no segment . or ..', received: shownTarget(url) }
    : { expected: shownTarget(url), received: shownTarget(htu) }
  return refuse('proof_url', { detail })
}

/**
 * Whether a proof was made for a request.
 *
 * @returns undefined, or a refusal `proof_method`, `proof_url`, `proof_access_token`
 */
export function otherRequest({ htm, htu, ath }: ProofClaims, { method, url, accessToken }: ProvedRequest): Refusal | undefined {
  if (htm !== method) return refuse('proof_method', { detail: { expected: method, received: htm } })
  if (!isSameTarget(htu, url)) return otherUrl(htu, url)
  if (accessToken === undefined || ath === hash('sha256', accessToken, 'base64url')) return undefined
  const received = ath === undefined ? 'no ath' : 'the hash of another text'
  return refuse('proof_access_token', { detail: { expected: 'ath: the SHA-256 of the access token', received } })
}
