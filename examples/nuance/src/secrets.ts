import { hkdfSync } from 'node:crypto'
import type { SecretsOption } from '@countersign/core'

// Public, as it stands here: for a first try on a machine of your own.
const developmentSecret = 'nuance example: not a secret, for development only'

/** Secrets that every process needs alike. */
export interface Secrets {
  /** Encrypts our private signing keys at rest. */
  readonly keyEncryption: SecretsOption
  /** Keys the hashes of client secrets. */
  readonly pepper: SecretsOption
  /** Keys the names under which seeded secrets are known again. */
  readonly marks: Uint8Array
}

const derive = (secret: string, purpose: string): Uint8Array => new Uint8Array(hkdfSync('sha256', secret, '', `nuance: ${purpose}`, 32))

const asOption = (secret: Uint8Array): SecretsOption => ({ current: { id: '1', secret } })

/** Derives one secret for each purpose, so that processes with one `APP_SECRET` work on one store. */
export function deriveSecrets(appSecret: string | undefined): Secrets {
  const secret = appSecret ?? developmentSecret
  return {
    keyEncryption: asOption(derive(secret, 'key encryption')),
    pepper: asOption(derive(secret, 'client secrets')),
    marks: derive(secret, 'names of client secrets'),
  }
}
