import type { ScannedDocument } from '../document-store.js'
import type { Page } from '../page.js'

/** How far documents were read: the page, and the last one on it. */
export interface PagePlace {
  readonly after?: string | undefined
  readonly last?: readonly [collection: string, id: string] | undefined
}

/** Reads documents one by one, in order. */
export interface Pages {
  /** The next one, which stays the next one; undefined at the end. */
  peek(): Promise<ScannedDocument | undefined>
  next(): void
  /** Where the next one is read from. */
  place(): PagePlace
}

type Address = readonly [collection: string, id: string]

export const addressOf = ({ collection, id }: ScannedDocument): Address => [collection, id]

/** By UTF-8 bytes, as scans are ordered. */
export function compareAddresses(a: Address, b: Address): number {
  const byCollection = Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0]))
  return byCollection === 0 ? Buffer.compare(Buffer.from(a[1]), Buffer.from(b[1])) : byCollection
}

/** @param read - answers the page behind `after` */
export function createPages(read: (after: string | undefined) => Promise<Page<ScannedDocument>>, { after, last }: PagePlace): Pages {
  const state = { after, items: [] as readonly ScannedDocument[], following: after, isLast: false, last }

  return {
    async peek() {
      while (state.items.length === 0 && !state.isLast) {
        const { items, after: following } = await read(state.following)
        const { last: seen } = state
        const unseen = seen ? items.filter((item) => compareAddresses(addressOf(item), seen) > 0) : items
        Object.assign(state, { after: state.following, items: unseen, following, isLast: following === undefined })
      }
      return state.items[0]
    },
    next() {
      const [first] = state.items
      if (first !== undefined) state.last = addressOf(first)
      state.items = state.items.slice(1)
    },
    place: () => ({ after: state.after, last: state.last }),
  }
}
