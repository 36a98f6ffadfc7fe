import type { DocumentAddress, DocumentStore } from '@countersign/core'
import { type Collection, documentCollection, findMany, type Kept, removeMany } from './document-collection.js'
import {
  type EnrollmentPointer,
  type EnrollmentRecord,
  type IntegrationRecord,
  type PointerRecord,
  storedEnrollment,
  storedEnrollmentPointer,
  storedIntegration,
  storedPointer,
} from './stored-accounts.js'

/** Which integration for which entity. */
export interface EnrollmentAddress {
  readonly entity: string
  readonly clientId: string
}

/**
 * What is kept, and where. A pointer is written before that which it leads to, so that nothing can be there without being found. One that
 * leads nowhere is passed over, and removed by a list when its integration is gone, or when nobody can be about to write behind it.
 */
export interface AccountRecords {
  readonly integrations: Collection<IntegrationRecord>
  /** Enrollments of any integrations, in the order of the addresses. */
  findEnrollments(addresses: readonly EnrollmentAddress[]): Promise<readonly (Kept<EnrollmentRecord> | undefined)[]>
  /**
   * Removes up to 1,000 enrollments, each behind the pointer of its entity, unless somebody changes it meanwhile.
   * @returns whether all are gone
   */
  removeEnrollments(addresses: readonly EnrollmentAddress[]): Promise<boolean>
  /** Pointers to the integrations that an entity owns. */
  ownedBy(entity: string): Collection<PointerRecord>
  /** The enrollments of an integration. What is here is enrolled. */
  enrollmentsOf(clientId: string): Collection<EnrollmentRecord>
  /** Pointers to the integrations that an entity enrolled. */
  enrolledBy(entity: string): Collection<EnrollmentPointer>
}

const enrollmentsOf = (clientId: string): string => `enrollments:${clientId}`
const enrolledBy = (entity: string): string => `enrolled_by:${entity}`

/** Accounts as documents. */
export function accountRecords(store: DocumentStore): AccountRecords {
  const enrollmentAt = ({ entity, clientId }: EnrollmentAddress): DocumentAddress => ({ collection: enrollmentsOf(clientId), id: entity })
  const pointerAt = ({ entity, clientId }: EnrollmentAddress): DocumentAddress => ({ collection: enrolledBy(entity), id: clientId })

  /** Of each whether it is gone. */
  async function removeAll(addresses: readonly DocumentAddress[]): Promise<readonly boolean[]> {
    const kept = await findMany(store, addresses, storedPointer)
    const there = addresses.flatMap((address, at) => {
      const revision = kept[at]?.revision
      return revision === undefined ? [] : [{ ...address, revision, at }]
    })
    if (there.length === 0) return addresses.map(() => true)
    const removed = await removeMany(store, there)
    const left = new Set(there.filter((_, index) => removed[index] !== true).map(({ at }) => at))
    return addresses.map((_, at) => !left.has(at))
  }

  return {
    integrations: documentCollection(store, 'integrations', storedIntegration),
    findEnrollments: (addresses) => findMany(store, addresses.map(enrollmentAt), storedEnrollment),
    async removeEnrollments(addresses) {
      const isGone = await removeAll(addresses.map(pointerAt))
      // what leads to something goes first
      const gone = await removeAll(addresses.filter((_, at) => isGone[at]).map(enrollmentAt))
      return !isGone.includes(false) && !gone.includes(false)
    },
    ownedBy: (entity) => documentCollection(store, `integrations_of:${entity}`, storedPointer),
    enrollmentsOf: (clientId) => documentCollection(store, enrollmentsOf(clientId), storedEnrollment),
    enrolledBy: (entity) => documentCollection(store, enrolledBy(entity), storedEnrollmentPointer),
  }
}

/** Removes a record, even if another process changes it meanwhile. False if it did not exist. */
export async function removeWhole<R>(collection: Collection<R>, id: string): Promise<boolean> {
  const kept = await collection.get(id)
  if (kept === undefined) return false
  return (await collection.remove(kept)) || removeWhole(collection, id)
}
