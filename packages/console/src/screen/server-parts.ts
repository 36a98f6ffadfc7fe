import type { KeySource, Readiness, RevocationEntry, RevocationQuery, RevocationReason } from '@countersign/core'

/** A client, as it is shown. */
export interface ShownClient {
  readonly id: string
  readonly title?: string | undefined
  readonly owner?: string | undefined
  readonly authMethods: readonly string[]
  readonly grants: readonly string[]
  readonly scopes: readonly string[]
  readonly isLocked: boolean
  readonly secrets: readonly {
    readonly id: string
    readonly title: string | undefined
    readonly createdAt: number
    readonly expiresAt: number | undefined
    readonly lastUsedAt: number | undefined
  }[]
}

/** What a new client is. */
export interface NewClient {
  readonly id?: string
  readonly title?: string
  readonly owner?: string
  readonly authMethods: readonly ('client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none')[]
  readonly grants: readonly string[]
  readonly scopes: readonly string[]
}

/** What is called of clients; `createClients` of `@countersign/grants` fits. */
export interface ConsoleClients {
  /** Our own `iss`. */
  readonly issuers: readonly string[] | undefined
  list(query: { readonly after?: string; readonly limit: number }): Promise<readonly ShownClient[]>
  findMany(ids: readonly string[]): Promise<readonly (ShownClient | undefined)[]>
  register(
    client: NewClient,
  ): Promise<
    | { readonly ok: true; readonly client: { readonly id: string }; readonly secret?: { readonly id: string; readonly secret: string } }
    | { readonly ok: false; readonly reason: string }
  >
  addSecret(id: string, settings: { readonly title?: string }): Promise<{ readonly id: string; readonly secret: string } | undefined>
  revokeSecret(id: string, secretId: string): Promise<boolean>
  lock(id: string): Promise<boolean>
  unlock(id: string): Promise<boolean>
  remove(id: string): Promise<boolean>
}

/** A signing key, as it is shown. Times are epoch seconds. */
export interface ShownSigningKey {
  readonly kid: string
  readonly algorithm: string
  readonly purpose: string
  readonly state: 'staged' | 'active' | 'retiring' | 'retired' | 'revoked'
  readonly stagedAt: number
  readonly activeAt: number | undefined
  readonly retireAt: number | undefined
  readonly verifiesUntil: number | undefined
  readonly revokedAt: number | undefined
}

/** What became of a step with a signing key. */
export type KeyStep =
  | { readonly ok: true; readonly kid: string }
  | { readonly ok: false; readonly reason: string; readonly safeAt?: number }

/** A key of a client, as it is shown. */
export interface ShownClientKey {
  readonly kid: string
  readonly thumbprint: string
  readonly algorithm: string
  readonly state: string
  readonly notBefore: number | undefined
  readonly expiresAt: number | undefined
}

/** What is called of keys; `createKeyRegistry` of `@countersign/keys` fits. */
export interface ConsoleKeys {
  readonly source: Pick<KeySource, 'find'>
  readonly signing: {
    list(): Promise<readonly ShownSigningKey[]>
    rotate(): Promise<KeyStep>
    generate(): Promise<KeyStep>
    stage(jwk: Readonly<Record<string, unknown>>): Promise<KeyStep>
    activate(kid: string): Promise<KeyStep>
    retire(kid: string): Promise<KeyStep>
    revoke(kid: string, options: { readonly reason?: string }): Promise<KeyStep>
  }
  readonly clientKeys: {
    list(owner: string): Promise<readonly ShownClientKey[]>
    register(registration: {
      readonly owner: string
      readonly kid: string
      readonly jwk?: unknown
      readonly pem?: string
    }): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string; readonly hint?: string }>
    retire(owner: string, kid: string): Promise<boolean>
    revoke(owner: string, kid: string, options: { readonly reason?: string }): Promise<boolean>
  }
}

/** What is called of revocations; `createSharedRevocations` of `@countersign/verifier` fits. */
export interface ConsoleRevocations {
  check(query: RevocationQuery): RevocationReason | undefined | Promise<RevocationReason | undefined>
  revoke(entry: RevocationEntry): void | Promise<void>
  reinstate(entry: RevocationEntry): void | Promise<void>
}

/** A check of parts; the `ready` of a server or a guard fits. */
export type ConsoleReady = () => Promise<Readiness>
