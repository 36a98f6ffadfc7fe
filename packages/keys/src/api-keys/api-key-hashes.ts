import { createHmac } from 'node:crypto'
import { isSameSecret, kind, longSecret, type SecretsOption, secretsReader } from '@countersign/core'
import type { ApiKey } from './api-key.js'

/** Makes and compares the hashes of secrets. */
export interface ApiKeyHashes {
  of(secret: string): Pick<ApiKey, 'pepper' | 'hash'>
  /** False without a key, after the same work. */
  matches(secret: string, key: ApiKey | undefined): boolean
  /** Whether the hash of a key is under the pepper that is used now. */
  isCurrent(key: ApiKey): boolean
}

/**
 * Secrets are 256 bits of our own making: a fast keyed hash keeps them.
 *
 * @throws TypeError for a pepper that is too short. The methods throw `Unavailable` if a function for the pepper fails later
 */
export function createApiKeyHashes(pepper: SecretsOption): ApiKeyHashes {
  const read = secretsReader('createApiKeys', 'pepper', pepper, { id: kind.string, secret: longSecret })
  const mac = (secret: string, key: string | Uint8Array): Buffer => createHmac('sha256', key).update(secret).digest()
  return {
    of(secret) {
      const { current } = read()
      return { pepper: current.id, hash: mac(secret, current.secret).toString('base64url') }
    },
    matches(secret, key) {
      const { current, previous = [] } = read()
      const used = [current, ...previous].find(({ id }) => id === key?.pepper)
      // An unknown key costs what a wrong secret costs.
      const isSame = isSameSecret(mac(secret, (used ?? current).secret), Buffer.from(key?.hash ?? 'A'.repeat(43), 'base64url'))
      return isSame && used !== undefined && key !== undefined
    },
    isCurrent: ({ pepper: id }) => id === read().current.id,
  }
}
