import { randomBytes, randomUUID } from 'node:crypto'
import { type ClientKeys, checkOptions, eventChannel, requireEpochSeconds, type WriteCheck, wallClock } from '@countersign/core'
import {
  type AuthenticationContext,
  type ClientVerdict,
  createClientJudge,
  type PresentedClient,
} from '../authentication/authenticate-client.js'
import { type ClientChanges, changedRecord } from './client-changes.js'
import { createClientEndings } from './client-revocations.js'
import {
  type ClientRegistration,
  type ClientsOptions,
  clientsShape,
  type IssuedSecret,
  registrationShape,
  type SecretSettings,
  secretShape,
} from './clients-options.js'
import { createHashRenewal } from './hash-renewal.js'
import { createLastUses } from './last-uses.js'
import { type Client, type ClientSettings, checkClientId, completeSettings, hasSecretMethod, type SecretView } from './record/client.js'
import { clientOf, clientRecords } from './record/client-record.js'
import { createSecretHasher, type KeptSecret, newSecret } from './record/client-secret.js'
import { countByPepper } from './record/count-by-pepper.js'
import type { ClientRecord } from './record/stored-client.js'

/** A secret with its last use, in epoch seconds and to about a minute. */
export interface UsedSecretView extends SecretView {
  readonly lastUsedAt: number | undefined
}

/** A client with the last use of each secret. */
export interface ListedClient extends Omit<Client, 'secrets'> {
  readonly secrets: readonly UsedSecretView[]
}

/** The clients of a token endpoint. Every method rejects with `Unavailable` when the store is out of reach. */
export interface Clients extends WriteCheck {
  /** The keys that clients sign with. */
  readonly clientKeys: ClientKeys | undefined
  /** Whose tokens end at all guards when a client or a secret does; undefined: nobody's. */
  readonly issuers: readonly string[] | undefined
  /** Rejects with TypeError for settings that are wrong. */
  register(
    registration: ClientRegistration,
  ): Promise<
    { readonly ok: true; readonly client: Client; readonly secret?: IssuedSecret } | { readonly ok: false; readonly reason: 'taken' }
  >
  find(id: string): Promise<Client | undefined>
  /** Of any number of clients what {@link list} tells, in the order of the ids; undefined for one that is not there. A few round trips. */
  findMany(ids: readonly string[]): Promise<readonly (ListedClient | undefined)[]>
  /** Clients in the order of their ids, at most `limit` (100). */
  list(query?: { readonly after?: string; readonly limit?: number }): Promise<readonly ListedClient[]>
  /**
   * Changes some settings; `undefined` is back to the default. Refresh tokens give no more than the new settings allow; access
   * tokens that are out keep what they have until they expire. Undefined for a client that is not there. Rejects with TypeError
   * if the settings do not fit together, or would make a public client of a confidential one or the reverse.
   */
  update(id: string, changes: ClientChanges): Promise<Client | undefined>
  /**
   * Ends everything that the client has, and forgets it. A client that is registered under the same id later has nothing of it.
   * Keys that were registered elsewhere are the host's to revoke. False for one that is not there.
   */
  remove(id: string): Promise<boolean>
  /** Ends everything that the client has, tokens and refresh tokens, and lets it get nothing more. False for one that is not there. */
  lock(id: string): Promise<boolean>
  /** Lets the client get new tokens. Refresh tokens from before the lock stay dead. */
  unlock(id: string): Promise<boolean>
  /** One more live secret; undefined for a client that is not there or is public. */
  addSecret(id: string, settings?: SecretSettings): Promise<IssuedSecret | undefined>
  /** Revokes a secret and the tokens and refresh tokens obtained with it. False if the secret does not exist. */
  revokeSecret(id: string, secretId: string): Promise<boolean>
  /**
   * How many secrets are kept under each id of `pepper`. A secret that is used moves to the current one; an id that is not there any more need not be
   * configured. Reads every client: for operators, not for requests.
   */
  secretsByPepper(): Promise<Readonly<Record<string, number>>>
  /** When each secret was last used, by its id, in epoch seconds and to about a minute. A secret that was not used is not there. */
  lastUses(id: string): Promise<Readonly<Record<string, number>>>
  /** Judges what {@link PresentedClient} says. Unknown clients and wrong secrets cost the same. */
  authenticate(presented: Exclude<PresentedClient, { method: 'anonymous' }>, context?: AuthenticationContext): Promise<ClientVerdict>
}

const events = eventChannel('countersign:client')

function checked(options: ClientsOptions): string {
  checkOptions('createClients', options, clientsShape)
  const { issuer, revocations, secretPrefix = 'cs_' } = options
  if (revocations !== undefined && issuer === undefined)
    throw new TypeError('createClients: issuer must be given with revocations, got undefined')
  return secretPrefix
}

function checkSecret({ notBefore = 0, expiresAt = notBefore + 1 }: SecretSettings): void {
  requireEpochSeconds('client: secret.notBefore', notBefore)
  requireEpochSeconds('client: secret.expiresAt', expiresAt)
  if (!(notBefore < expiresAt))
    throw new TypeError(`client: secret.notBefore must be before secret.expiresAt (${expiresAt}), got ${notBefore}`)
}

/**
 * Registered clients over a document store.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createClients(options: ClientsOptions): Clients {
  const secretPrefix = checked(options)
  const { store, clientKeys, issuer = [], revocations } = options
  const issuers = [issuer].flat()
  const now = options.now ?? wallClock
  const uuid = options.randomUUID ?? randomUUID
  const random = options.randomBytes ?? randomBytes
  const hasher = createSecretHasher(options.pepper)
  const records = clientRecords(store)
  const uses = createLastUses(store, now)
  const noteUse = createHashRenewal({ records, hasher, uses, now })
  const authenticate = createClientJudge({ records, hasher, keys: clientKeys, now, noteUse })
  const newEra = (): string => random(12).toString('base64url')
  const endings = createClientEndings({ records, issuers, revocations, keys: clientKeys, newEra })

  function make(settings: SecretSettings): { readonly kept: KeptSecret; readonly issued: IssuedSecret } {
    checkSecret(settings)
    const { title, notBefore, expiresAt } = settings
    const secret = settings.secret ?? newSecret(secretPrefix, random(32))
    const id = uuid()
    const kept = { id, title, createdAt: Math.floor(now() / 1000), notBefore, expiresAt, ...hasher.hash(secret) }
    return { kept, issued: { id, secret } }
  }

  function checkMethods<T extends Pick<ClientSettings, 'authMethods'>>(settings: T): T {
    const method = settings.authMethods?.find((one) => one === 'private_key_jwt' || one === 'self_signed_tls_client_auth')
    if (method !== undefined && !clientKeys)
      throw new TypeError(`createClients: clientKeys must be given for a client with the method ${method}, got undefined`)
    return settings
  }

  async function withUses(found: readonly Client[]): Promise<readonly ListedClient[]> {
    const lastUses = await uses.getMany(found.map(({ id }) => id))
    return found.map((client, at) => ({
      ...client,
      secrets: client.secrets.map((secret) => ({ ...secret, lastUsedAt: lastUses[at]?.[secret.id] })),
    }))
  }

  /** Tells the audit, and passes on whether there was such a one. */
  function audited(action: string, clientId: string, isDone: boolean, secret?: string): boolean {
    events.publish({ action, clientId, outcome: isDone ? 'done' : 'unknown', ...(secret !== undefined && { secret }) })
    return isDone
  }

  return {
    clientKeys,
    checkWrites: async () => store.checkWrites?.(),
    issuers: revocations && issuers,
    async register(registration) {
      checkOptions('client', registration, registrationShape)
      const { id = uuid(), secret, ...settings } = registration
      const complete = completeSettings(settings)
      checkClientId(id, complete)
      checkMethods(complete)
      const first = !hasSecretMethod(complete) || secret === false ? undefined : make(secret ?? {})
      const record: ClientRecord = {
        v: 1,
        ...complete,
        id,
        isLocked: false,
        credentialGeneration: newEra(),
        secrets: first ? [first.kept] : [],
      }
      if (!(await records.add(record))) return { ok: false, reason: 'taken' }
      audited('register', id, true)
      return { ok: true, client: clientOf(record), ...(first && { secret: first.issued }) }
    },
    find: records.find,
    async findMany(ids) {
      const found = await records.getMany(ids)
      const there = await withUses(found.flatMap((client) => client ?? []))
      const byId = new Map(there.map((client) => [client.id, client]))
      return ids.map((id) => byId.get(id))
    },
    list: async (query = {}) => withUses((await records.list(query)).map(clientOf)),
    async update(id, changes) {
      const changed = await records.change(id, (record) => checkMethods(changedRecord(record, changes)))
      return audited('update', id, changed !== undefined) && changed ? clientOf(changed) : undefined
    },
    async remove(id) {
      const isDone = await endings.remove(id)
      // Also of one that is not there: a removal that failed before this is tried again.
      await uses.forget(id)
      return audited('remove', id, isDone)
    },
    lock: async (id) => audited('lock', id, await endings.lock(id)),
    unlock: async (id) => audited('unlock', id, await endings.unlock(id)),
    async addSecret(id, settings = {}) {
      checkOptions('client: secret', settings, secretShape)
      const { kept, issued } = make(settings)
      const changed = await records.change(id, (record) =>
        !hasSecretMethod(record) ? record : { ...record, secrets: [...record.secrets, kept] },
      )
      const isDone = changed?.secrets.some((secret) => secret.id === kept.id) ?? false
      return audited('add_secret', id, isDone, kept.id) ? issued : undefined
    },
    revokeSecret: async (id, secretId) => audited('revoke_secret', id, await endings.revokeSecret(id, secretId), secretId),
    secretsByPepper: () => countByPepper(records),
    lastUses: (id) => uses.get(id),
    authenticate,
  }
}
