import type { Now } from '@countersign/core'
import type { AccountRecords, EnrollmentAddress } from '../accounts/account-records.js'
import type { IntegrationRecord } from '../accounts/stored-accounts.js'
import {
  createEnrollmentPointers,
  groupOf,
  type Looked,
  openGroup,
  type Pointer,
  type SettledEnrollment,
  typePrefix,
} from './enrollment-pointers.js'

/** The integrations that entities enrolled: a list that is kept beside the enrollments, and is checked against them. */
export interface EnrolledIntegrations {
  /** Before an enrollment is made, and before and after one is withdrawn: from now on the enrollment itself is asked. */
  open(address: EnrollmentAddress): Promise<void>
  /** After it was made. Nothing depends on it: a list settles what is open. */
  settle(address: EnrollmentAddress, integration: Pick<IntegrationRecord, 'title' | 'type'>): Promise<void>
  /** A page in the order of the ids of the clients. */
  page(
    entity: string,
    at: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly found: readonly SettledEnrollment[]; readonly total: number; readonly types: readonly string[] }>
  /** All of them, in the same order. */
  all(entity: string): Promise<readonly SettledEnrollment[]>
}

/** How often a page is read again because the list and the enrollments differed. */
const attempts = 3

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The lists of entities over documents. */
export function createEnrolledIntegrations(records: AccountRecords, now: Now): EnrolledIntegrations {
  const pointersOf = createEnrollmentPointers(records, now)

  /** Pointers that are not settled. There are few, except after an update from a release that settled none. */
  async function notSettled(entity: string): Promise<readonly Pointer[]> {
    const collection = records.enrolledBy(entity)
    const { total, groups } = await collection.count()
    const grouped = groups.reduce((sum, { count }) => sum + count, 0)
    if (grouped < total) return (await collection.all()).filter(({ record }) => record.settled === undefined)
    return groups.some(({ group }) => group === openGroup) ? collection.all(openGroup) : []
  }

  const settledOf = ({ id, record }: Pointer, { unsettled }: Looked): SettledEnrollment | undefined =>
    record.settled ? { clientId: id, ...record.settled } : unsettled.get(id)

  /** Opens those that are listed and not enrolled any more: a process ended before it did, or runs an earlier release. */
  async function reopened(entity: string, found: readonly SettledEnrollment[]): Promise<ReadonlySet<string>> {
    const pointers = await records.enrolledBy(entity).getMany(found.map(({ clientId }) => clientId))
    const wrong = (await pointersOf.lookUp(entity, [...pointers.values()])).filter(
      ({ integration, enrollment, pointer }) =>
        pointer.record.settled && (integration?.isBeingDeleted !== false || enrollment === undefined),
    )
    await pointersOf.reopen(
      entity,
      wrong.map(({ pointer }) => pointer),
    )
    const gone = found.filter(({ clientId }) => !pointers.has(clientId)).map(({ clientId }) => clientId)
    return new Set([...wrong.map(({ pointer }) => pointer.id), ...gone])
  }

  async function page(
    entity: string,
    at: { readonly offset: number; readonly limit: number },
    left = attempts,
  ): ReturnType<EnrolledIntegrations['page']> {
    const collection = records.enrolledBy(entity)
    const open = await notSettled(entity)
    const looked =
      open.length === 0
        ? { nowhere: new Set<string>(), unsettled: new Map<string, SettledEnrollment>() }
        : await pointersOf.look(entity, open)
    const { nowhere, unsettled } = looked
    const [{ total, groups }, kept] = await Promise.all([
      collection.count(),
      collection.page({ offset: at.offset, limit: at.limit + nowhere.size }),
    ])
    // The place counts those that lead nowhere, too: as many as stand before it are passed over behind it.
    const [first] = kept
    const passed = first === undefined ? 0 : [...nowhere].filter((id) => byBytes(id, first.id) < 0).length
    const live = kept.filter(({ id }) => !nowhere.has(id)).slice(passed, passed + at.limit)
    const found = live.flatMap((pointer) => settledOf(pointer, looked) ?? [])
    const wrong = await reopened(entity, found)
    if (wrong.size > 0 && left > 1) return page(entity, at, left - 1)
    const types = [...groups.map(({ group }) => group), ...[...unsettled.values()].map(({ type }) => groupOf(type))]
    return {
      found: found.filter(({ clientId }) => !wrong.has(clientId)),
      total: total - nowhere.size,
      types: [...new Set(types)]
        .filter((group) => group.startsWith(typePrefix))
        .map((group) => group.slice(typePrefix.length))
        .sort(),
    }
  }

  return {
    open: pointersOf.open,
    async settle({ entity, clientId }, { title, type }) {
      const pointer = await records.enrolledBy(entity).get(clientId)
      const [enrollment] = await records.findEnrollments([{ entity, clientId }])
      // If somebody else changed it meanwhile, it is open for them.
      if (pointer && enrollment) await pointersOf.settle(entity, pointer, { enrollment: enrollment.record, title, type })
    },
    page: (entity, at) => page(entity, at),
    async all(entity) {
      const open = await notSettled(entity)
      const looked = await pointersOf.look(entity, open)
      return (await records.enrolledBy(entity).all()).flatMap((pointer) => settledOf(pointer, looked) ?? [])
    },
  }
}
