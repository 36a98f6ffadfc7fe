import { mapConcurrently, type Now } from '@countersign/core'
import type { AccountRecords, EnrollmentAddress, EnrollmentPointer, EnrollmentRecord, IntegrationRecord } from './account-records.js'
import type { Kept } from './document-collection.js'

/** An enrollment of an entity, with what is shown of its integration. */
export interface SettledEnrollment {
  readonly clientId: string
  readonly enrollment: EnrollmentRecord
  readonly title: string
  readonly type?: string | undefined
}

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

type Pointer = Kept<EnrollmentPointer>

/** What became of the pointers that were not settled. */
interface Looked {
  /** Lead nowhere, and are still there. */
  readonly nowhere: ReadonlySet<string>
  /** Lead to an enrollment, and could not be settled at once. */
  readonly unsettled: ReadonlyMap<string, SettledEnrollment>
}

const openGroup = 'open'
const untypedGroup = 'untyped'
const typePrefix = 'type '
/** Longer than any enrolling takes: then nobody is about to write behind an open pointer. */
const openSeconds = 3600
const writesAtOnce = 32
/** A list settles no more than this, so that the first one after an update of many is not held up. The next list goes on. */
const maxSettled = 1_000
/** How often a page is read again because the list and the enrollments differed. */
const attempts = 3

const groupOf = (type: string | undefined): string => (type === undefined ? untypedGroup : typePrefix + type)
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Pointers of entities over documents. */
export function createEnrolledIntegrations(records: AccountRecords, now: Now): EnrolledIntegrations {
  const nowSeconds = (): number => Math.floor(now() / 1000)
  const opened = (): EnrollmentPointer => ({ v: 1, at: nowSeconds() })

  async function open({ entity, clientId }: EnrollmentAddress): Promise<void> {
    const pointers = records.enrolledBy(entity)
    const kept = await pointers.get(clientId)
    // Always a new revision: who read an older one must not settle it.
    const isOpen = kept ? await pointers.replace(kept, opened(), openGroup) : await pointers.add(clientId, opened(), openGroup)
    if (!isOpen) await open({ entity, clientId })
  }

  function settleAt(entity: string, pointer: Pointer, { enrollment, title, type }: Omit<SettledEnrollment, 'clientId'>): Promise<boolean> {
    return records.enrolledBy(entity).replace(pointer, { v: 1, settled: { enrollment, title, type } }, groupOf(type))
  }

  /** Of each pointer, what it leads to. The pointers were read before, so that what is withdrawn meanwhile has opened them again. */
  async function lookUp(
    entity: string,
    pointers: readonly Pointer[],
  ): Promise<readonly { readonly pointer: Pointer; readonly integration?: IntegrationRecord; readonly enrollment?: EnrollmentRecord }[]> {
    const [integrations, enrollments] = await Promise.all([
      records.integrations.getMany(pointers.map(({ id }) => id)),
      records.findEnrollments(pointers.map(({ id }) => ({ entity, clientId: id }))),
    ])
    return pointers.map((pointer, at) => {
      const [integration, enrollment] = [integrations.get(pointer.id)?.record, enrollments[at]?.record]
      return { pointer, ...(integration && { integration }), ...(enrollment && { enrollment }) }
    })
  }

  /** Settles what is open, and removes what leads nowhere for good. */
  async function look(entity: string, pointers: readonly Pointer[]): Promise<Looked> {
    const collection = records.enrolledBy(entity)
    const nowhere = new Set<string>()
    const unsettled = new Map<string, SettledEnrollment>()
    const found = await lookUp(entity, pointers)
    const gone = found.filter(({ integration }) => integration === undefined).map(({ pointer }) => ({ entity, clientId: pointer.id }))
    for (const { clientId } of gone) nowhere.add(clientId)
    // ids of clients are never given twice
    for (let from = 0; from < gone.length; from += maxSettled)
      if (await records.removeEnrollments(gone.slice(from, from + maxSettled)))
        for (const { clientId } of gone.slice(from, from + maxSettled)) nowhere.delete(clientId)
    const writes: (() => Promise<void>)[] = []
    for (const { pointer, integration, enrollment } of found) {
      if (integration === undefined) continue
      const { id, record } = pointer
      if (integration.isEnding || enrollment === undefined) {
        nowhere.add(id)
        const isOver = record.at !== undefined && record.at < nowSeconds() - openSeconds
        if (!integration.isEnding && isOver) writes.push(async () => void ((await collection.remove(pointer)) && nowhere.delete(id)))
        else if (record.at === undefined) writes.push(async () => void (await collection.replace(pointer, opened(), openGroup)))
      } else {
        const settled = { clientId: id, enrollment, title: integration.title, type: integration.type }
        unsettled.set(id, settled)
        writes.push(async () => void ((await settleAt(entity, pointer, settled)) && unsettled.delete(id)))
      }
    }
    await mapConcurrently(writes.slice(0, maxSettled), writesAtOnce, (write) => write())
    return { nowhere, unsettled }
  }

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
    const wrong = (await lookUp(entity, [...pointers.values()])).filter(
      ({ integration, enrollment, pointer }) => pointer.record.settled && (integration?.isEnding !== false || enrollment === undefined),
    )
    await mapConcurrently(wrong, writesAtOnce, ({ pointer }) => records.enrolledBy(entity).replace(pointer, opened(), openGroup))
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
      open.length === 0 ? { nowhere: new Set<string>(), unsettled: new Map<string, SettledEnrollment>() } : await look(entity, open)
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
    open,
    async settle({ entity, clientId }, { title, type }) {
      const pointer = await records.enrolledBy(entity).get(clientId)
      const [enrollment] = await records.findEnrollments([{ entity, clientId }])
      // If somebody else changed it meanwhile, it is open for them.
      if (pointer && enrollment) await settleAt(entity, pointer, { enrollment: enrollment.record, title, type })
    },
    page: (entity, at) => page(entity, at),
    async all(entity) {
      const open = await notSettled(entity)
      const looked = await look(entity, open)
      return (await records.enrolledBy(entity).all()).flatMap((pointer) => settledOf(pointer, looked) ?? [])
    },
  }
}
