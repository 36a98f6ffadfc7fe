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

/** @throws TypeError in the name of the factory */
export function fail(message: string): never {
  throw new TypeError(`createAuthorizationServer: ${message}`)
}

const asked = (secrets: SecretsOption): RotatingSecrets => (typeof secrets === 'function' ? secrets() : secrets)

/** Ids of the secrets of one purpose, the current one first. */
export function idsOf(secrets: SecretsOption): readonly string[] {
  const { current, previous = [] } = asked(secrets)
  return [current, ...previous].map(({ id }) => id)
}

/** The secrets of one purpose: HKDF-SHA-256 without salt, whose label names the purpose. A function is asked at every use. */
function derivedFrom(master: SecretsOption, purpose: keyof ServerSecrets): SecretsOption {
  const known = new Map<string, { readonly from: Buffer; readonly derived: Secret }>()

  function derived({ id, secret }: Secret): Secret {
    const from = Buffer.from(secret)
    const before = known.get(id)
    if (before?.from.equals(from)) return before.derived
    if (from.length < 32) fail(`masterSecret: the secret ${JSON.stringify(id)} must have 32 bytes or more, got ${from.length} bytes`)
    const made = { id, secret: Buffer.from(hkdfSync('sha256', from, '', `countersign/v1/${purpose}`, 32)) }
    known.set(id, { from, derived: made })
    return made
  }

  const allOf = ({ current, previous = [] }: RotatingSecrets): RotatingSecrets => ({
    current: derived(current),
    previous: previous.map(derived),
  })
  return typeof master === 'function' ? () => allOf(master()) : allOf(master)
}

/**
 * The secret of a purpose: its own one, else the one that is derived; undefined if there is neither.
 *
 * @throws TypeError if an id of `master` is wrong
 */
export function secretsFinder(
  master: SecretsOption | undefined,
  secrets: ServerSecrets = {},
): (purpose: keyof ServerSecrets) => SecretsOption | undefined {
  const ids = master ? idsOf(master) : []
  if (!ids.every((id) => /^[A-Za-z0-9_-]{1,64}$/.test(id))) fail('masterSecret: an id must be 1 to 64 letters, digits, _ and -')
  if (new Set(ids).size < ids.length) fail('masterSecret must not have a duplicate id')
  return (purpose) => secrets[purpose] ?? (master && derivedFrom(master, purpose))
}

/** @throws TypeError if it is not there */
export function requireSecret(secret: SecretsOption | undefined, purpose: keyof ServerSecrets): SecretsOption {
  return secret ?? fail(`masterSecret or secrets.${purpose} must be given, got undefined`)
}
