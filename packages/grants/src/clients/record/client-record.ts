import { type DocumentStore, documentsAtOnce, orUnavailable, Unavailable } from '@countersign/core'
import { type Client, isClientId } from './client.js'
import { type ClientRecord, storedClient } from './stored-client.js'

/** A record and what is shown of it; shared by requests, so both are frozen. */
interface KnownClient {
  readonly record: ClientRecord
  readonly client: Client
}

/** Clients in a store. Every method rejects with `Unavailable` when it is out of reach or its content not understood. */
export interface ClientRecords {
  get(id: string): Promise<KnownClient | undefined>
  /** What is shown of a client. */
  find(id: string): Promise<Client | undefined>
  /** Of any number of clients, in the order of the ids. */
  getMany(ids: readonly string[]): Promise<readonly (Client | undefined)[]>
  /** False if it exists already. */
  add(record: ClientRecord): Promise<boolean>
  /**
   * Changes a record, again if somebody else changed it meanwhile. Undefined for one that is not there.
   *
   * @param before - awaited with the record that is about to be changed, each time
   */
  change(
    id: string,
    change: (record: ClientRecord) => ClientRecord,
    before?: (record: ClientRecord) => Promise<void>,
  ): Promise<ClientRecord | undefined>
  /** Removes it if it is locked and of that credentialGeneration; true also if it is not there any more. */
  remove(locked: Pick<ClientRecord, 'id' | 'credentialGeneration'>): Promise<boolean>
  list(query: { readonly after?: string | undefined; readonly limit?: number | undefined }): Promise<readonly ClientRecord[]>
}

const collection = 'clients'
/** Other processes change the same client at most so often before we give up. */
const attempts = 100
const maxKnown = 1000

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    for (const part of Object.values(Object.freeze(value))) deepFreeze(part)
  return value
}

function parse(value: string): ClientRecord {
  const record = JSON.parse(value) as { readonly v?: unknown } | null
  if (record?.v === 1) return storedClient.fromRecord(record)
  throw new Unavailable('store_unavailable', { cause: new Error('a client is of a format that this release does not understand') })
}

const textOf = (record: ClientRecord): string => JSON.stringify(storedClient.toRecord(record))

/** Without members that only the store needs. */
export function clientOf({ v: _version, secrets, ...rest }: ClientRecord): Client {
  return { ...rest, secrets: secrets.map(({ hash: _hash, pepper: _pepper, ...view }) => view) }
}

/** Clients as documents, one each. */
export function clientRecords(store: DocumentStore): ClientRecords {
  /** What texts were parsed to: the store is asked every time, but most clients have not changed since. */
  const known = new Map<string, KnownClient & { readonly value: string }>()

  function know(id: string, value: string): KnownClient {
    const before = known.get(id)
    if (before?.value === value) return before
    const record = deepFreeze(parse(value))
    const now = { value, record, client: deepFreeze(clientOf(record)) }
    if (known.size >= maxKnown) known.clear()
    known.set(id, now)
    return now
  }

  async function get(id: string): Promise<KnownClient | undefined> {
    // What nobody can have registered: a store may not take it for an id, and that would be an outage.
    if (!isClientId(id)) return undefined
    const document = await orUnavailable(store.get({ collection, id }))
    return document && know(id, document.value)
  }

  async function attempt(
    id: string,
    { change, before, left }: { change: (record: ClientRecord) => ClientRecord; before: (record: ClientRecord) => unknown; left: number },
  ): Promise<ClientRecord | undefined> {
    if (left === 0) throw new Unavailable('store_unavailable', { cause: new Error('the client is changed too often at once') })
    const document = await orUnavailable(store.get({ collection, id }))
    if (document === undefined) return undefined
    const record = parse(document.value)
    await before(record)
    const changed = change(record)
    const done = await orUnavailable(store.put({ collection, id, value: textOf(changed), revision: document.revision }))
    return done ? changed : attempt(id, { change, before, left: left - 1 })
  }

  return {
    get,
    find: async (id) => (await get(id))?.client,
    async getMany(ids) {
      const found = new Map<string, Client>()
      const asked = ids.filter(isClientId)
      for (let from = 0; from < asked.length; from += documentsAtOnce) {
        const addresses = asked.slice(from, from + documentsAtOnce).map((id) => ({ collection, id }))
        for (const document of await orUnavailable(store.getMany(addresses)))
          if (document) found.set(document.id, clientOf(parse(document.value)))
      }
      return ids.map((id) => found.get(id))
    },
    add: (record) => orUnavailable(store.put({ collection, id: record.id, value: textOf(record), revision: 0 })),
    change: (id, change, before = () => Promise.resolve()) => attempt(id, { change, before, left: attempts }),
    async remove({ id, credentialGeneration }) {
      const document = await orUnavailable(store.get({ collection, id }))
      if (document === undefined) return true
      const kept = parse(document.value)
      return (
        kept.isLocked &&
        kept.credentialGeneration === credentialGeneration &&
        (await orUnavailable(store.remove({ collection, id, revision: document.revision })))
      )
    },
    list: async (query) => (await orUnavailable(store.list({ collection, ...query }))).map(({ value }) => parse(value)),
  }
}
