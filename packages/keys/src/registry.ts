import {
  checkParts,
  isUnavailable,
  type KeySource,
  type Lifecycle,
  type Readiness,
  type RouteTable,
  type SignerSource,
  wallClock,
} from '@countersign/core'
import { isClientKey } from './clients/client-key.js'
import { createRegisteredKeys, type RegisteredKeys } from './clients/registered-keys.js'
import { storedClientKey } from './clients/stored-client-key.js'
import { checkOptions, type KeyRegistryOptions } from './registry-options.js'
import { createRings } from './ring.js'
import { createOwnRing, createOwnSigners } from './signing/active-signer.js'
import { createEnvelope } from './signing/envelope.js'
import { jwksRoutes } from './signing/jwks-routes.js'
import { createKeySigners } from './signing/key-signers.js'
import { completeUse, type KeyUse } from './signing/new-key.js'
import { isOwnKey } from './signing/signing-key.js'
import { createOwnKeySource } from './signing/signing-key-source.js'
import { createOwnKeys, type SigningKeys } from './signing/signing-keys.js'
import { storedSigningKey } from './signing/stored-signing-key.js'

/** Own keys and client keys, with everything that uses them. */
export interface KeyRegistry extends Lifecycle {
  /**
   * Makes the first keys where there are none, reads what there is, and seals keys anew that are under a previous key-encryption key. The parts are `keys` and, where the registry can sign, `signer` and `store`, which is tested
   * for writing.
   */
  ready(): Promise<Readiness>
  readonly signing: SigningKeys
  readonly clientKeys: RegisteredKeys
  /** For `signingKeys`. */
  readonly source: KeySource
  /** Signs with the active key of the usual algorithm and purpose. */
  readonly signer: SignerSource
  /** Signs with the active key of another use. */
  signerFor(use: KeyUse): SignerSource
  /** @param path - @defaultValue `/.well-known/jwks.json` */
  jwks(path?: string): RouteTable
}

/** How often keys are sealed anew, in milliseconds, unless the current key-encryption key has changed. */
const resealEveryMs = 60_000

/**
 * A registry of own signing keys and of keys that clients registered.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createKeyRegistry(options: KeyRegistryOptions): KeyRegistry {
  const { algorithms, times, refreshSeconds, maxKeysPerClient, generateFirst } = checkOptions(options)
  const { issuer, store, revocations, externalSigner } = options
  const now = options.now ?? wallClock
  const envelope = options.encryption === undefined ? undefined : createEnvelope(options.encryption)

  const rings = createRings({
    store,
    collection: 'own_keys',
    stored: storedSigningKey,
    isKey: isOwnKey,
    changed: (_owner, changed) => ring.accept(changed),
  })
  const { ensureFirst, erase, followRevocation, ...signing } = createOwnKeys({
    issuer,
    rings,
    revocations,
    envelope,
    algorithms,
    times,
    now,
  })
  const ring = createOwnRing({
    issuer,
    rings,
    refreshSeconds,
    staleIfErrorSeconds: times.staleIfErrorSeconds,
    now,
    onRead: erase,
  })
  const keySigners = createKeySigners({ envelope, findSigner: externalSigner, times, now })
  const signers = createOwnSigners({ issuer, ring, keySigners, times, now, revocations, followRevocation })
  const clientKeys = createRegisteredKeys({
    issuer,
    tokenIssuers: options.tokenIssuers ?? [issuer],
    store,
    rings: createRings({ store, collection: 'client_keys', stored: storedClientKey, isKey: isClientKey }),
    revocations,
    requirePossession: options.requirePossession ?? false,
    maxKeysPerClient,
    isOwn: async (thumbprint) => (await rings.read(issuer)).keys.some(({ kid }) => kid === thumbprint),
    now,
  })
  const signerFor = (use: KeyUse = {}): SignerSource => signers(completeUse(use, algorithms[0]))
  const signer = signerFor()

  /** Without a way to sign nothing has to be written: a process that verifies may have read access only. */
  const isSigning = envelope !== undefined || externalSigner !== undefined

  const sealed: { under: string | undefined; atMs: number } = { under: undefined, atMs: 0 }

  /**
   * At most once a minute: while processes still differ in their current key, two of them do it in turn. A key that cannot be opened any more
   * stays as it is; if it signs, the signer is not ready.
   */
  async function resealRarely(): Promise<void> {
    const id = envelope?.currentId()
    if (id === undefined || (id === sealed.under && performance.now() - sealed.atMs < resealEveryMs)) return
    await signing.reseal().catch((error: unknown) => {
      if (isUnavailable(error)) throw error
    })
    Object.assign(sealed, { under: id, atMs: performance.now() })
  }

  async function loadKeys(): Promise<void> {
    if (generateFirst) await ensureFirst()
    await ring.fresh()
    await resealRarely()
  }

  async function ready(): Promise<Readiness> {
    // first: the signer needs them
    const keys = await checkParts({ keys: loadKeys })
    const others = isSigning ? await checkParts({ signer: () => signer.current(), store: () => store.checkWrites?.() }) : undefined
    return { ok: keys.ok && others?.ok !== false, parts: { ...keys.parts, ...others?.parts } }
  }

  const close = async (): Promise<void> => undefined
  return {
    signing,
    clientKeys,
    source: createOwnKeySource({ ring, times, now }),
    signer,
    signerFor,
    jwks: (path = '/.well-known/jwks.json') => jwksRoutes(path, { ring, times, now }),
    ready,
    close,
    [Symbol.asyncDispose]: close,
  }
}
