import { isUnavailable, type Stores } from '@countersign/core'
import type { BreakableNetwork, OpenedStores, StoreBackend, StoreCase } from './store-backend.js'

/** What a case works with. All that it opens is closed after it, and its place removed. */
export interface CaseContext {
  readonly stores: Stores
  /** Further stores over the same place. */
  open(): Promise<Stores>
  openTenant(tenant: string): Promise<Stores>
  openProcess(): Promise<Stores>
  openBreakable(): Promise<{ readonly stores: Stores; readonly network: BreakableNetwork }>
  openReadOnly(): Promise<Stores>
  /** Lets time pass for the store. */
  pass(milliseconds: number): Promise<void>
  restart(): Promise<void>
  forget(): Promise<void>
  withoutEnd(): Promise<readonly string[]>
  readonly propertyRuns: number
  /** Whether `pass` takes no time. */
  readonly virtualTime: boolean
}

/** Makes cases of a contract. */
export type DefineCase = (name: string, use: (context: CaseContext) => Promise<void>) => StoreCase

/** Real time, for stores whose clock cannot be turned. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function absent(member: string): never {
  throw new Error(`this backend has no ${member}`)
}

/** Makes cases that have a new place each. */
export function casesOf<Place>(backend: StoreBackend<Place>): DefineCase {
  return (name, use) => ({ name, run: () => inPlace(backend, use) })
}

async function inPlace<Place>(backend: StoreBackend<Place>, use: (context: CaseContext) => Promise<void>): Promise<void> {
  const place = await backend.createPlace()
  const opened: OpenedStores[] = []
  const keep = async <O extends OpenedStores>(opening: Promise<O>): Promise<O> => {
    const further = await opening
    opened.push(further)
    // the memory of a store may begin with its first connection
    await further.stores.ready()
    return further
  }
  try {
    await use({
      stores: (await keep(backend.open(place))).stores,
      open: async () => (await keep(backend.open(place))).stores,
      openTenant: async (tenant) => (await keep(backend.openTenant?.(place, tenant) ?? absent('openTenant'))).stores,
      openProcess: async () => (await keep(backend.openProcess?.(place) ?? absent('openProcess'))).stores,
      openBreakable: () => keep(backend.openBreakable?.(place) ?? absent('openBreakable')),
      openReadOnly: async () => (await keep(backend.openReadOnly?.(place) ?? absent('openReadOnly'))).stores,
      pass: (milliseconds) => backend.passTime?.(place, milliseconds) ?? sleep(milliseconds),
      restart: () => backend.restart?.(place) ?? absent('restart'),
      forget: () => backend.forget?.(place) ?? absent('forget'),
      withoutEnd: () => backend.withoutEnd?.(place) ?? absent('withoutEnd'),
      propertyRuns: backend.propertyRuns ?? 50,
      virtualTime: backend.passTime !== undefined,
    })
  } finally {
    for (const { close } of opened.reverse()) await close()
    await backend.removePlace(place)
  }
}

/** Repeats a call until the store answers it, as after a restart. */
export async function untilAnswered<T>(call: () => Promise<T>, withinMs = 10_000): Promise<T> {
  const end = performance.now() + withinMs
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!isUnavailable(error) || performance.now() > end) throw error
      await sleep(50)
    }
  }
}

/** A store of several nodes may connect to each when it is first needed, and read a clock before the first change. */
export async function connectEverywhere({ families }: Stores): Promise<void> {
  for (let n = 0; n < 50; n += 1) await families.revoke(`nobody ${n}`, 'none')
}
