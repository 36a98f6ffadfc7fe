import type { RevocationEntry } from '@countersign/core'

/** What came of a step with a key. */
export type KeyStep =
  | { readonly ok: true; readonly kid: string; readonly activeAt?: number }
  | { readonly ok: false; readonly reason: string; readonly safeAt?: number }

/** A signing key as it is listed. */
interface ListedKey {
  readonly kid: string
  readonly algorithm: string
  readonly purpose: string
  readonly state: string
  readonly activeAt: number | undefined
  readonly retireAt: number | undefined
}

/** What the command needs of a key registry. */
export interface ConfigKeys {
  readonly signing: {
    list(): Promise<readonly ListedKey[]>
    rotate(): Promise<KeyStep>
    generate(): Promise<KeyStep>
    activate(kid: string, options?: { readonly force?: boolean; readonly whenSafe?: boolean }): Promise<KeyStep>
    retire(kid: string): Promise<KeyStep>
    revoke(kid: string, options?: { readonly reason?: string }): Promise<KeyStep>
  }
}

/** A client as it is listed. */
export interface ListedClient {
  readonly id: string
  readonly isLocked: boolean
  readonly grants: readonly string[]
  readonly scopes: readonly string[]
  readonly secrets: readonly { readonly id: string }[]
}

interface Issued {
  readonly id: string
  readonly secret: string
}

/** What the command needs of clients. */
export interface ConfigClients {
  list(query: { readonly after?: string; readonly limit?: number }): Promise<readonly ListedClient[]>
  find(id: string): Promise<Omit<ListedClient, 'lastUsedAt'> | undefined>
  register(client: {
    readonly id: string
    readonly grants: readonly string[]
    readonly scopes: readonly string[]
  }): Promise<{ readonly ok: true; readonly secret?: Issued } | { readonly ok: false; readonly reason: string }>
  lock(id: string): Promise<boolean>
  unlock(id: string): Promise<boolean>
  addSecret(id: string, settings?: { readonly title?: string; readonly expiresAt?: number }): Promise<Issued | undefined>
  revokeSecret(id: string, secretId: string): Promise<boolean>
}

type Done<T = object> = ({ readonly ok: true } & T) | { readonly ok: false; readonly reason: string }
interface Operator {
  readonly operator: string
}

/** An integration as it is listed. */
interface ListedIntegration {
  readonly clientId: string
  readonly title: string
  readonly isLocked: boolean
  readonly credentials: readonly { readonly id: string }[]
}

/** What the command needs of integrations. */
export interface ConfigIntegrations {
  list(actor: Operator, entity: string): Promise<Done<{ readonly integrations: readonly ListedIntegration[] }>>
  create(
    actor: Operator,
    wish: { readonly entity: string; readonly title: string; readonly type?: string | undefined },
  ): Promise<Done<{ readonly clientId: string; readonly credentialId: string; readonly secret: string }>>
  remove(actor: Operator, clientId: string): Promise<Done>
  addCredential(
    actor: Operator,
    wish: { readonly clientId: string; readonly title?: string | undefined },
  ): Promise<Done<{ readonly credentialId: string; readonly secret: string }>>
  removeCredential(actor: Operator, which: { readonly clientId: string; readonly credentialId: string }): Promise<Done>
}

/** What the command needs of revocations. */
export interface ConfigRevocations {
  revoke(entry: RevocationEntry): unknown
  close?(): Promise<void>
}
