import { hkdfSync } from 'node:crypto'
import type { SecretsOption } from '@countersign/core'

// Public, as it stands here: for a first try on a machine of your own.
const developmentSecret = 'nuance example: not a secret, for development only'

/** Secrets that every process needs alike. */
interface Secrets {
  /** Encrypts our private signing keys at rest. */
  readonly keyEncryption: SecretsOption
  /** Keys the hashes of client secrets. */
  readonly pepper: SecretsOption
}

function derive(secret: string, purpose: string): SecretsOption {
  return { current: { id: '1', secret: new Uint8Array(hkdfSync('sha256', secret, '', `nuance: ${purpose}`, 32)) } }
}

/** Derives one secret for each purpose, so that processes with one `APP_SECRET` work on one store. */
export function deriveSecrets(appSecret: string | undefined): Secrets {
  const secret = appSecret ?? developmentSecret
  return { keyEncryption: derive(secret, 'key encryption'), pepper: derive(secret, 'client secrets') }
}
