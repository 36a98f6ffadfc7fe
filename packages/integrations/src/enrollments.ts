import type { Auth } from '@countersign/core'
import { type AccountContext, admit, audited, findIntegration, foreignTo, integrationOf } from './account-context.js'
import { type EnrollmentRecord, removeWhole } from './account-records.js'
import type { Known } from './actor.js'
import type { Actor } from './creator.js'
import { type Done, type Failed, failed } from './fault.js'
import type { Enrollment, EnrollmentPage, EnrollmentQuery, Integration } from './integration.js'
import type { EnrollmentWish } from './policies.js'

/** Which integration for which entity. */
export interface EnrollmentAddress {
  readonly entity: string
  readonly clientId: string
}

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

function enrollmentOf(entity: string, record: EnrollmentRecord, integration: Integration): Enrollment {
  const { id, entityName, createdBy, createdAt } = record
  const { clientId, title: integrationTitle, type: integrationType } = integration
  return { id, clientId, entity, entityName, createdBy, createdAt, integrationTitle, integrationType }
}

/** By names, then by ids, in the order of code units: the same on every page. */
function byName(a: Enrollment, b: Enrollment): number {
  const keysOf = (one: Enrollment): readonly string[] => [one.entityName, one.integrationTitle, one.entity, one.clientId]
  const [left, right] = [keysOf(a), keysOf(b)]
  const at = left.findIndex((key, index) => key !== right[index])
  return at === -1 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1
}

function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.toLowerCase().includes(part.trim().toLowerCase())
}

function pageOf(found: readonly Enrollment[], query: EnrollmentQuery): EnrollmentPage {
  const { title, entityName, pageNumber = 1, pageSize = 10 } = query
  const all = found.filter((one) => contains(one.integrationTitle, title) && contains(one.entityName, entityName)).sort(byName)
  const types = [...new Set(all.map(({ integrationType }) => integrationType))].filter((type) => type !== undefined).sort()
  return {
    enrollments: all.slice((pageNumber - 1) * pageSize, pageNumber * pageSize),
    pageNumber,
    pageSize,
    pageCount: Math.ceil(all.length / pageSize),
    totalCount: all.length,
    types,
  }
}

/** Enrollments over documents. */
export function createEnrollments<A extends Auth>(context: AccountContext<A>): Enrollments<A> {
  const { records, policies } = context

  async function refusedBy(known: Known<A>, wish: EnrollmentWish): Promise<Failed | undefined> {
    const isAllowed = known.auth === undefined || (await policies.mayEnroll(known.auth, wish)) === true
    return isAllowed ? undefined : failed('foreign_entity')
  }

  /** What is there, whoever made it first. */
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
    await records.enrolledBy(entity).add(clientId, { v: 1 })
    const { record: kept, isNew } = await keep(which, record)
    if ((await findIntegration(context, clientId)) === undefined) {
      // It was removed meanwhile, and its removal may have passed by here already.
      await removeWhole(records.enrollmentsOf(clientId), entity)
      await removeWhole(records.enrolledBy(entity), clientId)
      return failed('unknown_integration')
    }
    return { ok: true, enrollment: enrollmentOf(entity, kept, integration), isNew }
  }

  async function ofIntegration(known: Known<A>, clientId: string): Promise<Done<{ readonly found: readonly Enrollment[] }>> {
    const integration = await findIntegration(context, clientId)
    if (integration === undefined) return failed('unknown_integration')
    const foreign = await foreignTo(context, known, integration.entity)
    if (foreign) return foreign
    const kept = await records.enrollmentsOf(clientId).all()
    return { ok: true, found: kept.map(({ id, record }) => enrollmentOf(id, record, integration)) }
  }

  /** What a pointer leads to. One to an integration that is gone is removed: ids are never given twice. */
  async function behind(entity: string, clientId: string): Promise<Enrollment | undefined> {
    const [owned, kept] = await Promise.all([records.integrations.get(clientId), records.enrollmentsOf(clientId).get(entity)])
    if (owned === undefined) {
      await removeWhole(records.enrollmentsOf(clientId), entity)
      await removeWhole(records.enrolledBy(entity), clientId)
      return undefined
    }
    if (owned.record.isEnding) return undefined
    return kept && enrollmentOf(entity, kept.record, integrationOf(clientId, owned.record))
  }

  async function ofEntity(known: Known<A>, entity: string): Promise<Done<{ readonly found: readonly Enrollment[] }>> {
    const foreign = await foreignTo(context, known, entity)
    if (foreign) return foreign
    const pointers = await records.enrolledBy(entity).all()
    const found = await Promise.all(pointers.map(({ id }) => behind(entity, id)))
    return { ok: true, found: found.filter((enrollment) => enrollment !== undefined) }
  }

  /** An integration may know for whom it acts: its own token is enough for that, and for nothing else. */
  const asItself = (actor: A): AccountContext<A> => ({
    ...context,
    judge: async () => ({ ok: true, by: { issuer: actor.issuer, subject: actor.subject ?? '' }, auth: undefined }),
  })

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
        // The pointer stays: removed here, it could be missing for an enrollment that is made at this moment.
        return (await removeWhole(records.enrollmentsOf(clientId), entity)) ? { ok: true } : failed('unknown_enrollment')
      }),
    async enrollments(actor, query) {
      const { clientId, entity, title, entityName, pageNumber, pageSize } = query
      const values = { clientId, entity, title, entityName, pageNumber, pageSize }
      const reader = entity === undefined && context.isItself(actor, clientId) ? asItself(actor) : context
      const known = await admit(reader, actor, { values, required: [entity === undefined ? 'clientId' : 'entity'] })
      if (!known.ok) return known
      if (clientId !== undefined && entity !== undefined) throw new TypeError('enrollments: of a client or of an entity, not of both')
      const found = clientId === undefined ? await ofEntity(known, entity ?? '') : await ofIntegration(known, clientId)
      return found.ok ? { ok: true, ...pageOf(found.found, query) } : found
    },
  }
}
