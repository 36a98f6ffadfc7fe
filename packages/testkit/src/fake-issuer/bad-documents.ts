import { publicJwkOf, testKeys } from '../tokens/test-keys.js'

/** A document that is served in place of a JWK Set. A client that has a good set must keep it. */
export interface BadDocument {
  readonly name: string
  /** For `issuer.behave({ kind: 'document', body })`. */
  readonly body: string | Uint8Array | object
}

/** Documents that are no JWK Set (RFC 7517 §5) or are too large to be read. */
export function badJwksDocuments(): readonly BadDocument[] {
  const jwk = publicJwkOf(testKeys.es256)
  const text = JSON.stringify({ keys: [jwk] })
  return [
    { name: 'an empty text', body: '' },
    { name: 'HTML', body: '<!doctype html><title>Sign in</title>' },
    { name: 'JSON that is cut off', body: text.slice(0, -10) },
    { name: 'two JSON documents', body: text + text },
    { name: 'null', body: 'null' },
    { name: 'a list of keys', body: [jwk] },
    { name: 'one key', body: jwk },
    { name: 'no member keys', body: {} },
    { name: 'keys that are an object', body: { keys: { 0: jwk } } },
    { name: 'keys that are null', body: { keys: null } },
    { name: 'keys that are a text', body: { keys: JSON.stringify([jwk]) } },
    { name: 'an error of OAuth', body: { error: 'server_error', error_description: 'internal detail' } },
    { name: 'invalid UTF-8', body: Buffer.concat([Buffer.from(`{"x":"`), Buffer.from([0xff]), Buffer.from(`",${text.slice(1)}`)]) },
    { name: '300 KiB', body: { keys: [jwk], padding: 'x'.repeat(300 * 1024) } },
    { name: '300 KiB of spaces', body: `${text}${' '.repeat(300 * 1024)}` },
    { name: 'nested 30000 levels deep', body: `{"keys":${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}}` },
  ]
}
