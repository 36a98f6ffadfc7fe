import { headerField, type Outcome, refuse, type WireRequest } from '@countersign/core'
import { malformedProof } from './proof-claims.js'

const name = 'dpop'

/** How often the field was sent. Node joins several fields of this name to one text. */
function timesSent({ headers, rawHeaders }: Pick<WireRequest, 'headers' | 'rawHeaders'>): number {
  const shown = headerField({ headers }, name)
  const sent = (rawHeaders ?? []).filter((text, at) => at % 2 === 0 && text.toLowerCase() === name).length
  return Math.max(sent, Array.isArray(shown) ? shown.length : Number(shown !== undefined))
}

/**
 * Reads the field `DPoP` of a request (RFC 9449 §4.3: exactly one).
 *
 * @returns the proof as it was sent; refusals `proof_missing`, `proof_repeated`, and `proof_malformed` for an empty field
 * @example
 * const read = readProof({ headers: {} })
 * console.log(read.ok) // → false
 */
export function readProof(request: Pick<WireRequest, 'headers' | 'rawHeaders'>): Outcome<{ proof: string }> {
  const shown = headerField(request, name)
  const sent = timesSent(request)
  if (sent === 0) return { ok: false, refusal: refuse('proof_missing') }
  const text = typeof shown === 'object' ? shown[0] : shown
  // A compact JWS has no comma: where one stands, fields were joined.
  if (sent > 1 || text === undefined || text.includes(','))
    return { ok: false, refusal: refuse('proof_repeated', { detail: { expected: 'one DPoP field', received: 'several' } }) }
  const proof = text.trim()
  return proof === '' ? malformedProof({ expected: 'a compact JWS', received: 'an empty field' }) : { ok: true, proof }
}
