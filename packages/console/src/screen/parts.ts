import type { AuditStore, Auth, Readiness, ReplayStore, RevocationStore, ShadowReport } from '@countersign/core'
import type { ConsoleClients, ConsoleKeys, ConsoleReady, ConsoleRevocations } from './server-parts.js'

/** Who changes something: a person for the policies, or an operator. */
export type Actor<A extends Auth> = A | { readonly operator: string }

/** What was done, or why not. */
export type Done<T extends object = object> =
  | ({ readonly ok: true } & T)
  | { readonly ok: false; readonly reason: string; readonly issues?: readonly { readonly field: string; readonly problem: string }[] }

/** A credential of an integration. */
export interface ShownCredential {
  readonly id: string
  readonly title: string | undefined
  readonly createdAt: number | undefined
  readonly lastUsedAt: number | undefined
}

/** An integration, as it is shown. */
export interface ShownIntegration {
  readonly clientId: string
  readonly entity: string
  readonly title: string
  readonly type: string | undefined
  readonly createdBy: { readonly subject: string } | { readonly operator: string }
  readonly createdAt: number
  readonly isBeingDeleted: boolean
  readonly isLocked: boolean
  readonly credentials: readonly ShownCredential[]
}

/** A secret, shown this once. */
export interface ShownSecret {
  readonly clientId: string
  readonly credentialId: string
  readonly secret: string
}

/** An enrollment, as it is shown. */
export interface ShownEnrollment {
  readonly clientId: string
  readonly entity: string
  readonly entityName: string
  readonly createdAt: number
  readonly integrationTitle: string
  readonly integrationType: string | undefined
}

/** Which part of a list. */
export interface ListPage {
  readonly title?: string | undefined
  readonly pageNumber: number
  readonly pageSize: number
}

/** What is called of integrations; `createIntegrations` of `@countersign/integrations` fits. */
export interface ConsoleIntegrations<A extends Auth = Auth> {
  create(
    actor: Actor<A>,
    wish: { readonly entity: string; readonly title: string; readonly type?: string | undefined },
  ): Promise<Done<ShownSecret>>
  page(
    actor: Actor<A>,
    query: ListPage & { readonly entity: string },
  ): Promise<Done<{ readonly integrations: readonly ShownIntegration[]; readonly pageCount: number; readonly totalCount: number }>>
  find(actor: Actor<A>, clientId: string): Promise<Done<{ readonly integration: ShownIntegration }>>
  remove(actor: Actor<A>, clientId: string): Promise<Done>
  addCredential(actor: Actor<A>, wish: { readonly clientId: string; readonly title?: string | undefined }): Promise<Done<ShownSecret>>
  removeCredential(actor: Actor<A>, which: { readonly clientId: string; readonly credentialId: string }): Promise<Done>
  enroll(actor: Actor<A>, which: { readonly entity: string; readonly clientId: string }): Promise<Done>
  unenroll(actor: Actor<A>, which: { readonly entity: string; readonly clientId: string }): Promise<Done>
  enrollments(
    actor: Actor<A>,
    query: ListPage & { readonly entity?: string | undefined; readonly clientId?: string | undefined },
  ): Promise<Done<{ readonly enrollments: readonly ShownEnrollment[]; readonly pageCount: number; readonly totalCount: number }>>
}

/** The parts that the console shows. A page whose part is missing is not there. */
export interface ConsoleParts<A extends Auth = Auth> {
  readonly integrations?: ConsoleIntegrations<A>
  /** Kinds of integrations, as in `createIntegrations`. @defaultValue none */
  readonly integrationTypes?: readonly string[]
  readonly clients?: ConsoleClients
  readonly keys?: ConsoleKeys
  /** The denylist of this process. */
  readonly revocations?: ConsoleRevocations
  /** `stores.revocations`: the list of what was revoked. */
  readonly revocationStore?: Pick<RevocationStore, 'page'>
  /** `stores.audit`: each change is written there before it is made. */
  readonly audit?: Pick<AuditStore, 'append' | 'page'>
  /** `stores.replay`: no form is carried out twice. */
  readonly replay?: Pick<ReplayStore, 'claim'>
  /** Tells on the overview whether each part is ready. */
  readonly ready?: ConsoleReady
  /** `createShadowReport()`: what a new guard would do differently. */
  readonly shadowReport?: Pick<ShadowReport, 'toJSON'>
}

/** A server whose parts are shown; `createAuthorizationServer` of `countersign` fits. */
export interface ConsoleServer {
  readonly clients: ConsoleClients
  readonly keys: ConsoleKeys
  readonly revocations: ConsoleRevocations
  readonly stores: {
    readonly replay: Pick<ReplayStore, 'claim'>
    readonly audit: Pick<AuditStore, 'append' | 'page'>
    readonly revocations: Pick<RevocationStore, 'page'>
  }
  ready(): Promise<Readiness>
}

/** Parts of which those that are needed are there. */
export type KnownParts<A extends Auth = Auth> = ConsoleParts<A> & Required<Pick<ConsoleParts<A>, 'replay'>>
