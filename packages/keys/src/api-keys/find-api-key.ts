import {
  type ApiKeyOwner,
  type ApiKeySource,
  type Outcome,
  orUnavailable,
  type Reason,
  type RevocationPublisher,
  refuse,
  type VerifiedApiKey,
} from '@countersign/core'
import { type ApiKey, credentialOf } from './api-key.js'
import type { ApiKeyFormat } from './api-key-format.js'
import type { ApiKeyHashes } from './api-key-hashes.js'
import type { ApiKeyRecords } from './api-key-records.js'
import type { ApiKeyClients } from './api-keys-options.js'

/** What keys are found with. */
interface FindingContext {
  readonly issuer: string
  readonly clients: ApiKeyClients | undefined
  readonly revocations: RevocationPublisher | undefined
  readonly hashes: ApiKeyHashes
  readonly format: ApiKeyFormat
  readonly records: ApiKeyRecords
}

/** Finds keys, and the clients that own them. */
export interface ApiKeyFinder {
  clientOf(owner: ApiKeyOwner): ReturnType<ApiKeyClients['find']>
  readonly find: ApiKeySource['find']
}

const no = (reason: Reason): Outcome<never> => ({ ok: false, refusal: refuse(reason) })

/** The record decides: a key that was revoked stays revoked when a denylist has forgotten it. */
export function createApiKeyFinder({ issuer, clients, revocations, hashes, format, records }: FindingContext): ApiKeyFinder {
  async function clientOf(owner: ApiKeyOwner): Promise<Awaited<ReturnType<ApiKeyClients['find']>>> {
    return owner.type === 'client' && clients !== undefined ? orUnavailable(() => clients.find(owner.id)) : undefined
  }

  /** Why the owner of a key that exists cannot use it any more. */
  async function ownerRefusal(key: ApiKey): Promise<{ reason?: Reason; scopes: readonly string[] }> {
    const { ownerType: type, ownerId: id, scopes } = key
    if (type !== 'client') {
      const ended = await orUnavailable(async () => revocations?.subjectNotBefore?.({ issuer, subject: id }))
      // In whole seconds: a key made in the second of the revocation may be older than it.
      return ended !== undefined && key.createdAt <= ended ? { reason: 'revoked_subject', scopes } : { scopes }
    }
    const client = await clientOf({ type, id })
    if (client === undefined || client.isLocked || client.credentialGeneration !== key.credentialGeneration)
      return { reason: 'revoked_client', scopes }
    return { scopes: scopes.filter((scope) => client.scopes.includes(scope)) }
  }

  async function find(text: string): Promise<Outcome<{ readonly key: VerifiedApiKey }>> {
    const parts = format.read(text)
    if (parts === undefined) return no('malformed')
    const { id } = parts
    const key = await records.find(id)
    if (!hashes.matches(parts.secret, key) || key === undefined) return no('unknown_credential')
    if (key.revokedAt !== undefined) return no('revoked_key')
    const { reason, scopes } = await ownerRefusal(key)
    if (reason !== undefined) return no(reason)
    records.noteUse(id)
    if (!hashes.isCurrent(key)) records.renewHash(key, hashes.of(parts.secret))
    const { ownerType: type, ownerId, label, createdAt, notBefore, expiresAt } = key
    const found = { id, owner: { type, id: ownerId }, scopes, label, createdAt, notBefore, expiresAt }
    return { ok: true, key: { ...found, credential: credentialOf(id) } }
  }

  return { clientOf, find }
}
