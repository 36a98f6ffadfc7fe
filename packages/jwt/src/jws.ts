import type { Outcome } from '@countersign/core'
import { decodeSegment } from './base64url.js'
import { type JwsHeader, parseHeader } from './header.js'
import type { HeaderMemo } from './header-memo.js'
import { shapeFault, sizeFault } from './token-shape.js'

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
  if (token.length > maxBytes) return { ok: false, refusal: sizeFault(token, maxBytes) }
  const firstDot = token.indexOf('.')
  const secondDot = token.indexOf('.', firstDot + 1)
  if (firstDot < 1 || secondDot < firstDot + 2 || secondDot === token.length - 1) return malformed(token)
  const bytes = Buffer.from(token, 'utf8')
  // Longer in bytes: not ASCII. A third dot is junk in the last segment.
  if (bytes.length !== token.length) return malformed(token)
  const payload = decodeSegment(bytes, firstDot + 1, secondDot)
  const signature = decodeSegment(bytes, secondDot + 1, bytes.length)
  if (!payload || !signature) return malformed(token)
  const headerSegment = token.slice(0, firstDot)
  let header = options?.headers?.get(headerSegment)
  if (header === undefined) {
    const parsed = parseHeader(headerSegment)
    if (!parsed.ok) return parsed
    header = parsed.header
  }
  const signingInput = bytes.subarray(0, secondDot)
  return { ok: true, jws: { header, payload, signature, signingInput, headerSegment } }
}
