import { generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto'
import type { DocumentStore, RotatingSecrets } from '@countersign/core'

/** Secrets for one purpose each, all of one. */
export type DeriveSecret = (purpose: string) => RotatingSecrets

/** What all processes on one store have to agree on: the first one makes it. */
async function kept(store: DocumentStore, id: string, make: () => string): Promise<string> {
  const address = { collection: 'neris-settings', id }
  const before = await store.get(address)
  if (before) return before.value
  const value = JSON.stringify(make())
  if (await store.put({ ...address, value, revision: 0 })) return value
  return (await store.get(address))?.value ?? value
}

/**
 * Derives secrets from `APP_SECRET`, or from one that is made at the first start and kept in the store: processes agree on it, and
 * who reads the store has it too.
 */
export async function appSecrets(store: DocumentStore, appSecret: string | undefined): Promise<DeriveSecret> {
  const root = appSecret ?? (await kept(store, 'app-secret', () => randomBytes(48).toString('base64')))
  return (purpose) => ({ current: { id: 'app', secret: new Uint8Array(hkdfSync('sha256', root, '', `neris: ${purpose}`, 32)) } })
}

/** The signing key of the user pool in this process, as JWK: a key of its own for each store, and the same in all its processes. */
export async function poolKey(store: DocumentStore): Promise<Readonly<Record<string, string>>> {
  const make = (): string => JSON.stringify(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }))
  const text = JSON.parse(await kept(store, 'pool-key', make)) as string
  return JSON.parse(text) as Readonly<Record<string, string>>
}
