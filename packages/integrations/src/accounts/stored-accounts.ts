import { type RecordCodec, recordCodec } from '@countersign/core'
import type { Creator } from './creator.js'

/** An integration as it is kept, under the id of its client. */
export interface IntegrationRecord {
  readonly v: 1
  readonly entity: string
  readonly title: string
  readonly type: string | undefined
  readonly createdBy: Creator
  readonly createdAt: number
  /** Its removal has begun, and may have to be tried again. */
  readonly isBeingDeleted: boolean
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
export interface PointerRecord {
  readonly v: 1
}

/**
 * Leads an entity to an enrollment, under the id of a client. It is *open* while the enrollment is made or withdrawn, and *settled*, with what is shown
 * of the enrollment, afterwards. An open one says nothing: whether there is an enrollment is looked up. A release that settles none writes `v` alone.
 */
export interface EnrollmentPointer extends PointerRecord {
  /** When it was opened, in epoch seconds. */
  readonly at?: number
  readonly settled?: {
    readonly enrollment: EnrollmentRecord
    readonly title: string
    readonly type?: string | undefined
  }
}

// Stored names never change, also when a member gets another name.

const storedCreator: RecordCodec<Creator> = recordCodec({ issuer: 'issuer', subject: 'subject', operator: 'operator' })

export const storedIntegration: RecordCodec<IntegrationRecord> = recordCodec({
  v: 'v',
  entity: 'entity',
  title: 'title',
  type: 'type',
  createdBy: ['createdBy', storedCreator],
  createdAt: 'createdAt',
  isBeingDeleted: 'isEnding',
})

export const storedEnrollment: RecordCodec<EnrollmentRecord> = recordCodec({
  v: 'v',
  id: 'id',
  entityName: 'entityName',
  createdBy: ['createdBy', storedCreator],
  createdAt: 'createdAt',
})

export const storedPointer: RecordCodec<PointerRecord> = recordCodec({ v: 'v' })

const storedSettled: RecordCodec<NonNullable<EnrollmentPointer['settled']>> = recordCodec({
  enrollment: ['enrollment', storedEnrollment],
  title: 'title',
  type: 'type',
})

export const storedEnrollmentPointer: RecordCodec<EnrollmentPointer> = recordCodec({
  v: 'v',
  at: 'at',
  settled: ['settled', storedSettled],
})
