import type { Signer } from '@countersign/core'

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
 * @throws TypeError for a reserved header member, and for `exp`, `nbf` or `iat` that is not a finite number
 */
export async function signJwt(claims: object, options: SignJwtOptions): Promise<string> {
  const { signer, typ, header, omitKid } = options
  for (const name of reservedMembers) {
    if (header !== undefined && Object.hasOwn(header, name)) throw new TypeError(`The header member ${name} is not for the caller`)
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) throw new TypeError('Claims are an object')
  for (const name of dates) {
    const date: unknown = (claims as Record<string, unknown>)[name]
    if (date !== undefined && !Number.isFinite(date)) throw new TypeError(`The claim ${name} must be a finite number`)
  }
  const full = { alg: signer.algorithm, typ, ...(omitKid ? {} : { kid: signer.kid }), ...header }
  const input = `${encode(full)}.${encode(claims)}`
  const signature = await signer.sign(Buffer.from(input, 'latin1'))
  return `${input}.${Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')
}
