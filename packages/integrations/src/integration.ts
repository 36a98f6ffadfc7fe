import type { Creator } from './accounts/creator.js'

/** A client that an entity owns. */
export interface Integration {
  /** A UUID. */
  readonly clientId: string
  readonly entity: string
  readonly title: string
  /** One of the host's `types`; undefined where there are none. */
  readonly type: string | undefined
  /** Recorded only: the integration stays when its creator leaves. */
  readonly createdBy: Creator
  /** Epoch seconds. */
  readonly createdAt: number
  /** Its removal has begun and was not finished: remove it again. */
  readonly isBeingDeleted: boolean
}

/** A credential as it is shown. Times are epoch seconds. */
export interface CredentialView {
  readonly id: string
  readonly title: string | undefined
  readonly createdAt: number | undefined
  /** To about a minute; undefined for one that was not used. */
  readonly lastUsedAt: number | undefined
}

/** An integration in a list. */
export interface IntegrationView extends Integration {
  /** By an operator: it gets no tokens. */
  readonly isLocked: boolean
  readonly credentials: readonly CredentialView[]
}

/** Which integrations of an entity. */
export interface IntegrationQuery {
  readonly entity: string
  /** Part of the title, in any case. */
  readonly title?: string | undefined
  /** From 1. @defaultValue 1 */
  readonly pageNumber?: number | undefined
  /** 1 to 100. @defaultValue 10 */
  readonly pageSize?: number | undefined
}

/** A page of integrations: in the order of ids, or, of those with a title, in the order of their making. */
export interface IntegrationPage {
  readonly integrations: readonly IntegrationView[]
  readonly pageNumber: number
  readonly pageSize: number
  readonly pageCount: number
  /** As many as there are. One that was removed half-way may be counted. */
  readonly totalCount: number
}

/** A secret, shown this once. */
export interface NewCredential {
  readonly clientId: string
  readonly credentialId: string
  readonly secret: string
}

/** An entity lets an integration act for it. */
export interface Enrollment {
  /** A UUID. */
  readonly id: string
  readonly clientId: string
  readonly entity: string
  /** As it was when the entity enrolled. */
  readonly entityName: string
  readonly createdBy: Creator
  /** Epoch seconds. */
  readonly createdAt: number
  readonly integrationTitle: string
  readonly integrationType: string | undefined
}

/** Which enrollments: those of an integration, or those of an entity; exactly one of both. */
export interface EnrollmentQuery {
  readonly clientId?: string | undefined
  readonly entity?: string | undefined
  /** Part of the title of the integration, in any case. */
  readonly title?: string | undefined
  /** Part of the name of the entity, in any case. */
  readonly entityName?: string | undefined
  /** From 1. @defaultValue 1 */
  readonly pageNumber?: number | undefined
  /** 1 to 100. @defaultValue 10 */
  readonly pageSize?: number | undefined
}

/** A page of enrollments in the order of ids: those of the entities, or those of the integrations of one entity. */
export interface EnrollmentPage {
  readonly enrollments: readonly Enrollment[]
  readonly pageNumber: number
  readonly pageSize: number
  readonly pageCount: number
  readonly totalCount: number
  /** The types of all integrations on all pages. */
  readonly types: readonly string[]
}
