import { createHash } from 'node:crypto'
import { type ApiKeyOwner, type DocumentStore, documentsAtOnce, lengthPrefixed, type Now, orUnavailable } from '@countersign/core'
import { type ApiKey, storedApiKey } from './api-key.js'

const collection = 'api_keys'
const usesCollection = 'api_key_uses'
const usesEveryMs = 60_000
const pageSize = 500
/** Keys whose use was noted lately: beyond it, uses are noted more often. */
const mostNoted = 10_000

/** Keys in a document store: one document for each, found by its id, listed by its owner. */
export interface ApiKeyRecords {
  add(key: ApiKey): Promise<void>
  find(id: string): Promise<ApiKey | undefined>
  /** Marks a key as revoked. Answers the key; undefined for one that is not there. */
  revoke(id: string, now: number): Promise<ApiKey | undefined>
  /** Replaces the hash of a key that was not changed since, in the background, as {@link ApiKeyRecords.noteUse} does. */
  renewHash(key: ApiKey, hash: Pick<ApiKey, 'pepper' | 'hash'>): void
  /** How many keys are kept under each id of the pepper. Reads all keys. */
  countByPepper(): Promise<Readonly<Record<string, number>>>
  /** Takes away a key that nobody was given. */
  takeBack(key: ApiKey): Promise<void>
  /** All keys of an owner, those that ended included. */
  list(owner: ApiKeyOwner): Promise<readonly ApiKey[]>
  /** Never fails and keeps nobody waiting: what could not be noted is noted at a later use. */
  noteUse(id: string): void
  lastUses(ids: readonly string[]): Promise<readonly (number | undefined)[]>
  checkWrites(): Promise<void>
}

/** Any text has a group of the same length. */
function groupOf({ type, id }: ApiKeyOwner): string {
  return createHash('sha256').update(lengthPrefixed(type, id)).digest('base64url')
}

function keyIn(document: { readonly value: string } | undefined): ApiKey | undefined {
  if (document === undefined) return undefined
  const key = storedApiKey.fromRecord(JSON.parse(document.value) as object)
  if (key.v !== 1) throw new Error(`api keys: the store has a record of version ${String(key.v)}`)
  return key
}

/** Work that no request waits for. An outage is nobody's to hear of: the work is done at a later use. */
function inBackground(work: () => Promise<void>, undo: () => void = () => undefined): void {
  orUnavailable(work).catch(undo)
}

/** @param now - epoch milliseconds */
export function createApiKeyRecords(store: DocumentStore, now: Now): ApiKeyRecords {
  const noted = new Map<string, number>()
  const storedText = (key: ApiKey): string => JSON.stringify(storedApiKey.toRecord(key))
  const group = ({ ownerType: type, ownerId: id }: ApiKey): string => groupOf({ type, id })

  async function writeUse(id: string, at: number): Promise<void> {
    const known = await orUnavailable(store.get({ collection: usesCollection, id }))
    const value = JSON.stringify({ v: 1, at: Math.floor(at / 1000) })
    await orUnavailable(store.put({ collection: usesCollection, id, value, revision: known?.revision ?? 0 }))
  }

  return {
    async add(key) {
      const isAdded = await orUnavailable(store.put({ collection, id: key.id, value: storedText(key), revision: 0, group: group(key) }))
      if (!isAdded) throw new Error('api keys: a new key must have an id that no other key has')
    },
    find: async (id) => orUnavailable(async () => keyIn(await store.get({ collection, id }))),
    async revoke(id, at) {
      for (;;) {
        const document = await orUnavailable(store.get({ collection, id }))
        const key = keyIn(document)
        if (document === undefined || key === undefined || key.revokedAt !== undefined) return key
        const revoked = { ...key, revokedAt: at }
        const change = { collection, id, value: storedText(revoked), revision: document.revision, group: group(key) }
        if (await orUnavailable(store.put(change))) return revoked
      }
    },
    renewHash(key, hash) {
      inBackground(async () => {
        const document = await store.get({ collection, id: key.id })
        if (document === undefined || document.value !== storedText(key)) return
        await store.put({ collection, id: key.id, value: storedText({ ...key, ...hash }), revision: document.revision, group: group(key) })
      })
    },
    async countByPepper() {
      const counts: Record<string, number> = Object.create(null) as Record<string, number>
      for (let after: string | undefined; ; ) {
        const page = await orUnavailable(store.list({ collection, after, limit: pageSize }))
        for (const key of page.flatMap((document) => keyIn(document) ?? [])) counts[key.pepper] = (counts[key.pepper] ?? 0) + 1
        after = page.at(-1)?.id
        if (page.length < pageSize) return { ...counts }
      }
    },
    takeBack: async ({ id }) => void (await orUnavailable(store.remove({ collection, id, revision: 1 }))),
    async list(owner) {
      const keys: ApiKey[] = []
      const filter = { group: groupOf(owner) }
      for (let after: string | undefined; ; ) {
        const page = await orUnavailable(store.list({ collection, after, limit: pageSize, filter }))
        keys.push(...page.flatMap((document) => keyIn(document) ?? []))
        after = page.at(-1)?.id
        if (page.length < pageSize) return keys
      }
    },
    noteUse(id) {
      const at = now()
      const age = at - (noted.get(id) ?? Number.NEGATIVE_INFINITY)
      if (age >= 0 && age < usesEveryMs) return
      if (noted.size >= mostNoted) noted.clear()
      noted.set(id, at)
      inBackground(
        () => writeUse(id, at),
        () => noted.delete(id),
      )
    },
    async lastUses(ids) {
      const found: (number | undefined)[] = []
      for (let from = 0; from < ids.length; from += documentsAtOnce) {
        const addresses = ids.slice(from, from + documentsAtOnce).map((id) => ({ collection: usesCollection, id }))
        const uses = await orUnavailable(store.getMany(addresses))
        found.push(...uses.map((use) => (use === undefined ? undefined : (JSON.parse(use.value) as { at: number }).at)))
      }
      return found
    },
    checkWrites: async () => store.checkWrites?.(),
  }
}
