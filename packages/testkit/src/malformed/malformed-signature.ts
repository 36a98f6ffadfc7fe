import { constants, createPrivateKey, sign as cryptoSign } from 'node:crypto'
import { encodeSegment, rawSigner } from '../tokens/signed-token.js'
import { privateKeyOf } from '../tokens/test-keys.js'
import { familyOf, type MalformedToken, type ValidToken } from '../tokens/valid-token.js'

const row = familyOf('signature')
const of = ['signature'] as const

/** Signatures that are not the trusted key's over exactly this token. */
export function malformedSignature(valid: ValidToken): readonly MalformedToken[] {
  const input = `${valid.segments[0]}.${valid.segments[1]}`
  const good = Buffer.from(valid.segments[2], 'base64url')
  const rows = [...damaged(good), ...special(valid, good, input)].map(([name, signature]) =>
    row(name, of, `${input}.${encodeSegment(signature)}`),
  )
  return [...rows, ...swapped(valid)]
}

type Named = readonly [name: string, signature: Uint8Array]

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

function damaged(good: Buffer): readonly Named[] {
  const { length } = good
  return [
    ['one byte', Buffer.from([0])],
    ['the last byte missing', good.subarray(0, -1)],
    ['the first byte missing', good.subarray(1)],
    ['half of it', good.subarray(0, length / 2)],
    ['a zero byte more', Buffer.concat([good, Buffer.alloc(1)])],
    ['a zero byte before it', Buffer.concat([Buffer.alloc(1), good])],
    ['twice', Buffer.concat([good, good])],
    ['4 KiB', Buffer.alloc(4096 - 1024, 1)],
    ['a bit of the first byte flipped', flipped(good, 0)],
    ['a bit of the last byte flipped', flipped(good, length - 1)],
    ['a bit in the middle flipped', flipped(good, length >> 1)],
    ['all zero, r and s too', Buffer.alloc(length)],
    ['all ones', Buffer.alloc(length, 0xff)],
    ['the number one', flipped(Buffer.alloc(length), length - 1)],
    ['reversed', Buffer.from(good).reverse()],
  ]
}

/** Orders of the curves' base points, in hexadecimal. */
const orders: Readonly<Record<string, string>> = {
  'P-256': 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  'P-384': 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  'P-521':
    '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
}

function special(valid: ValidToken, good: Buffer, input: string): readonly Named[] {
  const { key } = valid
  const order = orders[key.jwk.crv ?? '']
  if (order !== undefined) return ofCurve(valid, good, Buffer.from(order, 'hex'), input)
  if (key.jwk.kty === 'OKP') return ofEd25519(good)
  return ofRsa(valid, input)
}

function ofCurve({ key }: ValidToken, good: Buffer, order: Buffer, input: string): readonly Named[] {
  const half = good.length / 2
  const [r, s] = [good.subarray(0, half), good.subarray(half)]
  const one = flipped(Buffer.alloc(half), half - 1)
  const der = cryptoSign(`sha${key.alg.slice(2)}`, Buffer.from(input), privateKeyOf(key))
  return [
    ['in DER', der],
    ['r zero', Buffer.concat([Buffer.alloc(half), s])],
    ['s zero', Buffer.concat([r, Buffer.alloc(half)])],
    ['r and s the order of the curve', Buffer.concat([order, order])],
    ['r the order, s one', Buffer.concat([order, one])],
    ['r and s one', Buffer.concat([one, one])],
    ['s before r', Buffer.concat([s, r])],
    ['r and s each with a zero byte before', Buffer.concat([Buffer.alloc(1), r, Buffer.alloc(1), s])],
    ['over another hash', rawSigner(key, key.alg === 'ES512' ? 'ES256' : 'ES512')(input)],
  ]
}

/** The order of Ed25519's base point, little-endian. */
const ed25519Order = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn

function ofEd25519(good: Buffer): readonly Named[] {
  const s = BigInt(`0x${Buffer.from(good.subarray(32)).reverse().toString('hex')}`)
  const malleable = Buffer.from((s + ed25519Order).toString(16).padStart(64, '0'), 'hex').reverse()
  const identity = flipped(Buffer.alloc(32), 0)
  return [
    ['S with the order of the curve added', Buffer.concat([good.subarray(0, 32), malleable])],
    ['R the neutral point, S zero', Buffer.concat([identity, Buffer.alloc(32)])],
    ['R kept, S zero', Buffer.concat([good.subarray(0, 32), Buffer.alloc(32)])],
  ]
}

function ofRsa({ key }: ValidToken, input: string): readonly Named[] {
  const privateKey = createPrivateKey({ key: key.jwk, format: 'jwk' })
  const other = key.alg.startsWith('PS') ? 'RS256' : 'PS256'
  const modulus = Buffer.from(key.jwk.n ?? '', 'base64url')
  const salted = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 0 }
  return [
    ['with the other padding', rawSigner(key, other)(input)],
    ['over SHA-1', cryptoSign('sha1', Buffer.from(input), privateKey)],
    ['over SHA-512', rawSigner(key, `${key.alg.slice(0, 2)}${key.alg.endsWith('512') ? '256' : '512'}`)(input)],
    ['the modulus', modulus],
    ['the modulus less one', flipped(modulus, modulus.length - 1)],
    ['of PSS without salt', cryptoSign('sha256', Buffer.from(input), salted)],
  ]
}

/** Good signatures of something else, or of somebody else. */
function swapped({ segments, header, claims, forge, key, stranger }: ValidToken): readonly MalformedToken[] {
  const [headerSegment, payloadSegment, signature] = segments
  const otherClaims = encodeSegment({ ...claims, sub: 'admin' })
  const otherHeader = encodeSegment({ ...header, x: 1 })
  return [
    row('over other claims', of, `${headerSegment}.${otherClaims}.${signature}`),
    row('over another header', of, `${otherHeader}.${payloadSegment}.${signature}`),
    row('by a stranger whose key has the same kid', of, forge({}, rawSigner(stranger, key.alg))),
    row(
      'over the payload alone',
      of,
      forge({}, () => rawSigner(key, key.alg)(payloadSegment)),
    ),
    row(
      'over the decoded payload',
      of,
      forge({}, () => rawSigner(key, key.alg)(JSON.stringify(claims))),
    ),
    row(
      'over the same claims with a space before them',
      of,
      `${headerSegment}.${encodeSegment(` ${JSON.stringify(claims)}`)}.${signature}`,
    ),
  ]
}
