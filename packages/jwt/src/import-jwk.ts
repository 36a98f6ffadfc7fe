import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { decodeBase64url } from './base64url.js'
import { checkPublicKey } from './check-public-key.js'
import type { KeyImport, KeyReason } from './key-reason.js'

type Members = Readonly<Record<string, unknown>>

/** Longest `kid` in UTF-16 code units, as in a header. */
const maxKidLength = 1024
/** A modulus of 4096 bits has 683 characters. What is a little too long is judged as a key, so that the reason says why. */
const maxMemberLength = 4096

/** Bytes of a coordinate (RFC 7518 §6.2.1.2). */
const coordinateBytes: ReadonlyMap<unknown, number> = new Map([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
])

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv']

/**
 * Makes a verification key of a public JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2). Members that are not known are ignored,
 * `x5c` and `x5u` among them.
 *
 * @param jwk - one parsed key, as it came from outside
 * @returns the key; its `algorithms` are those that fit, or the one in `alg`. Or a {@link KeyReason}; nothing is thrown
 */
export function importJwk(jwk: unknown): KeyImport {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return { ok: false, reason: 'malformed' }
  // Without a prototype: what a library put into every object says nothing of a key.
  const members = Object.assign(Object.create(null) as Members, jwk)
  const reason = labelFault(members) ?? materialFault(members)
  if (reason !== undefined) return { ok: false, reason }
  const key = createKey(members)
  if (key === undefined) return { ok: false, reason: members.kty === 'EC' ? 'bad_point' : 'malformed' }
  return checkPublicKey(key, { kid: members.kid as string | undefined, algorithm: members.alg as string | undefined })
}

/** Judges what RFC 7517 §4 lets every kind of key say of itself. */
function labelFault(members: Members): KeyReason | undefined {
  const { kty, kid, use, alg, key_ops: operations } = members
  if (typeof kty !== 'string') return 'malformed'
  if (kty === 'oct' || members.k !== undefined) return 'secret'
  if (privateMembers.some((name) => members[name] !== undefined)) return 'private'
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKidLength)) return 'malformed'
  if (alg !== undefined && typeof alg !== 'string') return 'malformed'
  if (use !== undefined && use !== 'sig') return typeof use === 'string' ? 'wrong_use' : 'malformed'
  if (operations === undefined) return undefined
  if (!Array.isArray(operations)) return 'malformed'
  return operations.includes('verify') ? undefined : 'wrong_use'
}

function materialFault({ kty, crv, x, y, n, e }: Members): KeyReason | undefined {
  if (kty === 'RSA') return isInteger(n) && isInteger(e) ? undefined : 'malformed'
  if (kty === 'OKP') {
    if (crv !== 'Ed25519') return 'unsupported'
    return decodeBase64url(x)?.length === 32 ? undefined : 'malformed'
  }
  const bytes = kty === 'EC' ? coordinateBytes.get(crv) : undefined
  if (bytes === undefined) return 'unsupported'
  return decodeBase64url(x)?.length === bytes && decodeBase64url(y)?.length === bytes ? undefined : 'malformed'
}

function isInteger(member: unknown): boolean {
  return typeof member === 'string' && member.length <= maxMemberLength && (decodeBase64url(member)?.length ?? 0) > 0
}

/** Undefined for what OpenSSL does not take, such as a point off the curve. */
function createKey({ kty, crv, x, y, n, e }: Members): KeyObject | undefined {
  const material = kty === 'RSA' ? { kty, n, e } : kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x }
  try {
    return createPublicKey({ key: Object.assign(Object.create(null) as object, material) as JsonWebKey, format: 'jwk' })
  } catch {
    return undefined
  }
}
