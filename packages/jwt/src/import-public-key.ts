import { createPublicKey, KeyObject, X509Certificate } from 'node:crypto'
import type { Algorithm } from '@countersign/core'
import { checkPublicKey } from './check-public-key.js'
import type { KeyImport, KeyReason } from './key-reason.js'

/** What the owner of a key says of it. */
export interface ImportPublicKeyOptions {
  readonly kid?: string
  /** The one algorithm that the key is for. @defaultValue all that fit its type and curve */
  readonly algorithm?: Algorithm
}

const opening = '-----BEGIN '

/**
 * Makes a verification key of a `KeyObject` or PEM.
 *
 * @param key - a public `KeyObject`, or one PEM block: `PUBLIC KEY` (SPKI) or `CERTIFICATE` (X.509; only its key is used,
 * neither its dates nor its issuer are looked at)
 * @returns the key, or a {@link KeyReason}; nothing is thrown
 */
export function importPublicKey(key: KeyObject | string, options: ImportPublicKeyOptions = {}): KeyImport {
  const read = typeof key === 'string' ? readPem(key) : key
  if (!(read instanceof KeyObject)) return { ok: false, reason: typeof read === 'string' ? read : 'malformed' }
  return checkPublicKey(read, options)
}

/** The label is judged before OpenSSL sees the text: it would take a private key and silently use its public half. */
function readPem(pem: string): KeyObject | KeyReason {
  const start = pem.indexOf(opening)
  const labelEnd = pem.indexOf('-----', start + opening.length)
  if (start === -1 || labelEnd === -1 || pem.includes(opening, labelEnd)) return 'malformed'
  const label = pem.slice(start + opening.length, labelEnd)
  if (label.endsWith('PRIVATE KEY')) return 'private'
  if (label !== 'PUBLIC KEY' && label !== 'CERTIFICATE') return 'unsupported'
  try {
    return label === 'CERTIFICATE' ? new X509Certificate(pem).publicKey : createPublicKey(pem)
  } catch {
    return 'malformed'
  }
}
