import { mapConcurrently, type Now } from '@countersign/core'
import type { AccountRecords, EnrollmentAddress } from '../accounts/account-records.js'
import type { Kept } from '../accounts/document-collection.js'
import type { EnrollmentPointer, EnrollmentRecord, IntegrationRecord } from '../accounts/stored-accounts.js'

/** An enrollment of an entity, with what is shown of its integration. */
export interface SettledEnrollment {
  readonly clientId: string
  readonly enrollment: EnrollmentRecord
  readonly title: string
  readonly type?: string | undefined
}

/** A pointer with its revision. */
export type Pointer = Kept<EnrollmentPointer>

/** What became of the pointers that were not settled. */
export interface Looked {
  /** Lead nowhere, and are still there. */
  readonly nowhere: ReadonlySet<string>
  /** Lead to an enrollment, and could not be settled at once. */
  readonly unsettled: ReadonlyMap<string, SettledEnrollment>
}

export const openGroup = 'open'
const untypedGroup = 'untyped'
export const typePrefix = 'type '
/** Longer than any enrolling takes: then nobody is about to write behind an open pointer. */
const openSeconds = 3600
const writesAtOnce = 32
/** A list settles no more than this, so that the first one after an update of many is not held up. The next list goes on. */
const maxSettled = 1_000

export const groupOf = (type: string | undefined): string => (type === undefined ? untypedGroup : typePrefix + type)

/** What a pointer leads to. */
interface LookedUp {
  readonly pointer: Pointer
  readonly integration?: IntegrationRecord
  readonly enrollment?: EnrollmentRecord
}

/** Steps on the pointers of entities. */
export interface EnrollmentPointers {
  open(address: EnrollmentAddress): Promise<void>
  /** Opens those at the revision at which they were read. */
  reopen(entity: string, pointers: readonly Pointer[]): Promise<void>
  /** False if somebody else changed it since it was read. */
  settle(entity: string, pointer: Pointer, enrollment: Omit<SettledEnrollment, 'clientId'>): Promise<boolean>
  /** Of each pointer, what it leads to. The pointers were read before, so that what is withdrawn meanwhile has opened them again. */
  lookUp(entity: string, pointers: readonly Pointer[]): Promise<readonly LookedUp[]>
  /** Settles what is open, and removes what leads nowhere for good. */
  look(entity: string, pointers: readonly Pointer[]): Promise<Looked>
}

/** Pointers of entities over documents. */
export function createEnrollmentPointers(records: AccountRecords, now: Now): EnrollmentPointers {
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

  async function lookUp(entity: string, pointers: readonly Pointer[]): Promise<readonly LookedUp[]> {
    const [integrations, enrollments] = await Promise.all([
      records.integrations.getMany(pointers.map(({ id }) => id)),
      records.findEnrollments(pointers.map(({ id }) => ({ entity, clientId: id }))),
    ])
    return pointers.map((pointer, at) => {
      const [integration, enrollment] = [integrations.get(pointer.id)?.record, enrollments[at]?.record]
      return { pointer, ...(integration && { integration }), ...(enrollment && { enrollment }) }
    })
  }

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
      if (integration.isBeingDeleted || enrollment === undefined) {
        nowhere.add(id)
        const isOver = record.at !== undefined && record.at < nowSeconds() - openSeconds
        if (!integration.isBeingDeleted && isOver) writes.push(async () => void ((await collection.remove(pointer)) && nowhere.delete(id)))
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

  return {
    open,
    async reopen(entity, pointers) {
      await mapConcurrently(pointers, writesAtOnce, (pointer) => records.enrolledBy(entity).replace(pointer, opened(), openGroup))
    },
    settle: settleAt,
    lookUp,
    look,
  }
}
