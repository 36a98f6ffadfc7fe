import { type Refusal, refuse } from '@countersign/core'

const malformed = (received: string): Refusal =>
  refuse('malformed', { detail: { expected: 'a compact JWS: three segments of base64url with dots between them', received } })

/** What programs send where they have no token. */
const placeholders = new Map(
  ['undefined', 'null', 'none', 'nil', 'true', 'false', 'nan', '[object object]', '[object promise]'].map((text) => [
    text,
    malformed(`the word "${text}", which stands for a variable without a token`),
  ]),
)
const quoted = malformed('a token in quotation marks')
const notAscii = malformed('characters that are not ASCII')
const opaque = malformed('one segment: an opaque token?')
const encrypted = malformed('five segments: an encrypted token (JWE)?')
const emptySegment = malformed('three segments, of which one is empty')
const strangeSegment = malformed('a segment that is not base64url')

function segmentsOf(token: string): number {
  let segments = 1
  for (let at = token.indexOf('.'); at !== -1; at = token.indexOf('.', at + 1)) segments += 1
  return segments
}

/** Why a text is not a compact JWS (RFC 7515 §3.1). The reason holds no part of the text. */
export function shapeFault(token: string): Refusal {
  const placeholder = token.length <= 20 ? placeholders.get(token.toLowerCase()) : undefined
  if (placeholder) return placeholder
  if (/^["'].*["']$/s.test(token)) return quoted
  const segments = segmentsOf(token)
  if (segments === 1) return opaque
  if (segments === 5) return encrypted
  if (segments !== 3) return malformed(`${segments} segments`)
  if (Buffer.byteLength(token) !== token.length) return notAscii
  return token.split('.').includes('') ? emptySegment : strangeSegment
}

/** Why a token is too large. */
export function sizeReason(token: string, maxBytes: number): Refusal {
  return refuse('too_large', { detail: { expected: `at most ${maxBytes} bytes (maxTokenBytes)`, received: `${token.length}` } })
}
