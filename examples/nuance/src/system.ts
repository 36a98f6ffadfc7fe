import type { ClientKeys, RevocationPublisher, Stores } from '@countersign/core'
import { type Clients, createClients } from '@countersign/grants'
import { createKeyRegistry, type KeyRegistry, type KeyRegistryOptions } from '@countersign/keys'
import { profile } from './profile.js'
import type { Secrets } from './secrets.js'

/** Clients and keys on one part of a store, which holds everything of one system. */
export interface System {
  readonly stores: Stores
  /** Our own signing keys, and those that clients registered. */
  readonly keys: KeyRegistry
  /** Of `keys`. */
  readonly keyOptions: KeyRegistryOptions
  readonly clients: Clients
}

/**
 * What is revoked in a system is revoked for every process on the store.
 *
 * @param revocations - the view of this process; a system that is only looked into needs none
 */
export function createSystem(stores: Stores, secrets: Secrets, revocations: RevocationPublisher = stores.revocations): System {
  const { issuer, accessTokenLifetimeSeconds: maxTokenLifetimeSeconds } = profile
  const keyOptions = { issuer, store: stores.keys, revocations, encryption: secrets.keyEncryption, maxTokenLifetimeSeconds }
  const keys = createKeyRegistry(keyOptions)
  const byName: ClientKeys = {
    // A subject token names its key: which one is meant is not guessed, not even where there is but one.
    find: async (query) => (query.kid === undefined ? { ok: false, reason: 'unknown' } : keys.clientKeys.find(query)),
  }
  const clients = createClients({ store: stores.clients, pepper: secrets.pepper, clientKeys: byName, issuer, revocations })
  return { stores, keys, keyOptions, clients }
}
