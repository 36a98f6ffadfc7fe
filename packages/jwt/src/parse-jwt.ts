import { hasOwn, type JwtClaims, type Outcome, type Refusal, refuse } from '@countersign/core'
import { decodeBase64url } from './base64url.js'
import { type JwsHeader, parseHeader } from './header.js'
import type { HeaderMemo } from './header-memo.js'
import { exactInteger, jsonKind } from './json-kind.js'
import { type JsonReason, parseJsonObject } from './strict-json.js'
import { shapeFault, sizeReason } from './token-shape.js'

/** A parsed compact JWS (RFC 7515 §3.1). Nothing of it is verified. */
export interface Jws {
  readonly header: JwsHeader
  readonly payload: Buffer
  readonly signature: Buffer
  /** What is signed: header and payload segment with the dot between them, in ASCII. */
  readonly signingInput: Buffer
  readonly headerSegment: string
}

/** How a JWS is parsed. */
export interface ParseJwsOptions {
  /** Longest token in bytes. @defaultValue 8192 */
  readonly maxBytes?: number
  /** Headers of tokens that were verified before. */
  readonly headers?: HeaderMemo | undefined
}

const malformed = (token: string): Outcome<never> => ({ ok: false, refusal: shapeFault(token) })

/**
 * Takes a compact JWS apart: size, ASCII, exactly three segments that are not empty, strict base64url, header.
 *
 * @param token - the token alone, without `Bearer` and without surrounding space
 * @returns refusals `too_large`, `malformed`, `header`, `algorithm` (unknown, or `none`)
 */
export function parseJws(token: string, options?: ParseJwsOptions): Outcome<{ jws: Jws }> {
  const maxBytes = options?.maxBytes ?? 8192
  if (token.length > maxBytes) return { ok: false, refusal: sizeReason(token, maxBytes) }
  const firstDot = token.indexOf('.')
  const secondDot = token.indexOf('.', firstDot + 1)
  if (firstDot < 1 || secondDot < firstDot + 2 || secondDot === token.length - 1) return malformed(token)
  const payload = decodeBase64url(token.slice(firstDot + 1, secondDot))
  // A third dot is junk in the last segment.
  const signature = decodeBase64url(token.slice(secondDot + 1))
  if (!payload || !signature) return malformed(token)
  const headerSegment = token.slice(0, firstDot)
  let header = options?.headers?.get(headerSegment)
  if (header === undefined) {
    // Longer in bytes: not ASCII.
    if (Buffer.byteLength(headerSegment) !== headerSegment.length) return malformed(token)
    const parsed = parseHeader(headerSegment)
    if (!parsed.ok) return parsed
    header = parsed.header
  }
  // All three segments are base64url here, so one byte stands for each character.
  const signingInput = Buffer.from(token.slice(0, secondDot), 'latin1')
  return { ok: true, jws: { header, payload, signature, signingInput, headerSegment } }
}

/** Claims whose registered members have their RFC 7519 §4.1 types where present; none is required yet. */
export interface ParsedClaims extends Readonly<Record<string, unknown>> {
  readonly iss?: string
  readonly sub?: JwtClaims['sub']
  readonly aud?: JwtClaims['aud']
  readonly exp?: number
  readonly nbf?: JwtClaims['nbf']
  readonly iat?: JwtClaims['iat']
  readonly jti?: JwtClaims['jti']
}

interface RegisteredClaim {
  readonly name: 'iss' | 'sub' | 'aud' | 'exp' | 'nbf' | 'iat' | 'jti'
  /** What it must be, for the detail of a refusal. */
  readonly expected: string
  fits(value: unknown): boolean
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isTime = (value: unknown): boolean => Number.isFinite(value)
const isAudience = (value: unknown): boolean => isText(value) || (Array.isArray(value) && value.every(isText))
const aTime = 'a number of seconds'

/** RFC 7519 §4.1: StringOrURI, NumericDate (fractions of a second are legal, §2), audience as one or several strings. */
const registered: readonly RegisteredClaim[] = [
  { name: 'iss', expected: 'a string', fits: isText },
  { name: 'sub', expected: 'a string that is not empty', fits: (value) => isText(value) && value !== '' },
  { name: 'aud', expected: 'a string, or an array of strings', fits: isAudience },
  { name: 'exp', expected: aTime, fits: isTime },
  { name: 'nbf', expected: aTime, fits: isTime },
  { name: 'iat', expected: aTime, fits: isTime },
  { name: 'jti', expected: 'a string', fits: isText },
]

function claimFault(name: string, expected: string, received: string): Refusal {
  return refuse('claims', { detail: { expected: `${name}: ${expected}`, received } })
}

/**
 * The refusal of a token that lacks a claim which it needs.
 *
 * @param name - of the claim
 */
export function missingClaim(name: 'iss' | 'exp' | 'iat'): Refusal {
  return claimFault(name, name === 'iss' ? 'a string' : aTime, 'nothing')
}

function faultOf(reason: JsonReason): Refusal {
  if (reason.kind === 'malformed') return refuse('malformed', { detail: { expected: 'claims as one JSON object', received: reason.what } })
  return claimFault(reason.member.slice(0, 50), exactInteger, 'an integer that a double cannot hold')
}

/**
 * Reads the payload of a JWS as a JWT claims set.
 *
 * @returns the claims, deeply frozen, the object itself without a prototype; refusals `malformed` (not one strict JSON
 * object) and `claims` (a registered claim has the wrong type, or a claim holds an integer beyond ±(2^53 - 1))
 */
export function parseClaims(jws: Pick<Jws, 'payload'>): Outcome<{ claims: ParsedClaims }> {
  const read = parseJsonObject(jws.payload)
  if (hasOwn(read, 'reason')) return { ok: false, refusal: faultOf(read.reason) }
  const { object } = read
  const wrong = registered.find(({ name, fits }) => object[name] !== undefined && !fits(object[name]))
  if (wrong === undefined) return { ok: true, claims: object }
  return { ok: false, refusal: claimFault(wrong.name, wrong.expected, jsonKind(object[wrong.name])) }
}

/**
 * Reads a whole JWT: {@link parseJws}, then {@link parseClaims}. Nothing of it is verified.
 *
 * @param token - the token alone, without `Bearer` and without surrounding space
 * @returns the refusals of both
 */
export function parseJwt(token: string, options?: ParseJwsOptions): Outcome<{ jws: Jws; claims: ParsedClaims }> {
  const parsed = parseJws(token, options)
  if (!parsed.ok) return parsed
  const { jws } = parsed
  const read = parseClaims(jws)
  return read.ok ? { ok: true, jws, claims: read.claims } : read
}
