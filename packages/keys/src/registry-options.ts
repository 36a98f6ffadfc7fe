import {
  type AsymmetricAlgorithm,
  type DocumentStore,
  type Now,
  type RevocationAnnouncer,
  requireOptionNames,
  type SecretsOption,
} from '@countersign/core'
import { isAlgorithm, isHmac } from '@countersign/jwt'
import type { KeyTimes } from './own-key.js'
import type { FindSigner } from './own-signers.js'

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
  readonly revocations?: RevocationAnnouncer | undefined
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
  maxTokenLifeSeconds: 86_400,
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
  for (const name of names) if (!(Number.isFinite(times[name]) && times[name] >= 0)) fail(`${name} is a number of seconds`)
  return times
}

function signingAlgorithms(given: readonly AsymmetricAlgorithm[]): CheckedOptions['algorithms'] {
  const [usual, ...others] = given
  if (usual === undefined) return fail('algorithms names at least one')
  if (given.some((algorithm) => !isAlgorithm(algorithm) || isHmac(algorithm))) fail('algorithms are asymmetric')
  if (new Set(given).size < given.length) fail('an algorithm is named twice')
  return [usual, ...others]
}

const optionNames: readonly string[] = Object.keys({
  issuer: true,
  tokenIssuers: true,
  store: true,
  revocations: true,
  encryption: true,
  externalSigner: true,
  algorithms: true,
  generateFirst: true,
  requirePossession: true,
  maxKeysPerClient: true,
  refreshSeconds: true,
  now: true,
  maxTokenLifeSeconds: true,
  toleranceSeconds: true,
  jwksMaxAgeSeconds: true,
  verifierCacheSeconds: true,
  staleIfErrorSeconds: true,
} satisfies Record<keyof KeyRegistryOptions, true>)

/** @throws TypeError if an option is missing or wrong */
export function checkOptions(options: KeyRegistryOptions): CheckedOptions {
  requireOptionNames('createKeyRegistry', options, optionNames)
  const { issuer, store, revocations, encryption, externalSigner, refreshSeconds = 2, maxKeysPerClient = 20 } = options
  if (typeof issuer !== 'string' || issuer === '') fail('issuer is required')
  const { tokenIssuers = [issuer] } = options
  if (!Array.isArray(tokenIssuers) || tokenIssuers.length === 0 || tokenIssuers.some((one) => typeof one !== 'string' || one === ''))
    fail('tokenIssuers names at least one')
  if (typeof store?.put !== 'function') fail('store is required')
  if (revocations !== undefined && typeof revocations.revoke !== 'function')
    fail('revocations must be what createSharedRevocations gives, or a RevocationStore')
  if (externalSigner !== undefined && typeof externalSigner !== 'function') fail('externalSigner is a function')
  if (!(Number.isFinite(refreshSeconds) && refreshSeconds > 0)) fail('refreshSeconds is a positive number')
  if (!(Number.isInteger(maxKeysPerClient) && maxKeysPerClient > 0)) fail('maxKeysPerClient is a positive whole number')
  if (options.generateFirst === true && encryption === undefined) fail('generateFirst needs encryption')
  const generateFirst = encryption !== undefined && options.generateFirst !== false
  return {
    algorithms: signingAlgorithms(options.algorithms ?? ['ES256']),
    times: keyTimes(options),
    refreshSeconds,
    maxKeysPerClient,
    generateFirst,
  }
}
