import {
  type ClientKeys,
  mapConcurrently,
  orUnavailable,
  type RevocationAddition,
  type RevocationEntry,
  type RevocationPublisher,
  revocationsAtOnce,
  revokeAllOf,
  Unavailable,
} from '@countersign/core'
import { type ClientRecords, clientOf } from './record/client-record.js'
import { credentialName, credentialNames } from './record/credential-name.js'
import type { ClientRecord } from './record/stored-client.js'

/** What ends of a client, and is announced to all guards. Every method can be tried again after an outage. */
export interface ClientEndings {
  /** False for one that is not there. */
  lock(id: string): Promise<boolean>
  unlock(id: string): Promise<boolean>
  remove(id: string): Promise<boolean>
  revokeSecret(id: string, secretId: string): Promise<boolean>
}

interface ClientEndingsOptions {
  readonly records: ClientRecords
  /** Whose tokens end. */
  readonly issuers: readonly string[]
  readonly revocations: RevocationPublisher | undefined
  /** The keys that clients sign with. */
  readonly keys: ClientKeys | undefined
  readonly newEra: () => string
}

/** How often a client is locked again that somebody else unlocks while it is being removed. */
const attempts = 10

/** How many credentials of a client are announced at a time. */
const announcedAtOnce = 16

/** For an announcer without a `revokeAll` of its own. Clients go before their credentials. */
async function announceOneByOne(revocations: RevocationPublisher, additions: readonly RevocationAddition[]): Promise<void> {
  const tell = async ({ entry, reinstated }: RevocationAddition): Promise<unknown> =>
    revocations.revoke(entry, reinstated ? { reinstated } : {})
  const isOfClient = ({ entry }: RevocationAddition): boolean => entry.type === 'client'
  for (const addition of additions.filter(isOfClient)) await orUnavailable(tell(addition))
  const others = additions.filter((addition) => !isOfClient(addition))
  await mapConcurrently(others, announcedAtOnce, (addition) => orUnavailable(tell(addition)))
}

/** Ends what clients have. */
export function createClientEndings({ records, issuers, revocations, keys, newEra }: ClientEndingsOptions): ClientEndings {
  /** Of each entry one for each issuer; as few calls as there can be. */
  async function announce(entryOf: readonly ((issuer: string) => RevocationEntry)[], reinstated = false): Promise<void> {
    if (revocations === undefined) return
    const additions = issuers.flatMap((issuer) => entryOf.map((of) => ({ entry: of(issuer), ...(reinstated && { reinstated }) })))
    const revokeAll = revokeAllOf(revocations)
    const tell = async (some: readonly RevocationAddition[]): Promise<unknown> => revokeAll?.(some)
    if (revokeAll)
      for (let from = 0; from < additions.length; from += revocationsAtOnce)
        await orUnavailable(tell(additions.slice(from, from + revocationsAtOnce)))
    else await announceOneByOne(revocations, additions)
  }

  const clientEntry =
    (clientId: string) =>
    (issuer: string): RevocationEntry => ({ type: 'client', issuer, clientId })
  const credentialEntry =
    (thumbprint: string) =>
    (issuer: string): RevocationEntry => ({ type: 'client_key', issuer, thumbprint })

  /**
   * Tokens first: what is issued until the record is locked as well is covered by the announcement. What is announced of a client is taken back when
   * it is unlocked or removed; what is announced of its credentials is not. A secret that was added meanwhile is announced before the next try.
   */
  async function lock(id: string): Promise<ClientRecord | undefined> {
    const told = new Set<string>()
    return records.change(
      id,
      (record) => ({ ...record, isLocked: true, credentialGeneration: newEra() }),
      async (record) => {
        const names = credentialNames(clientOf(record)).filter((name) => !told.has(name))
        await announce([...(told.size === 0 ? [clientEntry(id)] : []), ...names.map(credentialEntry)])
        for (const name of names) told.add(name)
      },
    )
  }

  async function remove(id: string, left = attempts): Promise<boolean> {
    if (left === 0) throw new Unavailable('store_unavailable', { cause: new Error('the client is unlocked again and again') })
    const locked = await lock(id)
    if (locked === undefined) return false
    // Its credentials stay revoked. A client that is registered under this id later gets tokens that work, and no old token works.
    // While the record is there, all this can be tried again.
    if (keys?.retireAll) await orUnavailable(keys.retireAll(id))
    await announce([clientEntry(id)], true)
    return (await records.remove(locked)) || remove(id, left - 1)
  }

  return {
    lock: async (id) => (await lock(id)) !== undefined,
    async unlock(id) {
      const unlocked = await records.change(id, (record) => ({ ...record, isLocked: false }))
      if (unlocked) await announce([clientEntry(id)], true)
      return unlocked !== undefined
    },
    remove: (id) => remove(id),
    async revokeSecret(id, secretId) {
      const record = (await records.get(id))?.record
      if (!record?.secrets.some((secret) => secret.id === secretId)) return false
      await announce([credentialEntry(credentialName(record, secretId))])
      await records.change(id, (now) => ({ ...now, secrets: now.secrets.filter((secret) => secret.id !== secretId) }))
      return true
    },
  }
}
