import { KeyObject } from 'node:crypto'
import {
  type Algorithm,
  checkSecrets,
  eventChannel,
  type HmacAlgorithm,
  type KeySet,
  type KeySource,
  kind,
  type OptionKind,
  type RotatingSecrets,
  type Secret,
  type SecretsOption,
  shownValue,
  Unavailable,
  type VerificationKey,
} from '@countersign/core'
import {
  answerFrom,
  createKeySet,
  hmacSecretKind,
  importJwk,
  importPublicKey,
  importSecret,
  jwkFitsAlgorithms,
  type KeyImport,
  type KeyReason,
} from '@countersign/jwt'
import { type DroppedKeys, importMembers, type SourceContext } from '@countersign/jwt/jwks'

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

const advice: Partial<Record<KeyReason, string>> = {
  private: 'an API must have the public half only',
  weak_rsa: 'RSA must have 2048 bits or more',
  wrong_use: 'its use or key_ops must be for signatures',
  unsupported: 'its kty or curve is unknown here',
  bad_point: 'its point is not on its curve',
}

/** What is usually the matter with a text, as it comes out of an environment variable. */
function adviceOn(input: unknown, fault: KeyReason): string {
  if (advice[fault] !== undefined) return ` (${advice[fault]})`
  if (typeof input !== 'string') return ''
  if (!input.includes('-----BEGIN ')) return ' (a string must be PEM; a JWK or a JWK Set must be an object)'
  return input.includes('\\n') ? ' (its line breaks are written as \\n: replace them)' : ''
}

/** A key by the name that it was given under, bounded. */
function nameOf(input: unknown): string {
  const kid: unknown =
    typeof input === 'object' && input !== null && !(input instanceof KeyObject) && 'kid' in input ? input.kid : undefined
  return typeof kid === 'string' ? `the key ${JSON.stringify(kid.slice(0, 100))}` : 'a key'
}

function refused(path: string, input: unknown, fault: KeyReason): TypeError {
  return new TypeError(
    `staticKeys: ${path} must be a public key that can be used, got ${nameOf(input)} with the fault ${fault}${adviceOn(input, fault)}`,
  )
}

function importOne(path: string, input: unknown): VerificationKey {
  const imported = importInput(input)
  if (!imported.ok) throw refused(path, input, imported.reason)
  return imported.key
}

/** Faults of a key that the issuer seems to sign with, and that must not be passed over. */
const dangerous: ReadonlySet<KeyReason> = new Set(['private', 'weak_rsa', 'bad_point'])

/** Keys given at start-up, and what of the JWK Sets among them was left out. */
export interface StaticKeySet {
  readonly set: KeySet
  readonly dropped: DroppedKeys
}

function importListed(path: string, input: PublicKeyInput, algorithms: ReadonlySet<Algorithm>): ReturnType<typeof importMembers> {
  if (typeof input !== 'object' || input instanceof KeyObject || !('keys' in input)) return { keys: [importOne(path, input)], dropped: {} }
  const members: unknown = input.keys
  if (!Array.isArray(members))
    throw new TypeError(`staticKeys: ${path}.keys must be an array, as in every JWK Set, got ${shownValue(members)}`)
  return importMembers(members, {
    onRefused(member, fault) {
      if (dangerous.has(fault) && jwkFitsAlgorithms(member, algorithms))
        throw refused(`${path}.keys[${members.indexOf(member)}]`, member, fault)
    },
  })
}

function counted(dropped: readonly DroppedKeys[]): DroppedKeys {
  const sum: Record<string, number> = {}
  for (const [fault, count] of dropped.flatMap((one) => Object.entries(one))) sum[fault] = (sum[fault] ?? 0) + count
  return sum
}

/**
 * Imports public keys given at start-up. Unusable members of a JWK Set are left out (RFC 7517 §5). A key that was given by itself is never.
 *
 * @param algorithms - those of the entry
 * @throws TypeError if a key is refused, none is left that fits, or two share a kid
 */
export function staticKeySet(inputs: PublicKeyInput | readonly PublicKeyInput[], algorithms: ReadonlySet<Algorithm>): StaticKeySet {
  const imported = [inputs].flat().map((input, at) => importListed(Array.isArray(inputs) ? `keys[${at}]` : 'keys', input, algorithms))
  const keys = imported.flatMap((one) => one.keys)
  const dropped = counted(imported.map((one) => one.dropped))
  const left = Object.entries(dropped).map(([fault, count]) => `, left out ${count}: ${fault}`)
  if (keys.length + left.length === 0) throw new TypeError('staticKeys: keys must have at least one key, got an empty array')
  if (!keys.some((key) => key.algorithms.some((algorithm) => algorithms.has(algorithm))))
    throw new TypeError(`staticKeys: keys must have one that fits algorithms (${[...algorithms].join(', ')}), got none${left.join('')}`)
  const kids = keys.flatMap((key) => (key.kid === undefined ? [] : [key.kid]))
  const twice = kids.find((kid, index) => kids.indexOf(kid) < index)
  if (twice !== undefined)
    throw new TypeError(`staticKeys: keys must not have a duplicate kid, got ${JSON.stringify(twice.slice(0, 100))} twice`)
  return { set: createKeySet(keys), dropped }
}

const events = eventChannel('countersign:key-source')

/** A constant source, which tells when it is opened what was left out of its JWK Sets. */
export function openStaticKeys({ set, dropped }: StaticKeySet): (context: SourceContext) => KeySource {
  const source = constantKeys(set)
  return ({ via }) => {
    const isWhole = Object.keys(dropped).length === 0
    if (!isWhole && events.hasSubscribers) events.publish({ via, outcome: 'loaded', keys: set.keys.length, dropped, durationMs: 0 })
    return source
  }
}

/** A source whose keys never change. */
function constantKeys(set: KeySet): KeySource {
  return {
    find: (query) => answerFrom(set, query),
    isCurrent: (asked) => asked === set,
    ready: async () => undefined,
    close: () => undefined,
  }
}

function secretSet(secrets: RotatingSecrets, algorithms: readonly HmacAlgorithm[]): KeySet {
  checkSecrets('staticKeys', 'secrets', secrets, { secret: hmacSecretKind(algorithms) })
  const imported = listOf(secrets).map(({ id, secret }) => importSecret(secret, { kid: id, algorithms }))
  return createKeySet(imported.flatMap((one) => (one.ok ? [one.key] : [])))
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
