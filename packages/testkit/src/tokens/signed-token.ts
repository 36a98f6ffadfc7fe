import { createHmac, constants as cryptoConstants, type KeyObject, sign } from 'node:crypto'
import { CompactSign, importJWK } from 'jose'
import { privateKeyOf, type TestKey } from './test-keys.js'

/** What a token is made of. `text` members are sent byte by byte, so that they need not be JSON. */
export interface ForgedParts {
  readonly header: Readonly<Record<string, unknown>> | string | Uint8Array
  readonly payload: Readonly<Record<string, unknown>> | string | Uint8Array
}

/** Signs a JWS signing input. */
export type SignInput = (input: string) => Uint8Array

/**
 * A well-formed token, signed by jose.
 *
 * @param options - `header` replaces members of `{ alg, kid, typ: 'at+jwt' }`; undefined takes one away
 */
export async function signToken(options: {
  readonly claims: Readonly<Record<string, unknown>>
  readonly key: TestKey
  readonly header?: Readonly<Record<string, unknown>>
}): Promise<string> {
  const { claims, key } = options
  const header = Object.fromEntries(
    Object.entries({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...options.header }).filter(([, value]) => value !== undefined),
  )
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  const alg = String(header.alg)
  return new CompactSign(payload)
    .setProtectedHeader({ ...header, alg })
    .sign(await importJWK({ ...key.jwk, kty: String(key.jwk.kty) }, alg))
}

/** base64url without padding (RFC 7515 §2). */
export function encodeSegment(content: string | Uint8Array | object): string {
  if (typeof content === 'string' || content instanceof Uint8Array) return Buffer.from(content).toString('base64url')
  return Buffer.from(JSON.stringify(content)).toString('base64url')
}

/** Joins the given parts, signed as `signInput` says, without any check. */
export function forgeToken(parts: ForgedParts, signInput: SignInput): string {
  const input = `${encodeSegment(parts.header)}.${encodeSegment(parts.payload)}`
  return `${input}.${encodeSegment(signInput(input))}`
}

/**
 * Signs with `node:crypto` and asks no questions: weak keys and the wrong algorithm included.
 *
 * @param algorithm - for an algorithm of another key type than the key's, the key's own scheme with that hash is used
 */
export function rawSigner(key: TestKey | KeyObject, algorithm: string): SignInput {
  const privateKey = 'jwk' in key ? privateKeyOf(key) : key
  const hash = `sha${algorithm.slice(2)}`
  return (input) => {
    const data = Buffer.from(input)
    if (privateKey.asymmetricKeyType === 'ed25519') return sign(null, data, privateKey)
    if (privateKey.asymmetricKeyType === 'ec') return sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const padding = algorithm.startsWith('PS') ? cryptoConstants.RSA_PKCS1_PSS_PADDING : cryptoConstants.RSA_PKCS1_PADDING
    return sign(hash, data, { key: privateKey, padding, ...(algorithm.startsWith('PS') && { saltLength: 32 }) })
  }
}

/** Signs with HMAC over SHA-256 and any bytes as the secret, none included. */
export function hmacSigner(secret: string | Uint8Array): SignInput {
  return (input) => createHmac('sha256', secret).update(input).digest()
}
