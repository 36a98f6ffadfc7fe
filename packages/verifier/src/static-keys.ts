import { KeyObject } from 'node:crypto'
import {
  type HmacAlgorithm,
  type KeySet,
  type KeySource,
  kind,
  type OptionKind,
  type RotatingSecrets,
  type Secret,
  type SecretsOption,
  Unavailable,
  type VerificationKey,
} from '@countersign/core'
import { answerFrom, createKeySet, importJwk, importPublicKey, importSecret, type KeyImport } from '@countersign/jwt'

/** A public key under a name of the issuer's. */
export interface NamedKey {
  readonly kid: string
  /** SPKI or certificate PEM, or a `KeyObject`. */
  readonly publicKey: string | KeyObject
}

/** A JWK Set, one JWK, SPKI or certificate PEM, a `KeyObject`; the last two under their thumbprint, or under a name with `{ kid, publicKey }`. */
export type PublicKeyInput = string | KeyObject | NamedKey | Readonly<Record<string, unknown>>

const isKeyText = (value: unknown): boolean => typeof value === 'string' || value instanceof KeyObject
const isNamed = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.hasOwn(value, 'publicKey')
const namedKey: OptionKind = {
  ...kind.members<NamedKey>({
    kid: kind.required(kind.string),
    publicKey: kind.required(kind.satisfying('PEM or a KeyObject', isKeyText)),
  }),
  accepts: isNamed,
}
const publicKey: OptionKind = {
  ...kind.either(kind.satisfying('PEM or a KeyObject', isKeyText), namedKey, kind.record),
  must: 'PEM, a KeyObject, { kid, publicKey }, a JWK or a JWK Set',
}

/** What public keys given at start-up must be. Members of a JWK are free (RFC 7517 §4). */
export const publicKeys: OptionKind = {
  ...kind.either(publicKey, kind.listOf(publicKey)),
  must: `${publicKey.must}, or a non-empty array of such`,
}

function importPlain(key: string | KeyObject, kid: string | undefined): KeyImport {
  const imported = importPublicKey(key, kid === undefined ? {} : { kid })
  // Signers name a key by its thumbprint (RFC 7638) where nothing else is said.
  return imported.ok && imported.key.kid === undefined ? importPublicKey(key, { kid: imported.key.thumbprint ?? '' }) : imported
}

function importInput(input: unknown): KeyImport {
  if (typeof input === 'string' || input instanceof KeyObject) return importPlain(input, undefined)
  const { kid, publicKey } = (typeof input === 'object' && input !== null ? input : {}) as Partial<NamedKey>
  return publicKey === undefined ? importJwk(input) : importPlain(publicKey, kid)
}

/** What is usually the matter with a text, as it comes out of an environment variable. */
function adviceOn(input: unknown): string {
  if (typeof input !== 'string') return ''
  if (!input.includes('-----BEGIN ')) return ' (a text is PEM; a JWK or JWK Set is given as an object)'
  return input.includes('\\n') ? ' (its line breaks are a backslash and an n)' : ''
}

function importOne(input: unknown): VerificationKey {
  const imported = importInput(input)
  if (!imported.ok) throw new TypeError(`staticKeys: a key was refused: ${imported.fault}${adviceOn(input)}`)
  return imported.key
}

function listed(input: PublicKeyInput): readonly unknown[] {
  if (typeof input !== 'object' || input instanceof KeyObject || !('keys' in input)) return [input]
  if (!Array.isArray(input.keys)) throw new TypeError('staticKeys: "keys" of a JWK Set must be an array')
  return input.keys
}

/**
 * Imports public keys given at start-up.
 *
 * @throws TypeError if one is refused, none is left, or two share a kid
 */
export function staticKeySet(inputs: PublicKeyInput | readonly PublicKeyInput[]): KeySet {
  const keys = [inputs].flat().flatMap((input) => listed(input).map(importOne))
  if (keys.length === 0) throw new TypeError('staticKeys: keys must have at least one key, got an empty array')
  const kids = keys.flatMap((key) => (key.kid === undefined ? [] : [key.kid]))
  if (new Set(kids).size < kids.length) throw new TypeError('staticKeys: keys must not have a duplicate kid')
  return createKeySet(keys)
}

/** A source whose keys never change. */
export function constantKeys(set: KeySet): KeySource {
  return {
    find: (query) => answerFrom(set, query),
    isCurrent: (asked) => asked === set,
    ready: async () => undefined,
    close: () => undefined,
  }
}

function secretSet(secrets: RotatingSecrets, algorithms: readonly HmacAlgorithm[]): KeySet {
  const all = [secrets?.current, ...(secrets?.previous ?? [])]
  if (!all.every(isSecret))
    throw new TypeError('staticKeys: secrets must be { current: { id, secret }, previous }, each secret a string or bytes with its id')
  if (new Set(all.map((one) => one.id)).size < all.length) throw new TypeError('staticKeys: secrets must not have a duplicate id')
  const keys = all.map(({ id, secret }) => {
    const imported = importSecret(secret, { kid: id, algorithms })
    if (!imported.ok)
      throw new TypeError(
        `staticKeys: the secret ${JSON.stringify(id)} was refused: ${imported.fault}${imported.detail ? `: ${imported.detail}` : ''}`,
      )
    return imported.key
  })
  return createKeySet(keys)
}

function isSecret(one: Partial<Secret> | undefined): one is Secret {
  return typeof one?.id === 'string' && (typeof one.secret === 'string' || one.secret instanceof Uint8Array)
}

const listOf = ({ current, previous = [] }: RotatingSecrets): readonly Secret[] => [current, ...previous]

/** Copies, since a host may rotate by changing its own object or bytes in place. */
function copiesOf(secrets: RotatingSecrets): readonly Secret[] {
  return listOf(secrets).map(({ id, secret }) => ({ id, secret: typeof secret === 'string' ? secret : Uint8Array.from(secret) }))
}

function areSame(given: RotatingSecrets, copies: readonly Secret[]): boolean {
  const list = listOf(given)
  return list.length === copies.length && list.every((one, index) => isSame(one, copies[index]))
}

function isSame(one: Secret, other: Secret | undefined): boolean {
  if (one.id !== other?.id) return false
  const [secret, copy] = [one.secret, other.secret]
  return typeof secret === 'string' || typeof copy === 'string' ? secret === copy : Buffer.compare(secret, copy) === 0
}

/**
 * HMAC secrets as a key source; a function is asked at every use and may rotate them.
 *
 * @throws TypeError if a secret is shorter than its hash, is a public key, or shares its id with another
 */
export function secretKeys(secrets: SecretsOption, algorithms: readonly HmacAlgorithm[]): KeySource {
  if (typeof secrets !== 'function') return constantKeys(secretSet(secrets, algorithms))
  const ask: () => RotatingSecrets = secrets
  const first = ask()
  // Judged before it is copied, so that what is wrong is told.
  const source = constantKeys(secretSet(first, algorithms))
  const state = { copies: copiesOf(first), source }
  function current(): KeySource {
    try {
      const given = ask()
      if (areSame(given, state.copies)) return state.source
      // In this order: secrets that are refused must be refused at the next use as well.
      const source = constantKeys(secretSet(given, algorithms))
      Object.assign(state, { copies: copiesOf(given), source })
      return source
    } catch (cause) {
      throw new Unavailable('key_source_unavailable', { cause })
    }
  }
  return {
    find: (query) => current().find(query),
    isCurrent: (set) => current().isCurrent(set),
    ready: async () => void current(),
    close: () => undefined,
  }
}
