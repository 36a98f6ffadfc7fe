const integerTag = 0x02
const sequenceTag = 0x30
/** Lengths from here on need a byte that says how long the length is. */
const longLength = 0x80

/**
 * An ECDSA signature of two numbers of equal length (RFC 7518 §3.4) in the form of X.509 (RFC 3279 §2.2.3), which is
 * OpenSSL's own. Some versions of node:crypto, told to convert it, take twice as long to sign and a third longer to verify.
 *
 * @param raw - R and S, up to 66 bytes each
 */
export function derSignature(raw: Uint8Array): Buffer {
  const half = raw.length >> 1
  const r = firstSignificant(raw, 0, half)
  const s = firstSignificant(raw, half, raw.length)
  const length = integerLength(raw, r, half) + integerLength(raw, s, raw.length)
  const der = Buffer.allocUnsafe(length + (length < longLength ? 2 : 3))
  let at = 0
  der[at++] = sequenceTag
  if (length >= longLength) der[at++] = longLength + 1
  der[at++] = length
  at = writeInteger(der, at, raw.subarray(r, half))
  writeInteger(der, at, raw.subarray(s))
  return der
}

/**
 * The reverse of {@link derSignature}.
 *
 * @param der - made by OpenSSL in this process: nothing of it is checked
 * @param bytes - length of R and S together
 */
export function rawSignature(der: Uint8Array, bytes: number): Uint8Array {
  const half = bytes / 2
  const raw = new Uint8Array(bytes)
  const r = (der[1] as number) < longLength ? 4 : 5
  const s = r + (der[r - 1] as number) + 2
  raw.set(numberAt(der, r, half), half - Math.min(half, der[r - 1] as number))
  raw.set(numberAt(der, s, half), bytes - Math.min(half, der[s - 1] as number))
  return raw
}

/** The number whose content begins there, without the zero that may precede it. */
function numberAt(der: Uint8Array, offset: number, most: number): Uint8Array {
  const end = offset + (der[offset - 1] as number)
  return der.subarray(Math.max(offset, end - most), end)
}

/** Where a number begins without its leading zeros; of a zero the last byte stays. */
function firstSignificant(raw: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to - 1 && raw[at] === 0) at++
  return at
}

/** With tag, length and the zero that keeps a number with its first bit set from being a negative one. */
function integerLength(raw: Uint8Array, from: number, to: number): number {
  return 2 + to - from + signByte(raw[from])
}

function signByte(first: number | undefined): 0 | 1 {
  return (first ?? 0) >= 0x80 ? 1 : 0
}

function writeInteger(der: Uint8Array, offset: number, bytes: Uint8Array): number {
  const sign = signByte(bytes[0])
  der[offset] = integerTag
  der[offset + 1] = bytes.length + sign
  if (sign === 1) der[offset + 2] = 0
  der.set(bytes, offset + 2 + sign)
  return offset + 2 + sign + bytes.length
}
