import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'

/** What the page on adapters takes for one: stores in memory, by prefix. */
const places = new Map<string, Stores>()

/** A server has a clock of its own, whatever is done to the clock of the app. */
const serverClock = (): number => performance.timeOrigin + performance.now()

/** A connection to nothing. */
export interface Connection {
  close(): Promise<void>
}

export const openConnection = async (): Promise<Connection> => ({ close: async () => undefined })

export function myStores(_connection: Connection, { prefix }: { readonly prefix: string }): Stores & { close(): Promise<void> } {
  const stores = places.get(prefix) ?? memoryStores({ now: serverClock })
  places.set(prefix, stores)
  return { ...stores, close: async () => undefined }
}

export const removeAll = async (prefix: string): Promise<void> => void places.delete(prefix)
