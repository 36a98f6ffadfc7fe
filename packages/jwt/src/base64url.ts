/**
 * Decodes unpadded base64url (RFC 7515 §2) and nothing else: no padding, no junk, no unused bits that are set. Node's decoder skips
 * what it does not know and takes `+/` for `-_`. Bytes have one encoding, so a text that differs from it is refused.
 *
 * @param text - of unknown origin, for instance a segment of a token or a member of a JWK
 * @returns the bytes, or undefined for anything that is not a string of base64url without padding
 */
export function decodeBase64url(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
