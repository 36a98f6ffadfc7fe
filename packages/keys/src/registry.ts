import type {
  AsymmetricAlgorithm,
  DocumentStore,
  KeySource,
  Lifecycle,
  Now,
  Readiness,
  RevocationStore,
  RouteTable,
  SecretsOption,
  Signer,
  SignerSource,
} from '@countersign/core'
import { isHmac } from '@countersign/jwt'
import type { ClientKey } from './client-key.js'
import { createRegisteredKeys, type RegisteredKeys } from './client-keys.js'
import { createEnvelope } from './envelope.js'
import { jwksRoutes } from './jwks-routes.js'
import type { KeyTimes, OwnKey } from './own-key.js'
import { createOwnKeys, type KeyUse, type OwnKeys } from './own-keys.js'
import { createRingCache } from './own-ring-cache.js'
import { createRings } from './ring.js'

/** Options of {@link createKeyRegistry}. */
export interface KeyRegistryOptions extends Partial<KeyTimes> {
  /** Our own `iss`. */
  readonly issuer: string
  readonly store: DocumentStore
  /** Where revocations are announced to all guards; without it, a revoked key only leaves the registry. */
  readonly revocations?: RevocationStore
  /** Key-encryption keys of 32 bytes (base64 as text) for private keys at rest; or `externalSigner`. */
  readonly encryption?: SecretsOption
  /** Signs with keys that a KMS or HSM holds; asked by kid. */
  readonly externalSigner?: (kid: string) => Signer | undefined
  /** Algorithms that we sign with. The first is the usual one. @defaultValue `['ES256']` */
  readonly algorithms?: readonly AsymmetricAlgorithm[]
  /** Makes the first key of each algorithm when `ready` finds none. @defaultValue true with `encryption` */
  readonly generateFirst?: boolean
  /** A client's key counts only after it showed possession of the private one. @defaultValue false */
  readonly requirePossession?: boolean
  /** @defaultValue 20 */
  readonly maxKeysPerClient?: number
  /** How often the ring is read again. @defaultValue 5 */
  readonly refreshSeconds?: number
  /** How long we sign and verify with the ring in memory while the store is down. @defaultValue 900 */
  readonly staleIfErrorSeconds?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/** Own keys and client keys, with everything that uses them. */
export interface KeyRegistry extends Lifecycle {
  readonly own: OwnKeys
  readonly clients: RegisteredKeys
  /** For `ownIssuer`. */
  readonly source: KeySource
  /** Signs with the active key of the usual algorithm and purpose. */
  readonly signer: SignerSource
  signerFor(use: KeyUse): SignerSource
  /** @param path - @defaultValue `/.well-known/jwks.json` */
  jwks(path?: string): RouteTable
}

const defaultTimes: KeyTimes = { maxTokenLifeSeconds: 86_400, toleranceSeconds: 60, jwksMaxAgeSeconds: 300, verifierCacheSeconds: 600 }

function keyTimes(options: KeyRegistryOptions): KeyTimes {
  const given = (name: keyof KeyTimes): number => options[name] ?? defaultTimes[name]
  const times = {
    maxTokenLifeSeconds: given('maxTokenLifeSeconds'),
    toleranceSeconds: given('toleranceSeconds'),
    jwksMaxAgeSeconds: given('jwksMaxAgeSeconds'),
    verifierCacheSeconds: given('verifierCacheSeconds'),
  }
  for (const [name, value] of Object.entries(times)) {
    if (!(Number.isFinite(value) && value >= 0)) throw new TypeError(`createKeyRegistry: ${name} is a number of seconds`)
  }
  return times
}

function checked(options: KeyRegistryOptions): readonly AsymmetricAlgorithm[] {
  const { issuer, store, algorithms = ['ES256'] } = options
  if (typeof issuer !== 'string' || issuer === '') throw new TypeError('createKeyRegistry: issuer is required')
  if (typeof store?.put !== 'function') throw new TypeError('createKeyRegistry: store is required')
  if (algorithms.length === 0 || algorithms.some((algorithm) => isHmac(algorithm)))
    throw new TypeError('createKeyRegistry: algorithms are asymmetric, at least one')
  return algorithms
}

/**
 * A registry of own signing keys and of keys that clients registered.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createKeyRegistry(options: KeyRegistryOptions): KeyRegistry {
  const algorithms = checked(options)
  const { issuer, store, revocations, refreshSeconds = 5, staleIfErrorSeconds = 900 } = options
  const now = options.now ?? Date.now
  const times = keyTimes(options)
  const envelope = options.encryption === undefined ? undefined : createEnvelope(options.encryption)
  const rings = createRings<OwnKey>(store, 'own_keys')
  const own = createOwnKeys({ issuer, rings, revocations, envelope, algorithms, times, now })
  const cache = createRingCache({
    issuer,
    rings,
    envelope,
    externalSigner: options.externalSigner,
    times,
    refreshSeconds,
    staleIfErrorSeconds,
    now,
  })
  const clients = createRegisteredKeys({
    issuer,
    store,
    rings: createRings<ClientKey>(store, 'client_keys'),
    revocations,
    requirePossession: options.requirePossession ?? false,
    maxKeysPerClient: options.maxKeysPerClient ?? 20,
    now,
  })
  const signerFor = (use: KeyUse = {}): SignerSource =>
    cache.signers({ algorithm: use.algorithm ?? algorithms[0] ?? 'ES256', purpose: use.purpose ?? 'access_token' })

  async function firstKeys(): Promise<void> {
    const { keys } = await cache.reload()
    for (const algorithm of algorithms) {
      if (!keys.some((key) => key.algorithm === algorithm && key.revokedAt === undefined)) await own.generate({ algorithm })
    }
    await cache.reload()
  }

  async function ready(): Promise<Readiness> {
    try {
      if (envelope !== undefined && options.generateFirst !== false) await firstKeys()
      await cache.source.ready()
      return { ok: true, parts: { keys: { ok: true } } }
    } catch (cause) {
      return { ok: false, parts: { keys: { ok: false, cause } } }
    }
  }

  const close = async (): Promise<void> => undefined
  return {
    own,
    clients,
    source: cache.source,
    signer: signerFor(),
    signerFor,
    jwks: (path = '/.well-known/jwks.json') => jwksRoutes(path, cache.reload, times, now),
    ready,
    close,
    [Symbol.asyncDispose]: close,
  }
}
