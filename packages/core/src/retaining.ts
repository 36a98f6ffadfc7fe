import type { DocumentAddress, DocumentStore } from './document-store.js'
import { deltaOf, type RevocationStore } from './revocation-store.js'

/** Where it is kept since when a denylist is complete that was copied: a document of the keys. */
export const retainedAddress: DocumentAddress = { collection: 'countersign.retained', id: 'revocations' }

/** What a copy says of the memory that began at `memory`; after a loss the store has another one, of which nothing is said. */
interface Retained {
  readonly v: 1
  readonly memory: number
  readonly since: number
}

/** A store to which nothing was copied is asked again this often, in milliseconds. */
const askAgainMs = 60_000

function retainedIn(value: string | undefined): Retained | undefined {
  if (value === undefined) return undefined
  const retained = JSON.parse(value) as Partial<Retained>
  return retained.v === 1 && Number.isFinite(retained.memory) && Number.isFinite(retained.since) ? (retained as Retained) : undefined
}

/**
 * Lets a denylist say that it is complete from an instant before its own memory began, because all entries from before were copied into it. For
 * adapters: what a store remembers by itself also decides about ids that may be used once, and those are not copied.
 *
 * @param documents - the keys of the same stores
 * @returns the same store with `retain`, and with what was retained in the answers of `since`
 */
export function retaining(store: RevocationStore, documents: DocumentStore): RevocationStore {
  const state = {
    known: undefined as Retained | undefined,
    asked: undefined as { readonly memory: number; readonly at: number } | undefined,
  }

  async function ask(): Promise<Retained | undefined> {
    // Nothing that is said is the careful answer: it refuses more.
    const document = await documents.get(retainedAddress).catch(() => undefined)
    return retainedIn(document?.value)
  }

  async function retainedSince(memory: number): Promise<number> {
    const { asked, known } = state
    if (known?.memory !== memory && !(asked?.memory === memory && performance.now() - asked.at < askAgainMs)) {
      state.asked = { memory, at: performance.now() }
      state.known = await ask()
    }
    return state.known?.memory === memory ? Math.min(memory, state.known.since) : memory
  }

  return {
    ...store,
    async since(cursor, options) {
      const delta = await store.since(cursor, options)
      const since = await retainedSince(delta.retainedSince)
      if (since === delta.retainedSince) return delta
      const { more, lost, now } = delta
      return deltaOf({ cursor: delta.cursor, ...(more && { more }), lost, now, retainedSince: since }, () => delta.records)
    },
    async retain(since, cursor) {
      // One answer tells both: the memory that is vouched for is the one that knows the cursor.
      const { retainedSince: memory, lost } = await store.since(cursor ?? (await store.cursor()), { limit: 1 })
      if (lost) throw new Error('revocations.retain: the store does not know the cursor, so it lost its memory')
      const value: Retained = { v: 1, memory, since: Math.min(since, memory) }
      for (;;) {
        const known = await documents.get(retainedAddress)
        const before = retainedIn(known?.value)
        if (before?.memory === memory && before.since <= value.since) return
        if (await documents.put({ ...retainedAddress, value: JSON.stringify(value), revision: known?.revision ?? 0 })) break
      }
      state.known = value
    },
  }
}
