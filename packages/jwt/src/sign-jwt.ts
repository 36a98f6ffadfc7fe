import { type Signer, shownValue } from '@countersign/core'
import { parseJsonObject } from './strict-json.js'

/** How a JWT is signed. */
export interface SignJwtOptions {
  readonly signer: Signer
  /** Explicit type of the token, for instance `at+jwt` (RFC 8725 §3.11). */
  readonly typ: string
  /** Further header members; `alg`, `typ`, `kid`, `crit`, `b64` and `zip` are not for the caller. */
  readonly header?: Readonly<Record<string, unknown>>
  /** Leaves `kid` out. @defaultValue false */
  readonly omitKid?: boolean
}

const reservedMembers = ['alg', 'typ', 'kid', 'crit', 'b64', 'zip']
const dates = ['exp', 'nbf', 'iat']

/**
 * Signs claims as a compact JWS.
 *
 * @param claims - an object; members that are undefined are left out
 * @returns the token
 * @throws TypeError for a reserved header member, for `exp`, `nbf` or `iat` that is not a finite number, and for claims that
 *   `parseClaims` would refuse: an integer beyond 2^53 - 1 (RFC 7493 §2.2), an unpaired surrogate, a name that needs an escape, more than 16
 *   levels or 1000 members
 */
export async function signJwt(claims: object, options: SignJwtOptions): Promise<string> {
  const { signer, typ, header, omitKid } = options
  for (const name of reservedMembers) {
    if (header !== undefined && Object.hasOwn(header, name))
      throw new TypeError(`signJwt: header must not have the member ${name}, which the signer sets`)
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw new TypeError(`signJwt: claims must be an object, got ${shownValue(claims)}`)
  for (const name of dates) {
    const date: unknown = (claims as Record<string, unknown>)[name]
    if (date !== undefined && !Number.isFinite(date))
      throw new TypeError(`signJwt: the claim ${name} must be a finite number, got ${shownValue(date)}`)
  }
  const full = { alg: signer.algorithm, typ, ...(omitKid ? {} : { kid: signer.kid }), ...header }
  const input = `${encode(JSON.stringify(full))}.${encode(textOf(claims))}`
  const signature = await signer.sign(Buffer.from(input, 'latin1'))
  return `${input}.${Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('base64url')}`
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url')
}

/**
 * The text of claims, by the rules that they are read by: what is refused everywhere must not be issued. A database gives an id beyond
 * 2^53 as the number next to it, which is another user's id.
 */
function textOf(claims: object): string {
  const text = JSON.stringify(claims)
  const reading = parseJsonObject(Buffer.from(text, 'utf8'))
  if ('object' in reading) return text
  const { reason } = reading
  throw new TypeError(
    reason.kind === 'integer'
      ? `signJwt: claims.${reason.member.slice(0, 64)} must be a string, or an integer between -(2^53 - 1) and 2^53 - 1, got an integer that a double cannot hold`
      : `signJwt: claims must be one JSON object that verifiers read, got ${reason.what}`,
  )
}
