import type { DocumentStore } from '@countersign/core'
import type { Creator } from './creator.js'
import { type Collection, documentCollection } from './document-collection.js'

/** An integration as it is kept, under the id of its client. */
export interface IntegrationRecord {
  readonly v: 1
  readonly entity: string
  readonly title: string
  readonly type: string | undefined
  readonly createdBy: Creator
  readonly createdAt: number
  /** Its removal has begun, and may have to be tried again. */
  readonly isEnding: boolean
}

/** An enrollment as it is kept, under the id of its entity. */
export interface EnrollmentRecord {
  readonly v: 1
  readonly id: string
  readonly entityName: string
  readonly createdBy: Creator
  readonly createdAt: number
}

/** Says that there may be something, under the id of a client. */
interface PointerRecord {
  readonly v: 1
}

/**
 * What is kept, and where. A pointer is written before that which it leads to, and removed only with an integration that has lost
 * its client, so that nothing can be there without being found; one that leads nowhere is passed over, and removed by a list when
 * its integration is gone.
 */
export interface AccountRecords {
  readonly integrations: Collection<IntegrationRecord>
  /** Pointers to the integrations that an entity owns. */
  ownedBy(entity: string): Collection<PointerRecord>
  /** The enrollments of an integration. What is here is enrolled. */
  enrollmentsOf(clientId: string): Collection<EnrollmentRecord>
  /** Pointers to the integrations that an entity enrolled at some time. */
  enrolledBy(entity: string): Collection<PointerRecord>
}

/** Accounts as documents. */
export function accountRecords(store: DocumentStore): AccountRecords {
  return {
    integrations: documentCollection(store, 'integrations'),
    ownedBy: (entity) => documentCollection(store, `integrations_of:${entity}`),
    enrollmentsOf: (clientId) => documentCollection(store, `enrollments:${clientId}`),
    enrolledBy: (entity) => documentCollection(store, `enrolled_by:${entity}`),
  }
}

/** Removes something, whoever else changes it meanwhile. False if it was not there. */
export async function removeWhole<R>(collection: Collection<R>, id: string): Promise<boolean> {
  const kept = await collection.get(id)
  if (kept === undefined) return false
  return (await collection.remove(kept)) || removeWhole(collection, id)
}
