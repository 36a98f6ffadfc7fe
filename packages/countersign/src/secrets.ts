import { hkdfSync } from 'node:crypto'
import { kind, type OptionShape, type RotatingSecrets, type Secret, type SecretsOption } from '@countersign/core'

/** Secrets of a server by their purpose. Each one rotates by itself. */
export interface ServerSecrets {
  /** Encrypts private keys in the store: 32 bytes, base64 as a string. */
  readonly keyEncryption?: SecretsOption
  /** Keys the hashes of the secrets of clients: 32 bytes or more. */
  readonly clientPepper?: SecretsOption
  /** Proves that a refresh token is ours: 32 bytes or more. */
  readonly refreshToken?: SecretsOption
}

/** What each of the secrets must be. */
export const serverSecretsShape: OptionShape<ServerSecrets> = {
  keyEncryption: kind.secrets,
  clientPepper: kind.secrets,
  refreshToken: kind.secrets,
}

function fail(message: string): never {
  throw new TypeError(`createAuthorizationServer: ${message}`)
}

/** 32 bytes for one purpose: HKDF-SHA-256 without salt, whose label names the purpose. */
function derive({ id, secret }: Secret, purpose: keyof ServerSecrets): Buffer {
  const bytes = Buffer.from(secret)
  if (bytes.length < 32) fail(`masterSecret: the secret ${JSON.stringify(id)} must have 32 bytes or more, got ${bytes.length} bytes`)
  return Buffer.from(hkdfSync('sha256', bytes, '', `countersign/v1/${purpose}`, 32))
}

function checkIds({ current, previous = [] }: RotatingSecrets): void {
  const ids = [current, ...previous].map(({ id }) => id)
  if (!ids.every((id) => /^[A-Za-z0-9_-]{1,64}$/.test(id))) fail('masterSecret: an id must be 1 to 64 letters, digits, _ and -')
  if (new Set(ids).size < ids.length) fail('masterSecret must not have a duplicate id')
}

/** The secrets of one purpose. A function is asked at every use, and each of its secrets is derived once. */
function derivedFrom(master: SecretsOption, purpose: keyof ServerSecrets): SecretsOption {
  const ask = typeof master === 'function' ? master : (): RotatingSecrets => master
  const known = new Map<string, { readonly from: Buffer; readonly derived: Buffer }>()
  const derivedOf = (secret: Secret): Secret => {
    const from = Buffer.from(secret.secret)
    const before = known.get(secret.id)
    const derived = before?.from.equals(from) ? before.derived : derive(secret, purpose)
    known.set(secret.id, { from, derived })
    return { id: secret.id, secret: derived }
  }
  checkIds(ask())
  return () => {
    const { current, previous = [] } = ask()
    return { current: derivedOf(current), previous: previous.map(derivedOf) }
  }
}

/** The secret of a purpose: its own one, else the one that is derived; undefined if there is neither. */
export function secretsFinder(
  master: SecretsOption | undefined,
  secrets: ServerSecrets = {},
): (purpose: keyof ServerSecrets) => SecretsOption | undefined {
  return (purpose) => secrets[purpose] ?? (master && derivedFrom(master, purpose))
}

/** @throws TypeError if it is not there */
export function requireSecret(secret: SecretsOption | undefined, purpose: keyof ServerSecrets): SecretsOption {
  return secret ?? fail(`masterSecret or secrets.${purpose} must be given, got undefined`)
}
