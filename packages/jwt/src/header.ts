import { type Algorithm, hasOwn, type Outcome, refuse } from '@countersign/core'
import { isAlgorithm } from './algorithms.js'
import { decodeBase64url } from './base64url.js'
import { exactInteger, jsonKind } from './json-kind.js'
import { type JsonReason, parseJsonObject } from './strict-json.js'

/** A JOSE header (RFC 7515 §4), deeply frozen and without a prototype. Of its members only these three are ever obeyed. */
export interface JwsHeader {
  readonly alg: Algorithm
  /** Not empty; an empty `kid` names nothing and is left out. */
  readonly kid?: string
  readonly typ?: string
  readonly [member: string]: unknown
}

/** Longest `kid` in UTF-16 code units. */
const maxKidLength = 1024

function unusable(expected: string, received: string): Outcome<never> {
  return { ok: false, refusal: refuse('header', { detail: { expected, received } }) }
}

function unreadable(reason: JsonReason | undefined): Outcome<never> {
  if (reason?.kind === 'integer') return unusable(`${reason.member.slice(0, 50)}: ${exactInteger}`, 'an integer that a double cannot hold')
  const received = `a first segment that is ${reason?.what ?? 'not base64url'}`
  return { ok: false, refusal: refuse('malformed', { detail: { expected: 'a JOSE header as one JSON object in base64url', received } }) }
}

/**
 * Reads the first segment of a JWS.
 *
 * Every `crit` is refused, since no extension is understood (RFC 7515 §4.1.11); `b64`, `zip`, `jku`, `jwk`,
 * `x5u` and `x5c` are not obeyed.
 *
 * @param segment - what stands before the first dot
 * @returns refusals `malformed` (not strict base64url, UTF-8 or JSON), `header` (a member has the wrong type, or holds an integer
 * beyond ±(2^53 - 1)), `algorithm`
 */
export function parseHeader(segment: string): Outcome<{ header: JwsHeader }> {
  const bytes = decodeBase64url(segment)
  const read = bytes && parseJsonObject(bytes)
  if (read === undefined || hasOwn(read, 'reason')) return unreadable(read?.reason)
  const header = read.object
  const { alg, kid, typ } = header
  if (typeof alg !== 'string') return unusable('alg: a string', jsonKind(alg))
  if ('crit' in header) return unusable('no crit: no extension is understood', 'crit')
  if (typ !== undefined && typeof typ !== 'string') return unusable('typ: a string', jsonKind(typ))
  if (kid !== undefined && typeof kid !== 'string') return unusable('kid: a string', jsonKind(kid))
  if (kid !== undefined && kid.length > maxKidLength) return unusable(`kid: at most ${maxKidLength} characters`, `${kid.length}`)
  if (!isAlgorithm(alg)) return { ok: false, refusal: refuse('algorithm', { detail: { received: alg.slice(0, 200) } }) }
  return { ok: true, header: (kid === '' ? withoutKid(header) : header) as JwsHeader }
}

function withoutKid(header: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { kid: _, ...named } = header
  return Object.freeze({ __proto__: null, ...named })
}

const prefix = 'application/'

/**
 * The media type in `typ` in the form in which it is compared (RFC 7515 §4.1.9): lower case, without `application/`.
 *
 * @returns an empty string for a header without `typ`
 */
export function normalizeType(typ: string | undefined): string {
  if (typ === undefined) return ''
  const lower = typ.toLowerCase()
  const hasPrefix = lower.length > prefix.length && lower.startsWith(prefix) && !lower.includes('/', prefix.length)
  return hasPrefix ? lower.slice(prefix.length) : lower
}
