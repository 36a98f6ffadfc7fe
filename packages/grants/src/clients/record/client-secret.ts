import { createHash, createHmac } from 'node:crypto'
import { isSameSecret, kind, longSecret, type SecretsOption, secretsReader } from '@countersign/core'
import type { SecretView } from './client.js'

/** A secret as it is kept. */
export interface KeptSecret extends SecretView {
  /** Id of the pepper. */
  readonly pepper: string
  /** HMAC-SHA-256 of the secret under the pepper, base64url. */
  readonly hash: string
}

/**
 * Makes a secret: a prefix by which scanners recognise it, 256 random bits, and a checksum by which they know that it is one.
 *
 * @param random - 32 bytes
 */
export function newSecret(prefix: string, random: Buffer): string {
  const body = `${prefix}${random.toString('hex')}`
  return `${body}${createHash('sha256').update(body).digest('hex').slice(0, 8)}`
}

/** Hashes secrets under peppers that may change in a running process. */
export interface SecretHasher {
  hash(secret: string): Pick<KeptSecret, 'pepper' | 'hash'>
  /**
   * The kept secret that was presented, if any. The work does not tell which, or whether there are any: none costs what one costs.
   *
   * @param now - epoch seconds
   */
  match(presented: string, kept: readonly KeptSecret[], now: number): KeptSecret | undefined
  /** Whether a secret is kept under the pepper that is used now. */
  isCurrent(kept: Pick<KeptSecret, 'pepper'>): boolean
}

/** Compared in the place of a secret if the client has none: an unknown client must cost the same work. */
const standIn: Omit<KeptSecret, 'pepper'> = {
  id: '',
  title: undefined,
  createdAt: 0,
  notBefore: undefined,
  expiresAt: 0,
  hash: 'A'.repeat(43),
}

function isLive({ notBefore, expiresAt }: SecretView, now: number): boolean {
  return (notBefore === undefined || notBefore <= now) && (expiresAt === undefined || now < expiresAt)
}

/**
 * Secrets are 256 bits of the server's own making: a fast keyed hash keeps them (a slow one would cost every request 0.1 s).
 *
 * @throws TypeError for a pepper that is too short. The methods throw `Unavailable` if a function for the pepper fails later
 */
export function createSecretHasher(pepper: SecretsOption): SecretHasher {
  const ask = secretsReader('createClients', 'pepper', pepper, { id: kind.string, secret: longSecret })
  const noHash = Buffer.alloc(32)
  const mac = (secret: string, key: string | Uint8Array): Buffer => createHmac('sha256', key).update(secret).digest()
  return {
    hash(secret) {
      const { current } = ask()
      return { pepper: current.id, hash: mac(secret, current.secret).toString('base64url') }
    },
    match(presented, kept, now) {
      const { current, previous = [] } = ask()
      const macs = new Map([current, ...previous].map(({ id, secret }) => [id, mac(presented, secret)]))
      const matches = (kept.length > 0 ? kept : [{ ...standIn, pepper: current.id }]).filter((one) => {
        const expected = Buffer.from(one.hash, 'base64url')
        const found = macs.get(one.pepper)
        return isSameSecret(found ?? noHash, expected) && found !== undefined
      })
      return matches.find((one) => isLive(one, now))
    },
    isCurrent: ({ pepper }) => pepper === ask().current.id,
  }
}
