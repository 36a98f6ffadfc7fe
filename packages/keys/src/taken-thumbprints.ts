import type { DocumentStore } from '@countersign/core'
import { reachable } from './ring.js'

/** Whose key a thumbprint is: the same material never belongs to two clients, and never comes back once it was taken. */
export interface TakenThumbprints {
  ownerOf(thumbprint: string): Promise<string | undefined>
  /** True if it is the owner's now. */
  take(thumbprint: string, owner: string): Promise<boolean>
}

const collection = 'client_key_thumbprints'

/** Thumbprints in a store. What is taken stays so for ever. */
export function createTakenThumbprints(store: DocumentStore): TakenThumbprints {
  async function load(id: string): Promise<string | undefined> {
    const document = await store.get({ collection, id })
    if (document === undefined) return undefined
    const kept = JSON.parse(document.value) as { readonly v?: unknown; readonly owner?: unknown } | null
    if (kept?.v === 1 && typeof kept.owner === 'string') return kept.owner
    throw new Error('a thumbprint is kept in a format that this release does not understand')
  }

  const ownerOf = (thumbprint: string): Promise<string | undefined> => reachable(load(thumbprint))
  return {
    ownerOf,
    async take(thumbprint, owner) {
      const value = JSON.stringify({ v: 1, owner })
      if (await reachable(store.put({ collection, id: thumbprint, value, revision: 0 }))) return true
      return (await ownerOf(thumbprint)) === owner
    },
  }
}
