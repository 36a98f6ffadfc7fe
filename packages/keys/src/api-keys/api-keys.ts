import { randomBytes } from 'node:crypto'
import {
  type ApiKeyOwner,
  type ApiKeySource,
  checkOptions,
  eventChannel,
  orUnavailable,
  type WriteCheck,
  wallClock,
} from '@countersign/core'
import { type ApiKey, type ApiKeyView, apiKeyView, credentialOf } from './api-key.js'
import { createApiKeyFormat } from './api-key-format.js'
import { createApiKeyHashes } from './api-key-hashes.js'
import { createApiKeyRecords } from './api-key-records.js'
import { type ApiKeysOptions, apiKeysShape, checkNew, type NewApiKey } from './api-keys-options.js'
import { createApiKeyFinder } from './find-api-key.js'

/** A new key, shown this once, or why there is none. */
export type CreatedApiKey =
  | { readonly ok: true; readonly secret: string; readonly key: ApiKeyView }
  | { readonly ok: false; readonly reason: 'unknown_client' | 'locked_client' | 'scope' | 'too_many' }

/** API keys of clients, people and entities. Every method rejects with `Unavailable` when the store is out of reach. */
export interface ApiKeys extends ApiKeySource, WriteCheck {
  /** Rejects with TypeError for settings that are wrong. */
  create(settings: NewApiKey): Promise<CreatedApiKey>
  /** Of one owner, in the order of their ids. */
  list(owner: ApiKeyOwner): Promise<readonly ApiKeyView[]>
  /**
   * Ends a key: at once in this process, elsewhere as soon as the denylist is read. Idempotent.
   * @param owner - whose key it must be; undefined: anybody's, for operators
   * @returns false for a key that is not there, or that another one owns
   */
  revoke(id: string, owner?: ApiKeyOwner): Promise<boolean>
  /**
   * How many keys are kept under each id of `pepper`. A key that is used moves to the current one; an id that is not there any more need not be configured.
   * Reads every key: for operators, not for requests.
   */
  keysByPepper(): Promise<Readonly<Record<string, number>>>
}

const events = eventChannel('countersign:key')
const ownerName = ({ type, id }: ApiKeyOwner): string => `${type}:${id}`

/**
 * API keys over a document store: each has an owner, scopes, and an end of its own. The store keeps a keyed hash of the secret.
 *
 * @throws TypeError if an option is missing or wrong
 * @example
 * ```ts
 * import { memoryStores } from '@countersign/core/memory'
 * import { createApiKeys } from '@countersign/keys'
 *
 * const keys = createApiKeys({
 *   issuer: 'https://api.example',
 *   store: memoryStores().keys,
 *   pepper: { current: { id: '1', secret: 'a pepper of 32 bytes or more ...' } },
 * })
 * const made = await keys.create({ owner: { type: 'person', id: 'user-1' }, scopes: ['reports:read'], label: 'laptop' })
 * if (made.ok) console.log(made.secret.startsWith('ck_')) // → true
 * ```
 */
export function createApiKeys(options: ApiKeysOptions): ApiKeys {
  checkOptions('createApiKeys', options, apiKeysShape)
  const { issuer, clients, revocations, prefix = 'ck_', maxKeysPerOwner = 100, now = wallClock } = options
  if (revocations?.keepsSubjects === false)
    throw new TypeError(
      'createApiKeys: revocations must be made with the option subjects, because a key outlives the entries of a denylist, got one without it',
    )
  const hashes = createApiKeyHashes(options.pepper)
  const format = createApiKeyFormat(prefix, options.randomBytes ?? randomBytes)
  const records = createApiKeyRecords(options.store, now)
  const { find, clientOf } = createApiKeyFinder({ issuer, clients, revocations, hashes, format, records })
  const nowSeconds = (): number => Math.floor(now() / 1000)

  function report(action: string, owner: ApiKeyOwner, outcome: string, id?: string): void {
    events.publish({ action, owner: ownerName(owner), outcome, ...(id !== undefined && { kid: id }) })
  }

  /** Of keys that a request could be sent with, now or later. */
  async function liveKeysOf(owner: ApiKeyOwner): Promise<number> {
    const all = await records.list(owner)
    return all.filter(({ revokedAt, expiresAt }) => revokedAt === undefined && (expiresAt ?? Number.POSITIVE_INFINITY) > nowSeconds())
      .length
  }

  async function create(settings: NewApiKey): Promise<CreatedApiKey> {
    checkNew(settings)
    const { owner, scopes, label, notBefore, expiresAt } = settings
    const refused = (reason: Extract<CreatedApiKey, { ok: false }>['reason']): CreatedApiKey => {
      report('create_api_key', owner, reason)
      return { ok: false, reason }
    }
    const client = await clientOf(owner)
    if (owner.type === 'client' && client === undefined) return refused('unknown_client')
    if (client?.isLocked === true) return refused('locked_client')
    if (client && scopes.some((scope) => !client.scopes.includes(scope))) return refused('scope')
    if ((await liveKeysOf(owner)) >= maxKeysPerOwner) return refused('too_many')
    const { id, secret, key: text } = format.make()
    const key: ApiKey = {
      v: 1,
      id,
      ownerType: owner.type,
      ownerId: owner.id,
      scopes: [...new Set(scopes)],
      createdAt: nowSeconds(),
      ...hashes.of(secret),
      ...(client && { credentialGeneration: client.credentialGeneration }),
      ...(label !== undefined && { label }),
      ...(notBefore !== undefined && { notBefore }),
      ...(expiresAt !== undefined && { expiresAt }),
    }
    await records.add(key)
    // Others may have made some meanwhile: the last of those that were made counts them all.
    if ((await liveKeysOf(owner)) > maxKeysPerOwner) {
      await records.takeBack(key)
      return refused('too_many')
    }
    report('create_api_key', owner, 'done', id)
    return { ok: true, secret: text, key: apiKeyView(key, undefined, nowSeconds()) }
  }

  return {
    issuer,
    prefix,
    isApiKey: (text) => format.read(text) !== undefined,
    find,
    create,
    async list(owner) {
      const found = await records.list(owner)
      const uses = await records.lastUses(found.map(({ id }) => id))
      return found.map((key, at) => apiKeyView(key, uses[at], nowSeconds()))
    },
    async revoke(id, owner) {
      const known = await records.find(id)
      if (known === undefined) return false
      const { ownerType: type, ownerId } = known
      if (owner !== undefined && (owner.type !== type || owner.id !== ownerId)) return false
      await records.revoke(id, nowSeconds())
      // Also of a key that was revoked before: an announcement that failed is made again.
      await orUnavailable(async () => revocations?.revoke({ type: 'client_key', issuer, thumbprint: credentialOf(id) }))
      report('revoke_api_key', { type, id: ownerId }, 'done', id)
      return true
    },
    keysByPepper: () => records.countByPepper(),
    announcesTo: (view) => view === revocations,
    checkReads: async () => void (await records.find('readiness')),
    checkWrites: () => records.checkWrites(),
  }
}
