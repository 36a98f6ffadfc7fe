import { randomBytes } from 'node:crypto'
import type { DocumentStore, Events, RotatingSecrets, Stores } from '@countersign/core'
import { onEvent } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createKeyRegistry, type KeyRegistry, type KeyRegistryOptions, type SigningKeyState } from '@countersign/keys'
import { type FixedClock, fixedClock } from '@countersign/testkit'
import { onTestFinished } from 'vitest'

export const issuer = 'https://api.test'
/** Where the clock starts, epoch seconds. */
export const startsAt = 1_800_000_000
/** A step is safe after 300 + 600 + 60 s, a retired key verifies for 3600 + 60 + 900 s. */
export const safeAfter = 960
export const verifiesFor = 4560

/** A store that counts, that goes down, and that can be held up. */
export interface WatchedStore extends DocumentStore {
  reads: number
  writes: number
  isDown: boolean
  /** Every call waits for it. */
  held: Promise<void>
}

export function watched(store: DocumentStore): WatchedStore {
  async function reached(): Promise<void> {
    await result.held
    if (result.isDown) throw new Error('connection refused')
  }
  const result: WatchedStore = {
    reads: 0,
    writes: 0,
    isDown: false,
    held: Promise.resolve(),
    async get(address) {
      result.reads += 1
      await reached()
      return store.get(address)
    },
    async put(change) {
      result.writes += 1
      await reached()
      return store.put(change)
    },
    async remove(change) {
      await reached()
      return store.remove(change)
    },
    async getMany(addresses) {
      result.reads += 1
      await reached()
      return store.getMany(addresses)
    },
    async removeMany(changes, call) {
      await reached()
      return store.removeMany(changes, call)
    },
    async list(query) {
      await reached()
      return store.list(query)
    },
    async count(query) {
      await reached()
      return store.count(query)
    },
    async scan(query) {
      await reached()
      return store.scan(query)
    },
  }
  return result
}

/** One deployment: a store, a clock and a key-encryption key that several processes share. */
export interface Deployment {
  readonly clock: FixedClock
  readonly stores: Stores
  readonly keys: WatchedStore
  readonly encryption: RotatingSecrets
  /** One more process. */
  start(options?: Partial<KeyRegistryOptions>): KeyRegistry
}

export function kek(id: string): { readonly id: string; readonly secret: Uint8Array } {
  return { id, secret: randomBytes(32) }
}

export function deploy(): Deployment {
  const clock = fixedClock(startsAt)
  const stores = memoryStores({ now: clock.now })
  const keys = watched(stores.keys)
  const encryption = { current: kek('kek-1') }
  const { revocations } = stores
  const shared = { issuer, store: keys, revocations, encryption, maxTokenLifetimeSeconds: 3600, now: clock.now }
  return { clock, stores, keys, encryption, start: (options) => createKeyRegistry({ ...shared, ...options }) }
}

/** A deployment with one process whose first key signs. */
export async function deployReady(
  options: Partial<KeyRegistryOptions> = {},
): Promise<Deployment & { registry: KeyRegistry; first: string }> {
  const deployment = deploy()
  const registry = deployment.start(options)
  await registry.ready()
  const [key] = await registry.signing.list()
  if (key === undefined) throw new Error('there is no first key')
  return { ...deployment, registry, first: key.kid }
}

/** States by kid. */
export async function statesOf(registry: KeyRegistry): Promise<Readonly<Record<string, SigningKeyState>>> {
  return Object.fromEntries((await registry.signing.list()).map(({ kid, state }) => [kid, state]))
}

/** The kid that signs now. */
export async function signingKid(registry: KeyRegistry): Promise<string> {
  return (await registry.signer.current()).kid
}

/** Kids that the source lets verify, out of `kids`. */
export async function verifyingOf(registry: KeyRegistry, kids: readonly string[]): Promise<readonly string[]> {
  const answers = await Promise.all(kids.map(async (kid) => registry.source.find({ kid, algorithm: 'ES256' })))
  return kids.filter((_kid, index) => answers[index]?.key !== undefined)
}

/** The kid of a step that must have been done. */
export function done(result: { readonly ok: boolean; readonly kid?: string }): string {
  if (!result.ok || result.kid === undefined) throw new Error(`the step was refused: ${JSON.stringify(result)}`)
  return result.kid
}

/** What the store has, as text. */
export async function kept(stores: Stores, collection: string, id: string): Promise<string> {
  return (await stores.keys.get({ collection, id }))?.value ?? ''
}

/** What a channel carries from now on. */
export function recorded<N extends keyof Events>(name: N): Events[N][] {
  const messages: Events[N][] = []
  onTestFinished(onEvent(name, (message) => messages.push(message)))
  return messages
}

/** How a promise ends: `'ok'`, or the reason of an outage, or the name of the error. */
export async function endOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'ok'
  } catch (error) {
    return (error as { reason?: string }).reason ?? (error as Error).name
  }
}
