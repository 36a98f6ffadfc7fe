import { createPublicKey, type KeyObject } from 'node:crypto'

/**
 * The modulus and exponent of an id-RSASSA-PSS key as a plain RSA key: node:crypto does not export the former as a JWK.
 * Both hold the same RSAPublicKey; only the algorithm identifier before it differs (RFC 4055 §1.2).
 */
export function rsaPublicKeyOf(key: KeyObject): KeyObject {
  const spki = key.export({ format: 'der', type: 'spki' })
  const identifier = readElement(spki, readElement(spki, 0).start)
  const bitString = readElement(spki, identifier.end)
  // The first byte of a BIT STRING counts its unused bits.
  return createPublicKey({ key: spki.subarray(bitString.start + 1, bitString.end), format: 'der', type: 'pkcs1' })
}

/** Where the content of the DER element at an offset starts and ends. The input is OpenSSL's own. */
function readElement(der: Buffer, offset: number): { start: number; end: number } {
  const first = der.readUInt8(offset + 1)
  if (first < 0x80) return { start: offset + 2, end: offset + 2 + first }
  const lengthBytes = first & 0x7f
  const start = offset + 2 + lengthBytes
  return { start, end: start + der.readUIntBE(offset + 2, lengthBytes) }
}
