import type { Outcome } from './refusal.js'
import type { RevocationView } from './revocation.js'

/** Whose an API key is. */
export interface ApiKeyOwner {
  readonly type: 'client' | 'person' | 'entity'
  /** The id of the client, the `sub` of the person, or the id of the entity. */
  readonly id: string
}

/** An API key whose secret was right. Times are epoch seconds. */
export interface VerifiedApiKey {
  /** The public part, which may be shown and logged. */
  readonly id: string
  readonly owner: ApiKeyOwner
  readonly scopes: readonly string[]
  readonly label: string | undefined
  readonly createdAt: number
  readonly notBefore: number | undefined
  readonly expiresAt: number | undefined
  /** Its name in entries of the denylist, of the type `client_key`. */
  readonly credential: string
}

/** Finds API keys, for a guard: what `createApiKeys` returns. */
export interface ApiKeySource {
  /** The issuer under which keys, clients and subjects are revoked. */
  readonly issuer: string
  /** What every key begins with. */
  readonly prefix: string
  /** Whether a string has the form and the checksum of a key. Causes no I/O. */
  isApiKey(key: string): boolean
  /**
   * Reads the record of a key, and notes the use.
   * @returns refusals `malformed`, `unknown_credential`, `revoked_key`, `revoked_client`, `revoked_subject`. Rejects with `Unavailable`
   */
  find(key: string): Promise<Outcome<{ readonly key: VerifiedApiKey }>>
  /**
   * Whether the end of a key is announced to a view, in which it then counts at once. A guard believes no record that may end without
   * its view.
   */
  announcesTo(view: RevocationView): boolean
  /** Rejects with `Unavailable` if the store cannot be read. */
  checkReads(): Promise<void>
}
