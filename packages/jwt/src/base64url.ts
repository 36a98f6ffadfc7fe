const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** By byte: its value in base64url (RFC 4648 §5), or -1. */
const sextets: Int8Array = Int8Array.from({ length: 256 }, (_, byte) => alphabet.indexOf(String.fromCharCode(byte)))

/**
 * Decodes unpadded base64url (RFC 7515 §2) and nothing else: no padding, no junk, no unused bits that are set. Node's own
 * decoder skips what it does not know and takes `+/` for `-_`; strictness on top of it costs more than this loop.
 *
 * @param source - ASCII, decoded from offset `from` up to `to`
 * @param target - where the bytes go, from offset `at`; may be `source`, with `at` not beyond `from`
 * @returns how many bytes there are, or -1 when the text is not the one encoding of any
 */
export function decodeInto(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  const rest = (to - from) % 4
  const end = to - rest
  let write = at
  // Negative as soon as one character was not of the alphabet: -1 keeps its sign through shifts and unions.
  let seen = 0
  for (let read = from; read < end; ) {
    const bits = (sextet(source, read++) << 18) | (sextet(source, read++) << 12) | (sextet(source, read++) << 6) | sextet(source, read++)
    seen |= bits
    target[write++] = bits >> 16
    target[write++] = bits >> 8
    target[write++] = bits
  }
  if (rest === 1 || seen < 0) return -1
  if (rest === 0) return write - at
  const tail = (sextet(source, end) << 12) | (sextet(source, end + 1) << 6) | (rest === 3 ? sextet(source, end + 2) : 0)
  const unused = rest === 3 ? 0b11 : 0b1111_000000
  if (tail < 0 || (tail & unused) !== 0) return -1
  target[write++] = tail >> 10
  if (rest === 3) target[write++] = tail >> 2
  return write - at
}

function sextet(source: Uint8Array, at: number): number {
  return sextets[source[at] as number] as number
}

/** How many bytes that many characters of base64url stand for. */
export function decodedLength(characters: number): number {
  return (characters * 3) >>> 2
}

/**
 * Strict base64url of unknown origin, for instance a member of a JWK.
 *
 * @returns the bytes, or undefined for anything that is not a string of base64url without padding
 */
export function decodeBase64url(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, 'utf8')
  const length = bytes.length === text.length ? decodeInto(bytes, 0, bytes.length, bytes, 0) : -1
  return length === -1 ? undefined : bytes.subarray(0, length)
}
