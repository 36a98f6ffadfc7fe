import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import type { StoreBackend } from '@countersign/testkit'

/** One process and a clock that is turned by hand. */
export interface MemoryPlace {
  readonly clock: { ms: number }
  readonly byTenant: Map<string, Stores>
}

function openTenant({ clock, byTenant }: MemoryPlace, tenant: string): Stores {
  const stores = byTenant.get(tenant) ?? memoryStores({ now: () => clock.ms })
  byTenant.set(tenant, stores)
  return stores
}

/** What a second connection is to a server, a second reference is to stores in memory. */
export const memoryBackend: StoreBackend<MemoryPlace> = {
  createPlace: async () => ({ clock: { ms: 1_800_000_000_000 }, byTenant: new Map() }),
  removePlace: async () => undefined,
  open: async (place) => ({ stores: openTenant(place, ''), close: async () => undefined }),
  openTenant: async (place, tenant) => ({ stores: openTenant(place, `tenant ${tenant}`), close: async () => undefined }),
  async passTime({ clock }, milliseconds) {
    clock.ms += milliseconds
  },
  async forget({ clock, byTenant }) {
    clock.ms += 10
    byTenant.clear()
  },
  propertyRuns: 300,
}
