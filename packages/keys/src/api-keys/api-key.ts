import { type ApiKeyOwner, type RecordCodec, recordCodec } from '@countersign/core'

/** An API key as it is kept. Times are epoch seconds. */
export interface ApiKey {
  readonly v: 1
  readonly id: string
  readonly ownerType: ApiKeyOwner['type']
  readonly ownerId: string
  /** Of the client when the key was made: a client that was locked, or registered anew under the id, is another one. */
  readonly credentialGeneration?: string
  readonly scopes: readonly string[]
  readonly label?: string
  readonly createdAt: number
  readonly notBefore?: number
  readonly expiresAt?: number
  /** Id of the pepper. */
  readonly pepper: string
  /** HMAC-SHA-256 of the secret under the pepper, base64url. */
  readonly hash: string
  readonly revokedAt?: number
}

/** What an API key may do at a moment. */
export type ApiKeyState = 'active' | 'revoked' | 'expired' | 'not_yet_valid'

/** An API key as it is shown: without its secret. Times are epoch seconds. */
export interface ApiKeyView {
  readonly id: string
  readonly owner: ApiKeyOwner
  readonly scopes: readonly string[]
  readonly label: string | undefined
  readonly state: ApiKeyState
  readonly createdAt: number
  readonly notBefore: number | undefined
  readonly expiresAt: number | undefined
  /** To about a minute; undefined for a key that was not used. */
  readonly lastUsedAt: number | undefined
}

/** Stored names never change, also when a member gets another name. */
export const storedApiKey: RecordCodec<ApiKey> = recordCodec({
  v: 'v',
  id: 'id',
  ownerType: 'ownerType',
  ownerId: 'ownerId',
  credentialGeneration: 'credentialGeneration',
  scopes: 'scopes',
  label: 'label',
  createdAt: 'createdAt',
  notBefore: 'notBefore',
  expiresAt: 'expiresAt',
  pepper: 'pepper',
  hash: 'hash',
  revokedAt: 'revokedAt',
})

/** The state at `now`, epoch seconds. */
function stateOf({ revokedAt, expiresAt, notBefore }: ApiKey, now: number): ApiKeyState {
  if (revokedAt !== undefined) return 'revoked'
  if (expiresAt !== undefined && now >= expiresAt) return 'expired'
  return notBefore !== undefined && now < notBefore ? 'not_yet_valid' : 'active'
}

/** The key as its owner or an operator sees it. */
export function apiKeyView(key: ApiKey, lastUsedAt: number | undefined, now: number): ApiKeyView {
  const { id, ownerType: type, ownerId, scopes, label, createdAt, notBefore, expiresAt } = key
  return { id, owner: { type, id: ownerId }, scopes, label, state: stateOf(key, now), createdAt, notBefore, expiresAt, lastUsedAt }
}

/** The name of a key in entries of the denylist, of the type `client_key`. */
export const credentialOf = (id: string): string => `api_key:${id}`
