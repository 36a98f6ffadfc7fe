/** A client as it is registered for an integration. */
export interface OwnedClient {
  readonly id: string
  readonly owner: string
  readonly title: string
  /** It gets its first secret later. */
  readonly secret: false
}

/** A client as it is found. */
export interface FoundClient {
  readonly isLocked?: boolean
  readonly secrets: readonly {
    readonly id: string
    readonly title?: string | undefined
    readonly createdAt?: number | undefined
    /** In epoch seconds; read by `findMany`. */
    readonly lastUsedAt?: number | undefined
  }[]
}

/**
 * What is called of the clients of a token endpoint; `createClients` of `@countersign/grants` fits. Every method rejects with
 * `Unavailable` in an outage.
 *
 * @typeParam Settings - what a client may do: grants, scopes, refresh tokens
 */
export interface IntegrationClients<Settings extends object> {
  register(client: Settings & OwnedClient): Promise<{ readonly ok: boolean }>
  find(id: string): Promise<FoundClient | undefined>
  /** Any number of clients in the order of the ids, with the last use of each secret. */
  findMany(ids: readonly string[]): Promise<readonly (FoundClient | undefined)[]>
  /** One more secret; undefined for a client that is not there. */
  addSecret(id: string, settings: { readonly title?: string }): Promise<{ readonly id: string; readonly secret: string } | undefined>
  /** Revokes a secret and everything obtained with it. False if the secret does not exist. */
  revokeSecret(id: string, secretId: string): Promise<boolean>
  /** Ends everything that the client has, and forgets it. False for one that is not there. */
  remove(id: string): Promise<boolean>
}
