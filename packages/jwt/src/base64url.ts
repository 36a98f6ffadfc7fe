const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** By byte: its value in base64url (RFC 4648 §5), or -1. */
const sextets: Int8Array = Int8Array.from({ length: 256 }, (_, byte) => alphabet.indexOf(String.fromCharCode(byte)))

/**
 * Decodes unpadded base64url (RFC 7515 §2) and nothing else: no padding, no junk, no unused bits that are set. Node's own
 * decoder skips what it does not know and takes `+/` for `-_`; between two signature checks it is also slower than this.
 *
 * @param source - ASCII, decoded from offset `from` up to `to`
 * @returns the bytes, or undefined when the text is not the one encoding of any
 */
export function decodeSegment(source: Uint8Array, from: number, to: number): Buffer | undefined {
  const rest = (to - from) % 4
  if (rest === 1) return undefined
  const end = to - rest
  const target = Buffer.allocUnsafe(((to - from) * 3) >>> 2)
  let write = 0
  // Negative as soon as one character was not of the alphabet: -1 keeps its sign through shifts and unions.
  let seen = 0
  for (let read = from; read < end; ) {
    const bits = (sextet(source, read++) << 18) | (sextet(source, read++) << 12) | (sextet(source, read++) << 6) | sextet(source, read++)
    seen |= bits
    target[write++] = bits >> 16
    target[write++] = bits >> 8
    target[write++] = bits
  }
  if (rest !== 0) {
    const tail = (sextet(source, end) << 12) | (sextet(source, end + 1) << 6) | (rest === 3 ? sextet(source, end + 2) : 0)
    const unused = rest === 3 ? 0b11 : 0b1111_000000
    if ((tail & unused) !== 0) return undefined
    seen |= tail
    target[write++] = tail >> 10
    if (rest === 3) target[write] = tail >> 2
  }
  return seen < 0 ? undefined : target
}

function sextet(source: Uint8Array, at: number): number {
  return sextets[source[at] as number] as number
}

/**
 * Strict base64url of unknown origin, for instance a member of a JWK.
 *
 * @returns the bytes, or undefined for anything that is not a string of base64url without padding
 */
export function decodeBase64url(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, 'utf8')
  return bytes.length === text.length ? decodeSegment(bytes, 0, bytes.length) : undefined
}
