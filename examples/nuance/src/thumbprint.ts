import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto'

// The members that RFC 7638 §3.2 takes, of any type of key, in their order.
const members = ['crv', 'e', 'kty', 'n', 'x', 'y'] as const

/** The name of a public key that says what it is (RFC 7638), whatever it is called; undefined for what is no key. */
export function thumbprintOf({ pem, jwk }: { readonly pem?: string | undefined; readonly jwk?: unknown }): string | undefined {
  try {
    const key = createPublicKey(pem ?? { key: jwk as JsonWebKey, format: 'jwk' }).export({ format: 'jwk' })
    return createHash('sha256')
      .update(JSON.stringify(key, [...members]))
      .digest('base64url')
  } catch {
    return undefined // createPublicKey throws for nothing but a key that is none
  }
}
