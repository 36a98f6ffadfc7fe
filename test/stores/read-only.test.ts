import { type Stores, Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type StoreBackend, storeConformance } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'

const refuse = (): Promise<never> => Promise.reject(new Unavailable('store_unavailable'))
const refusal = { checkWrites: refuse }

/** Stores in memory that take no writes. */
function readOnly({ replay, nonces, challenges, families, attempts, clients, revocations, audit, ...others }: Stores): Stores {
  return {
    ...others,
    replay: { ...replay, ...refusal, claim: refuse, undo: refuse },
    nonces: { ...nonces, ...refusal, remember: refuse, spend: refuse, undo: refuse },
    challenges: { ...challenges, ...refusal, put: refuse, keep: refuse, take: refuse, undo: refuse },
    families: { ...families, ...refusal, create: refuse, rotate: refuse, revoke: refuse, undo: refuse },
    attempts: { ...attempts, ...refusal, reserve: refuse, clear: refuse },
    clients: { ...clients, ...refusal, put: refuse, remove: refuse, removeMany: refuse },
    revocations: { ...revocations, ...refusal, revoke: refuse, revokeAll: refuse },
    audit: { ...audit, ...refusal, append: refuse },
    ready: async () => ({ ok: false, parts: { memory: { ok: false, cause: new Error('read-only') } } }),
  }
}

function casesWith(plant: (closed: Stores, open: Stores) => Partial<Stores>): readonly { name: string; run(): Promise<void> }[] {
  const backend: StoreBackend<Stores> = {
    createPlace: async () => memoryStores(),
    removePlace: (stores) => stores.close(),
    open: async (stores) => ({ stores, close: async () => undefined }),
    openReadOnly: async (stores) => ({
      stores: { ...readOnly(stores), ...plant(readOnly(stores), stores) },
      close: async () => undefined,
    }),
  }
  return storeConformance(backend).find(({ name }) => name === 'read-only')?.cases ?? []
}

describe('the suite for stores that cannot be written', () => {
  it.each(casesWith(() => ({})))('passes those that decide nothing: $name', ({ run }) => run())

  const defects: Readonly<Record<string, (closed: Stores, open: Stores) => Partial<Stores>>> = {
    'a spend that looks before it writes': ({ nonces }, open) => ({
      nonces: { ...nonces, spend: async (jti, ...rest) => (jti === 'jti' ? 'unknown' : open.nonces.spend(jti, ...rest)) },
    }),
    'a change that is made all the same': ({ clients }, open) => ({ clients: { ...clients, put: open.clients.put } }),
    'a readiness that only reads': (_closed, open) => ({ ready: open.ready }),
    'a store that says it takes writes': ({ keys }) => ({ replay: { ...memoryStores().replay, checkWrites: async () => undefined }, keys }),
    'a reader that is refused': ({ revocations }) => ({ revocations: { ...revocations, since: () => Promise.reject(new Error('no')) } }),
  }
  it.each(Object.entries(defects))('finds %s', async (_name, plant) => {
    const found = await Promise.allSettled(casesWith(plant).map(({ run }) => run()))
    expect(found.some(({ status }) => status === 'rejected')).toBe(true)
  })
})
