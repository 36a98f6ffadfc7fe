import {
  checkSecrets,
  type HmacAlgorithm,
  type KeyQuery,
  type KeySource,
  kind,
  type RotatingSecrets,
  type Secret,
  type SecretsOption,
  type Signer,
  type SignerSource,
  Unavailable,
  type VerificationKey,
} from '@countersign/core'
import { createSigner, hmacSecretKind, importSecret } from '@countersign/jwt'

/** What nonces are signed and checked with. Both throw or reject with `Unavailable` when the keys cannot be told. */
export interface NonceKeys {
  /** The signer of the moment, and whether its name goes into the header. */
  current(): SignsNow | Promise<SignsNow>
  find(query: KeyQuery): VerificationKey | undefined | Promise<VerificationKey | undefined>
}

interface SignsNow {
  readonly signer: Signer
  readonly omitKid: boolean
}

interface PreparedSecrets extends SignsNow {
  readonly byId: ReadonlyMap<string, VerificationKey>
  /** Copies, since a host may rotate by changing its own object or bytes in place. */
  readonly copies: readonly Secret[]
}

const maxIdLength = 255

const listOf = ({ current, previous = [] }: RotatingSecrets): readonly Secret[] => [current, ...previous]

const nonceId = kind.satisfying(`a string of at most ${maxIdLength} characters`, (id) => typeof id === 'string' && id.length <= maxIdLength)

function prepare(secrets: RotatingSecrets, algorithm: HmacAlgorithm): PreparedSecrets {
  checkSecrets('createNonces', 'secrets', secrets, { id: nonceId, secret: hmacSecretKind([algorithm]) })
  const byId = new Map(
    listOf(secrets).flatMap(({ id, secret }) => {
      const imported = importSecret(secret, { kid: id, algorithms: [algorithm] })
      return imported.ok ? [[id, imported.key]] : []
    }),
  )
  const copies = listOf(secrets).map(({ id, secret }) => ({ id, secret: typeof secret === 'string' ? secret : Uint8Array.from(secret) }))
  const { id, secret } = secrets.current
  // A signer has a name; this one's is never written.
  const signer = createSigner({ key: Buffer.from(secret), algorithm, kid: id === '' ? 'unnamed' : id })
  return { signer, omitKid: id === '', byId, copies }
}

function isSame(one: Secret, other: Secret | undefined): boolean {
  if (one.id !== other?.id) return false
  const [secret, copy] = [one.secret, other.secret]
  return typeof secret === 'string' || typeof copy === 'string' ? secret === copy : Buffer.compare(secret, copy) === 0
}

function areSame(given: RotatingSecrets, copies: readonly Secret[]): boolean {
  const list = listOf(given)
  return list.length === copies.length && list.every((one, index) => isSame(one, copies[index]))
}

/**
 * HMAC secrets. The one with the empty id is written without a kid, so that a first secret can be joined by named ones later.
 *
 * @throws TypeError if a secret is shorter than its hash, is a key of a pair, or shares its id with another
 */
export function secretNonceKeys(secrets: SecretsOption, algorithm: HmacAlgorithm): NonceKeys {
  const ask = typeof secrets === 'function' ? secrets : undefined
  const state = { prepared: prepare(typeof secrets === 'function' ? secrets() : secrets, algorithm) }
  function now(): PreparedSecrets {
    if (ask === undefined) return state.prepared
    try {
      const given = ask()
      if (!areSame(given, state.prepared.copies)) state.prepared = prepare(given, algorithm)
      return state.prepared
    } catch (cause) {
      throw new Unavailable('key_source_unavailable', { cause })
    }
  }
  return {
    current: now,
    // A token without a kid means the secret without a name, whichever others there are.
    find: ({ kid = '', algorithm: asked }) => (asked === algorithm ? now().byId.get(kid) : undefined),
  }
}

/** A key pair: everybody who has the public key can check, only we can issue. */
export function pairNonceKeys(source: SignerSource, keys: KeySource): NonceKeys {
  return {
    current: async () => ({ signer: await source.current(), omitKid: false }),
    find: async (query) => (await keys.find(query)).key,
  }
}
