import { type DocumentStore, orUnavailable } from '@countersign/core'

/** Whose key a thumbprint is: the same material never belongs to two clients, and never comes back once it was taken. */
export interface TakenThumbprints {
  ownerOf(thumbprint: string): Promise<string | undefined>
  /** True if it is the owner's now; false also for one that was given up. */
  take(thumbprint: string, owner: string): Promise<boolean>
  /** Keeps everybody from taking it again, its owner too. */
  giveUp(thumbprint: string, owner: string): Promise<void>
}

interface Taken {
  readonly owner: string
  readonly isOver: boolean
  readonly revision: number
}

const collection = 'client_key_thumbprints'

/** Thumbprints in a store. What is taken stays so for ever. */
export function createTakenThumbprints(store: DocumentStore): TakenThumbprints {
  async function load(id: string): Promise<Taken | undefined> {
    const document = await store.get({ collection, id })
    if (document === undefined) return undefined
    const kept = JSON.parse(document.value) as { readonly v?: unknown; readonly owner?: unknown; readonly isOver?: unknown } | null
    if (kept?.v === 1 && typeof kept.owner === 'string')
      return { owner: kept.owner, isOver: kept.isOver === true, revision: document.revision }
    throw new Error('a thumbprint is kept in a format that this release does not understand')
  }

  const write = (id: string, { owner, isOver, revision }: Taken): Promise<boolean> =>
    orUnavailable(store.put({ collection, id, value: JSON.stringify({ v: 1, owner, ...(isOver && { isOver }) }), revision }))

  return {
    async ownerOf(thumbprint) {
      return (await orUnavailable(load(thumbprint)))?.owner
    },
    async take(thumbprint, owner) {
      if (await write(thumbprint, { owner, isOver: false, revision: 0 })) return true
      const known = await orUnavailable(load(thumbprint))
      return known?.owner === owner && !known.isOver
    },
    async giveUp(thumbprint, owner) {
      const known = await orUnavailable(load(thumbprint))
      // If another process changes the document meanwhile, this one stops: the document has no other kind of change.
      if (known?.owner === owner && !known.isOver) await write(thumbprint, { ...known, isOver: true })
    },
  }
}
