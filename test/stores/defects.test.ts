import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type StoreBackend, storeConformance } from '@countersign/testkit'
import { expect, it } from 'vitest'

interface Clock {
  ms: number
}

/** A store in memory with one thing wrong. */
interface Defect {
  readonly name: string
  /** Groups of the suite that must find it. */
  readonly groups: readonly string[]
  plant(stores: Stores, clock: Clock): Partial<Stores>
}

const never = { generation: 0, data: '', binding: '' }

const defects: readonly Defect[] = [
  {
    name: 'keys joined without their lengths',
    groups: ['ReplayStore', 'models'],
    plant: ({ replay }) => ({
      replay: { ...replay, claim: (claim) => replay.claim({ ...claim, purpose: '', id: claim.purpose + claim.id }) },
    }),
  },
  {
    name: 'a claim that looks first and writes later',
    groups: ['races'],
    plant: ({ replay }) => {
      const used = new Set<string>()
      return {
        replay: {
          ...replay,
          async claim(claim) {
            if (used.has(claim.id)) return 'replayed'
            await Promise.resolve()
            used.add(claim.id)
            return (await replay.claim({ ...claim, id: `${claim.id} ${used.size} ${Math.random()}` })) === 'unprovable'
              ? 'unprovable'
              : 'claimed'
          },
        },
      }
    },
  },
  {
    name: 'a claim that takes what cannot be proven',
    groups: ['ReplayStore', 'loss of memory'],
    plant: ({ replay }) => ({ replay: { ...replay, claim: (claim) => replay.claim({ ...claim, issuedAgoMs: 0 }) } }),
  },
  {
    name: "times to live by the app's clock",
    groups: ['clocks'],
    plant: ({ replay }) => {
      const until = new Map<string, number>()
      return {
        replay: {
          ...replay,
          async claim(claim) {
            if ((until.get(claim.id) ?? 0) > Date.now()) return 'replayed'
            until.set(claim.id, Date.now() + claim.ttlMs)
            return replay.claim({ ...claim, id: `${claim.id} ${Date.now()} ${until.size}` })
          },
        },
      }
    },
  },
  {
    name: 'a nonce that is spent for all purposes at once',
    groups: ['NonceStore', 'models'],
    plant: ({ nonces }) => ({ nonces: { ...nonces, spend: (jti, _, binding) => nonces.spend(jti, '', binding) } }),
  },
  {
    name: 'a mismatch that spends',
    groups: ['NonceStore', 'models'],
    plant: ({ nonces }) => ({
      nonces: {
        ...nonces,
        async spend(jti, purpose, binding) {
          const verdict = await nonces.spend(jti, purpose, binding)
          if (verdict === 'mismatch') await nonces.spend(jti, purpose)
          return verdict
        },
      },
    }),
  },
  {
    name: 'a challenge that stays for one more reader',
    groups: ['ChallengeStore', 'models'],
    plant: ({ challenges }) => ({
      challenges: {
        ...challenges,
        async take(id) {
          const record = await challenges.take(id)
          if (record !== null && !record.startsWith('again')) await challenges.put(id, `again${record}`, 1_000)
          return record
        },
      },
    }),
  },
  {
    name: 'reuse that does not end the family',
    groups: ['RefreshFamilyStore', 'models'],
    plant: ({ families }) => ({
      families: {
        ...families,
        async rotate(request) {
          const family = (await families.find(request.family)) ?? never
          const reuse = family.generation > request.generation && request.retryWindowMs === 0 && family.binding === request.binding
          return reuse ? { outcome: 'reused' } : families.rotate(request)
        },
      },
    }),
  },
  {
    name: 'a retry that extends the window',
    groups: ['RefreshFamilyStore'],
    plant: ({ families }) => ({
      families: { ...families, rotate: (request) => families.rotate({ ...request, retryWindowMs: request.retryWindowMs * 2 }) },
    }),
  },
  {
    name: 'a generation ahead that heals without being told to',
    groups: ['RefreshFamilyStore', 'models'],
    plant: ({ families }) => ({ families: { ...families, rotate: (request) => families.rotate({ ...request, heal: true }) } }),
  },
  {
    name: 'a window that is extended by each attempt',
    groups: ['AttemptStore'],
    plant: ({ attempts }, clock) => {
      const counted = new Map<string, { used: number; until: number }>()
      return {
        attempts: {
          ...attempts,
          async reserve({ key, limit, windowMs }) {
            const used = (counted.get(key)?.until ?? 0) > clock.ms ? (counted.get(key)?.used ?? 0) : 0
            counted.set(key, { used: used + 1, until: clock.ms + windowMs })
            return used < limit ? { ok: true, remaining: limit - used - 1 } : { ok: false, retryAfterMs: windowMs }
          },
        },
      }
    },
  },
  {
    name: 'a document that the last writer gets',
    groups: ['DocumentStore', 'races', 'models'],
    plant: ({ clients }) => ({
      clients: { ...clients, put: async (change) => clients.put({ ...change, revision: (await clients.get(change))?.revision ?? 0 }) },
    }),
  },
  {
    name: 'lists in the order of UTF-16',
    groups: ['DocumentStore'],
    plant: ({ clients }) => ({
      clients: { ...clients, list: async (query) => [...(await clients.list(query))].sort((a, b) => (a.id < b.id ? -1 : 1)) },
    }),
  },
  {
    name: 'a loss of revocations that nobody is told of',
    groups: ['isolation', 'loss of memory'],
    plant: ({ revocations }) => ({
      revocations: { ...revocations, since: async (epoch) => ({ ...(await revocations.since(epoch)), lost: false }) },
    }),
  },
  {
    name: 'epochs that are compared as text',
    groups: ['RevocationStore'],
    plant: ({ revocations }) => ({ revocations: { ...revocations, compare: (a, b) => (a === b ? 0 : a < b ? -1 : 1) } }),
  },
  {
    name: 'durations of nothing that are taken',
    groups: ['ReplayStore', 'NonceStore', 'AttemptStore'],
    plant: ({ replay, nonces, attempts }) => ({
      replay: { ...replay, claim: (claim) => replay.claim({ ...claim, ttlMs: Math.max(1, claim.ttlMs) }) },
      nonces: { ...nonces, remember: (jti, record) => nonces.remember(jti, { ...record, ttlMs: Math.max(1, record.ttlMs) }) },
      attempts: { ...attempts, reserve: (request) => attempts.reserve({ ...request, windowMs: Math.max(1, request.windowMs) }) },
    }),
  },
]

interface Place {
  readonly clock: Clock
  readonly byTenant: Map<string, Stores>
}

function backendWith({ plant }: Defect): StoreBackend<Place> {
  const open = ({ clock, byTenant }: Place, tenant: string): Stores => {
    const sound = memoryStores({ now: () => clock.ms })
    const stores = byTenant.get(tenant) ?? { ...sound, ...plant(sound, clock) }
    byTenant.set(tenant, stores)
    return stores
  }
  const close = async (): Promise<void> => undefined
  return {
    createPlace: async () => ({ clock: { ms: 1_800_000_000_000 }, byTenant: new Map() }),
    removePlace: close,
    open: async (place) => ({ stores: open(place, ''), close }),
    openTenant: async (place, tenant) => ({ stores: open(place, `tenant ${tenant}`), close }),
    async passTime({ clock }, milliseconds) {
      clock.ms += milliseconds
    },
    async forget({ clock, byTenant }) {
      clock.ms += 10
      byTenant.clear()
    },
    propertyRuns: 100,
  }
}

it.each(defects)('a store with $name does not conform', async (defect) => {
  const found: string[] = []
  for (const { name, cases } of storeConformance(backendWith(defect))) {
    const results = await runOneByOne(cases)
    if (results.includes('failed')) found.push(name)
  }
  expect(found).toEqual(expect.arrayContaining([...defect.groups]))
})

/** Some cases turn the clock of the app, so they do not run together. */
async function runOneByOne(cases: readonly { run(): Promise<void> }[]): Promise<readonly string[]> {
  const results: string[] = []
  for (const { run } of cases) {
    try {
      await run()
      results.push('passed')
    } catch {
      results.push('failed')
    }
  }
  return results
}
