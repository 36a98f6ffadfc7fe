import {
  type AsymmetricAlgorithm,
  checkOptions as checkEach,
  type DocumentStore,
  kind,
  type Now,
  type OptionShape,
  type RevocationPublisher,
  type SecretsOption,
} from '@countersign/core'
import { algorithms, isHmac } from '@countersign/jwt'
import type { FindSigner } from './signing/key-signers.js'
import type { KeyTimes } from './signing/signing-key.js'

/** Options of `createKeyRegistry`. */
export interface KeyRegistryOptions extends Partial<KeyTimes> {
  /** Our own `iss`. */
  readonly issuer: string
  /** Whose tokens clients obtain with their keys, where those are tenants: all of them end with a key. @defaultValue `issuer` */
  readonly tokenIssuers?: readonly string[] | undefined
  readonly store: DocumentStore
  /**
   * Where revocations are announced to all guards, and learned of before signing: what `createSharedRevocations` gives. A
   * `RevocationStore` is told, but not asked. Without it, a revoked key only leaves the registry.
   */
  readonly revocations?: RevocationPublisher | undefined
  /** Key-encryption keys of 32 bytes (base64 as text) for private keys at rest; or `externalSigner`. */
  readonly encryption?: SecretsOption | undefined
  /** Signs with keys that a KMS or HSM holds; asked by kid. */
  readonly externalSigner?: FindSigner | undefined
  /** Algorithms that we sign with. The first is the usual one. @defaultValue `['ES256']` */
  readonly algorithms?: readonly AsymmetricAlgorithm[]
  /** Makes the first key of each algorithm when `ready` finds none. @defaultValue true with `encryption` */
  readonly generateFirst?: boolean
  /** A client's key counts only after it showed possession of the private one. @defaultValue false */
  readonly requirePossession?: boolean
  /** @defaultValue 20 */
  readonly maxKeysPerClient?: number
  /** How often the ring is read again: what another process revoked ends within it, also without a denylist. @defaultValue 2 */
  readonly refreshSeconds?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/** Options that were checked, with their defaults. */
export interface CheckedOptions {
  readonly algorithms: readonly [AsymmetricAlgorithm, ...AsymmetricAlgorithm[]]
  readonly times: KeyTimes
  readonly refreshSeconds: number
  readonly maxKeysPerClient: number
  readonly generateFirst: boolean
}

const defaultTimes: KeyTimes = {
  maxTokenLifetimeSeconds: 86_400,
  toleranceSeconds: 60,
  jwksMaxAgeSeconds: 300,
  verifierCacheSeconds: 600,
  staleIfErrorSeconds: 900,
}

function fail(message: string): never {
  throw new TypeError(`createKeyRegistry: ${message}`)
}

function keyTimes(options: KeyRegistryOptions): KeyTimes {
  const names = Object.keys(defaultTimes) as (keyof KeyTimes)[]
  const times = Object.fromEntries(names.map((name) => [name, options[name] ?? defaultTimes[name]])) as unknown as KeyTimes
  return times
}

function signingAlgorithms(given: readonly AsymmetricAlgorithm[]): CheckedOptions['algorithms'] {
  const [usual, ...others] = given
  if (usual === undefined) return fail('algorithms must be a non-empty array, got an empty array')
  const again = given.find((algorithm, at) => given.indexOf(algorithm) < at)
  if (again !== undefined) fail(`algorithms must not have a duplicate, got ${JSON.stringify(again)} twice`)
  return [usual, ...others]
}

/** What each of the options of `createKeyRegistry` must be, for a factory that hands them on. */
export const keyRegistryShape: OptionShape<KeyRegistryOptions> = {
  issuer: kind.required(kind.string),
  tokenIssuers: kind.listOf(kind.string),
  store: kind.required(kind.having('a DocumentStore, for instance stores.keys', 'put')),
  revocations: kind.having('what createSharedRevocations returns, or a RevocationStore', 'revoke'),
  encryption: kind.secrets,
  externalSigner: kind.func,
  algorithms: kind.listOf(kind.oneOf(...algorithms.filter((algorithm) => !isHmac(algorithm)))),
  generateFirst: kind.flag,
  requirePossession: kind.flag,
  maxKeysPerClient: kind.count,
  refreshSeconds: kind.positiveSeconds,
  now: kind.func,
  maxTokenLifetimeSeconds: kind.seconds,
  toleranceSeconds: kind.seconds,
  jwksMaxAgeSeconds: kind.seconds,
  verifierCacheSeconds: kind.seconds,
  staleIfErrorSeconds: kind.seconds,
}

/** @throws TypeError if an option is missing or wrong */
export function checkOptions(options: KeyRegistryOptions): CheckedOptions {
  checkEach('createKeyRegistry', options, keyRegistryShape)
  const { encryption, refreshSeconds = 2, maxKeysPerClient = 20 } = options
  if (options.generateFirst === true && encryption === undefined) fail('encryption must be given with generateFirst, got undefined')
  const generateFirst = encryption !== undefined && options.generateFirst !== false
  return {
    algorithms: signingAlgorithms(options.algorithms ?? ['ES256']),
    times: keyTimes(options),
    refreshSeconds,
    maxKeysPerClient,
    generateFirst,
  }
}
