const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** By char code: how many zero bits the sextet ends with, for a character that may end a segment. */
const zeroBits: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const sextet = alphabet.indexOf(String.fromCharCode(code))
  if (sextet < 0) return 0
  return sextet % 16 === 0 ? 4 : sextet % 4 === 0 ? 2 : 0
})

/**
 * Decodes unpadded base64url (RFC 7515 §2) and nothing else: no padding, no junk, no unused bits that are set.
 *
 * @param text - ASCII without `+` and `/`; see {@link isBase64urlText}
 * @returns the bytes, or undefined when `text` is not the one encoding of them
 */
export function decodeSegment(text: string): Buffer | undefined {
  const rest = text.length % 4
  if (rest === 1) return undefined
  // Two characters carry one byte and four unused bits; three carry two bytes and two unused bits.
  if (rest !== 0 && (zeroBits[text.charCodeAt(text.length - 1)] ?? 0) < 8 - 2 * rest) return undefined
  const bytes = Buffer.from(text, 'base64url')
  // Node skips what it does not know, and the result comes out short.
  return bytes.length === (text.length * 3) >>> 2 ? bytes : undefined
}

/**
 * Whether text is ASCII and free of `+` and `/`, which Node would read as `-` and `_`.
 * Code units above 255 are cut to their low byte by Node's decoders, hence the check of the whole text.
 */
export function isBase64urlText(text: string): boolean {
  return Buffer.byteLength(text, 'utf8') === text.length && text.indexOf('+') === -1 && text.indexOf('/') === -1
}

/** Strict base64url of unknown origin, for instance a member of a JWK. */
export function decodeBase64url(text: unknown): Buffer | undefined {
  return typeof text === 'string' && isBase64urlText(text) ? decodeSegment(text) : undefined
}
