import type { Algorithm } from '@countersign/core'
import { type Outcome, refuse } from '@countersign/core'
import { isAlgorithm } from './algorithms.js'
import { decodeBase64url } from './base64url.js'
import { parseJsonObject } from './strict-json.js'

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

const malformed: Outcome<never> = { ok: false, refusal: refuse('malformed') }
const unusable: Outcome<never> = { ok: false, refusal: refuse('header') }

/**
 * Reads the first segment of a JWS.
 *
 * `crit` is refused whatever it lists, since no extension is understood (RFC 7515 §4.1.11); `b64`, `zip`, `jku`, `jwk`,
 * `x5u` and `x5c` are not obeyed.
 *
 * @param segment - what stands before the first dot
 * @returns refusals `malformed` (not strict base64url, UTF-8 or JSON), `header` (a member has the wrong type), `algorithm`
 */
export function parseHeader(segment: string): Outcome<{ header: JwsHeader }> {
  const bytes = decodeBase64url(segment)
  const header = bytes && parseJsonObject(bytes)
  if (!header) return malformed
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || 'crit' in header) return unusable
  if (typ !== undefined && typeof typ !== 'string') return unusable
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKidLength)) return unusable
  if (!isAlgorithm(alg)) return { ok: false, refusal: refuse('algorithm', { detail: { received: alg.slice(0, 200) } }) }
  return { ok: true, header: (kid === '' ? withoutKid(header) : header) as JwsHeader }
}

function withoutKid(header: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { kid: _, ...named } = header
  return Object.freeze({ __proto__: null, ...named })
}
