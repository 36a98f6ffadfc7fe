import { type DocumentStore, documentsAtOnce, isUnavailable, type Now, orUnavailable } from '@countersign/core'

/** When each secret of a client was last used, in epoch seconds and to about a minute. */
export interface LastUses {
  /** Never fails and keeps nobody waiting: what could not be noted is noted at a later use. */
  note(clientId: string, secretId: string): void
  get(clientId: string): Promise<Readonly<Record<string, number>>>
  /** Of several clients, in their order. */
  getMany(clientIds: readonly string[]): Promise<readonly Readonly<Record<string, number>>[]>
  /** Of a client that was removed. */
  forget(clientId: string): Promise<void>
}

const collection = 'client_uses'
const everyMs = 60_000

function usesIn(document: { readonly value: string } | undefined): Readonly<Record<string, number>> {
  const kept = document ? (JSON.parse(document.value) as { readonly uses?: Readonly<Record<string, number>> }) : undefined
  return kept?.uses ?? {}
}

/** Uses as documents of their own, so that no change of a client collides with a request of it. */
export function createLastUses(store: DocumentStore, now: Now): LastUses {
  const noted = new Map<string, number>()

  async function read(clientId: string): Promise<{ readonly uses: Readonly<Record<string, number>>; readonly revision: number }> {
    const document = await orUnavailable(store.get({ collection, id: clientId }))
    return { uses: usesIn(document), revision: document?.revision ?? 0 }
  }

  async function write(clientId: string, secretId: string, at: number): Promise<void> {
    const { uses, revision } = await read(clientId)
    const value = JSON.stringify({ v: 1, uses: { ...uses, [secretId]: Math.floor(at / 1000) } })
    await orUnavailable(store.put({ collection, id: clientId, value, revision }))
  }

  return {
    note(clientId, secretId) {
      const at = now()
      if (at - (noted.get(secretId) ?? Number.NEGATIVE_INFINITY) < everyMs) return
      noted.set(secretId, at)
      write(clientId, secretId, at).catch((error: unknown) => {
        noted.delete(secretId)
        if (!isUnavailable(error)) process.emitWarning(error instanceof Error ? error : String(error))
      })
    },
    get: async (clientId) => (await read(clientId)).uses,
    async getMany(clientIds) {
      const found: Readonly<Record<string, number>>[] = []
      for (let from = 0; from < clientIds.length; from += documentsAtOnce) {
        const addresses = clientIds.slice(from, from + documentsAtOnce).map((id) => ({ collection, id }))
        found.push(...(await orUnavailable(store.getMany(addresses))).map(usesIn))
      }
      return found
    },
    async forget(clientId) {
      const { revision } = await read(clientId)
      if (revision > 0) await orUnavailable(store.remove({ collection, id: clientId, revision }))
    },
  }
}
