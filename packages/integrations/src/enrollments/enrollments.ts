import type { Auth } from '@countersign/core'
import { type AccountContext, admit, audited, findIntegration, foreignTo } from '../accounts/account-context.js'
import { type EnrollmentAddress, removeWhole } from '../accounts/account-records.js'
import type { Known } from '../accounts/actor.js'
import type { Actor } from '../accounts/creator.js'
import type { EnrollmentRecord } from '../accounts/stored-accounts.js'
import type { Enrollment, EnrollmentPage, EnrollmentQuery, Integration } from '../integration.js'
import type { EnrollmentWish } from '../policies.js'
import { type Done, failed, type NotDone } from '../reason.js'
import { createEnrolledIntegrations } from './enrolled-integrations.js'
import type { SettledEnrollment } from './enrollment-pointers.js'

/** Enrollments: an entity lets an integration act for it. */
export interface Enrollments<A extends Auth> {
  /** `isNew` is false, and the enrollment the one from before, where there is one already. */
  readonly enroll: (
    actor: Actor<A>,
    which: EnrollmentAddress,
  ) => Promise<Done<{ readonly enrollment: Enrollment; readonly isNew: boolean }>>
  /** Requests after it are refused. */
  readonly unenroll: (actor: Actor<A>, which: EnrollmentAddress) => Promise<Done>
  /** For who acts for the integration's owner, or for the entity; those of an integration for itself, too. */
  readonly enrollments: (actor: Actor<A>, query: EnrollmentQuery) => Promise<Done<EnrollmentPage>>
}

const required = ['entity', 'clientId'] as const

function enrollmentOf(entity: string, record: EnrollmentRecord, integration: Pick<Integration, 'clientId' | 'title' | 'type'>): Enrollment {
  const { id, entityName, createdBy, createdAt } = record
  const { clientId, title: integrationTitle, type: integrationType } = integration
  return { id, clientId, entity, entityName, createdBy, createdAt, integrationTitle, integrationType }
}

function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.toLowerCase().includes(part.trim().toLowerCase())
}

/** Where a page is. */
interface Place {
  readonly pageNumber: number
  readonly pageSize: number
  readonly offset: number
}

function placeOf({ pageNumber = 1, pageSize = 10 }: EnrollmentQuery): Place {
  return { pageNumber, pageSize, offset: (pageNumber - 1) * pageSize }
}

function pageOf(
  { pageNumber, pageSize }: Place,
  { enrollments, totalCount, types }: Pick<EnrollmentPage, 'enrollments' | 'totalCount' | 'types'>,
): EnrollmentPage {
  return { enrollments, pageNumber, pageSize, pageCount: Math.ceil(totalCount / pageSize), totalCount, types }
}

/** The page of what was searched: texts within names have no index. */
function searched(found: readonly Enrollment[], { title, entityName }: EnrollmentQuery, place: Place): EnrollmentPage {
  const all = found.filter((one) => contains(one.integrationTitle, title) && contains(one.entityName, entityName))
  const types = [...new Set(all.map(({ integrationType }) => integrationType))].filter((type) => type !== undefined).sort()
  return pageOf(place, { enrollments: all.slice(place.offset, place.offset + place.pageSize), totalCount: all.length, types })
}

/** An integration may know for whom it acts: its own token is enough for that, and for nothing else. */
function asItself<A extends Auth>(context: AccountContext<A>, actor: A): AccountContext<A> {
  const by = { issuer: actor.issuer, subject: actor.subject ?? '' }
  return { ...context, judge: async () => ({ ok: true, by, auth: undefined }) }
}

/** Enrollments over documents. */
export function createEnrollments<A extends Auth>(context: AccountContext<A>): Enrollments<A> {
  const { records, policies } = context
  const enrolledIntegrations = createEnrolledIntegrations(records, context.now)

  async function refusedBy(known: Known<A>, wish: EnrollmentWish): Promise<NotDone | undefined> {
    const isAllowed = known.auth === undefined || (await policies.mayEnroll(known.auth, wish)) === true
    return isAllowed ? undefined : failed('foreign_entity')
  }

  /** The record that exists now, also if another request made it first. */
  async function keep(
    { entity, clientId }: EnrollmentAddress,
    record: EnrollmentRecord,
  ): Promise<{ readonly record: EnrollmentRecord; readonly isNew: boolean }> {
    const enrollments = records.enrollmentsOf(clientId)
    if (await enrollments.add(entity, record)) return { record, isNew: true }
    const before = await enrollments.get(entity)
    return before ? { record: before.record, isNew: false } : keep({ entity, clientId }, record)
  }

  async function enrolled(
    which: EnrollmentAddress,
    integration: Integration,
    record: EnrollmentRecord,
  ): Promise<Done<{ readonly enrollment: Enrollment; readonly isNew: boolean }>> {
    const { entity, clientId } = which
    await enrolledIntegrations.open(which)
    const { record: kept, isNew } = await keep(which, record)
    if ((await findIntegration(context, clientId)) === undefined) {
      // It was removed meanwhile, and its removal may have passed by here already.
      await removeWhole(records.enrollmentsOf(clientId), entity)
      await removeWhole(records.enrolledBy(entity), clientId)
      return failed('unknown_integration')
    }
    // The enrollment is made. What is not settled now is settled by a list.
    await enrolledIntegrations.settle(which, integration).catch(() => undefined)
    return { ok: true, enrollment: enrollmentOf(entity, kept, integration), isNew }
  }

  async function ofIntegration(known: Known<A>, clientId: string, query: EnrollmentQuery): Promise<Done<EnrollmentPage>> {
    const integration = await findIntegration(context, clientId)
    if (integration === undefined) return failed('unknown_integration')
    const foreign = await foreignTo(context, known, integration.entity)
    if (foreign) return foreign
    const kept = records.enrollmentsOf(clientId)
    const place = placeOf(query)
    const viewOf = ({ id, record }: { readonly id: string; readonly record: EnrollmentRecord }): Enrollment =>
      enrollmentOf(id, record, integration)
    if (query.title !== undefined || query.entityName !== undefined) {
      const found = contains(integration.title, query.title) ? await kept.all() : []
      return { ok: true, ...searched(found.map(viewOf), query, place) }
    }
    const [{ total }, found] = await Promise.all([kept.count(), kept.page({ offset: place.offset, limit: place.pageSize })])
    const types = total > 0 && integration.type !== undefined ? [integration.type] : []
    return { ok: true, ...pageOf(place, { enrollments: found.map(viewOf), totalCount: total, types }) }
  }

  async function ofEntity(known: Known<A>, entity: string, query: EnrollmentQuery): Promise<Done<EnrollmentPage>> {
    const foreign = await foreignTo(context, known, entity)
    if (foreign) return foreign
    const place = placeOf(query)
    const viewOf = ({ clientId, enrollment, title, type }: SettledEnrollment): Enrollment =>
      enrollmentOf(entity, enrollment, { clientId, title, type })
    if (query.title !== undefined || query.entityName !== undefined)
      return { ok: true, ...searched((await enrolledIntegrations.all(entity)).map(viewOf), query, place) }
    const { found, total, types } = await enrolledIntegrations.page(entity, { offset: place.offset, limit: place.pageSize })
    return { ok: true, ...pageOf(place, { enrollments: found.map(viewOf), totalCount: total, types }) }
  }

  return {
    enroll: (actor, { entity, clientId }) =>
      audited({ action: 'enroll', by: actor, about: { entity, clientId } }, async () => {
        const known = await admit(context, actor, { values: { entity, clientId }, required })
        if (!known.ok) return known
        const integration = await findIntegration(context, clientId)
        if (integration === undefined) return failed('unknown_integration')
        const refused = await refusedBy(known, { entity, integration, action: 'enroll' })
        if (refused) return refused
        const entityName = await context.entityName(entity)
        if (entityName === undefined) return failed('unknown_entity')
        const createdAt = Math.floor(context.now() / 1000)
        return enrolled({ entity, clientId }, integration, { v: 1, id: context.uuid(), entityName, createdBy: known.by, createdAt })
      }),
    unenroll: (actor, { entity, clientId }) =>
      audited({ action: 'unenroll', by: actor, about: { entity, clientId } }, async () => {
        const known = await admit(context, actor, { values: { entity, clientId }, required })
        if (!known.ok) return known
        const integration = await findIntegration(context, clientId)
        if (integration === undefined) return failed('unknown_integration')
        const refused = await refusedBy(known, { entity, integration, action: 'unenroll' })
        if (refused) return refused
        if ((await records.enrollmentsOf(clientId).get(entity)) === undefined) return failed('unknown_enrollment')
        // The pointer stays: removed here, it could be missing for an enrollment that is made at this moment.
        await enrolledIntegrations.open({ entity, clientId })
        const isWithdrawn = await removeWhole(records.enrollmentsOf(clientId), entity)
        // Again: it may have been settled just before the enrollment was removed.
        await enrolledIntegrations.open({ entity, clientId })
        return isWithdrawn ? { ok: true } : failed('unknown_enrollment')
      }),
    async enrollments(actor, query) {
      const { clientId, entity, title, entityName, pageNumber, pageSize } = query
      const values = { clientId, entity, title, entityName, pageNumber, pageSize }
      const reader = entity === undefined && context.isItself(actor, clientId) ? asItself(context, actor) : context
      const known = await admit(reader, actor, { values, required: [entity === undefined ? 'clientId' : 'entity'] })
      if (!known.ok) return known
      if (clientId !== undefined && entity !== undefined) throw new TypeError('enrollments: clientId or entity must be given, got both')
      return clientId === undefined ? ofEntity(known, entity ?? '', query) : ofIntegration(known, clientId, query)
    },
  }
}
