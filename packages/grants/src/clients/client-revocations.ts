import {
  type ClientKeys,
  mapConcurrently,
  orUnavailable,
  type RevocationAnnouncer,
  type RevocationEntry,
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
  readonly revocations: RevocationAnnouncer | undefined
  /** The keys that clients sign with. */
  readonly keys: ClientKeys | undefined
  readonly newEra: () => string
}

/** How often a client is locked again that somebody else unlocks while it is being removed. */
const attempts = 10

/** How many credentials of a client are announced at a time. */
const announcedAtOnce = 16

/** Ends what clients have. */
export function createClientEndings({ records, issuers, revocations, keys, newEra }: ClientEndingsOptions): ClientEndings {
  async function announce(entryOf: (issuer: string) => RevocationEntry, undone = false): Promise<void> {
    if (revocations === undefined) return
    const tell = async (entry: RevocationEntry): Promise<unknown> => revocations.revoke(entry, undone ? { undone } : {})
    for (const issuer of issuers) await orUnavailable(tell(entryOf(issuer)))
  }

  const announceClient = (clientId: string, undone = false): Promise<void> =>
    announce((issuer) => ({ type: 'client', issuer, clientId }), undone)
  const announceCredential = (thumbprint: string): Promise<void> => announce((issuer) => ({ type: 'client_key', issuer, thumbprint }))

  /**
   * What is announced of a client is taken back when it is unlocked or removed; this is not.
   *
   * @param told - names that were announced already
   */
  async function endCredentials(record: ClientRecord, told: ReadonlySet<string> = new Set()): Promise<ReadonlySet<string>> {
    const names = credentialNames(clientOf(record)).filter((name) => !told.has(name))
    await mapConcurrently(names, announcedAtOnce, announceCredential)
    return new Set(names)
  }

  async function lock(id: string): Promise<ClientRecord | undefined> {
    // Tokens first: whatever is issued until the record is locked as well is covered by the announcement.
    const known = (await records.get(id))?.record
    if (known === undefined) return undefined
    await announceClient(id)
    // Twice, because a secret may have been added meanwhile, and because a lock that failed half-way is tried again.
    const told = await endCredentials(known)
    const ended: { record?: ClientRecord } = {}
    const locked = await records.change(id, (record) => {
      ended.record = record
      return { ...record, isLocked: true, era: newEra() }
    })
    if (ended.record) await endCredentials(ended.record, told)
    return locked
  }

  async function remove(id: string, left = attempts): Promise<boolean> {
    if (left === 0) throw new Unavailable('store_unavailable', { cause: new Error('the client is unlocked again and again') })
    const locked = await lock(id)
    if (locked === undefined) return false
    // Its credentials stay dead, so that whoever is registered under this id later gets tokens that work, and no old one does.
    // While the record is there, all this can be tried again.
    if (keys?.retireAll) await orUnavailable(keys.retireAll(id))
    await announceClient(id, true)
    return (await records.remove(locked)) || remove(id, left - 1)
  }

  return {
    lock: async (id) => (await lock(id)) !== undefined,
    async unlock(id) {
      const unlocked = await records.change(id, (record) => ({ ...record, isLocked: false }))
      if (unlocked) await announceClient(id, true)
      return unlocked !== undefined
    },
    remove: (id) => remove(id),
    async revokeSecret(id, secretId) {
      const record = (await records.get(id))?.record
      if (!record?.secrets.some((secret) => secret.id === secretId)) return false
      await announceCredential(credentialName(record, secretId))
      await records.change(id, (now) => ({ ...now, secrets: now.secrets.filter((secret) => secret.id !== secretId) }))
      return true
    },
  }
}
