import type { Auth } from '@countersign/core'
import { type AccountContext, admit, findUntilRemoved, foreignTo, integrationOf, managed } from './accounts/account-context.js'
import type { Actor } from './accounts/creator.js'
import type { Integration, IntegrationPage, IntegrationQuery, IntegrationView } from './integration.js'
import type { IntegrationClients } from './integration-clients.js'
import { type Done, failed, type NotDone } from './reason.js'

/** What is shown of integrations. Nothing here has a secret. */
export interface IntegrationViews<A extends Auth> {
  /** All integrations of an entity, in the order of their making. */
  readonly list: (actor: Actor<A>, entity: string) => Promise<Done<{ readonly integrations: readonly IntegrationView[] }>>
  /** A part of them, in the order of the ids of their clients: for entities that have thousands. A title is looked for in all of them. */
  readonly page: (actor: Actor<A>, query: IntegrationQuery) => Promise<Done<IntegrationPage>>
  /** One integration. It is found until its removal is finished. */
  readonly find: (actor: Actor<A>, clientId: string) => Promise<Done<{ readonly integration: IntegrationView }>>
}

/** In the order of their making; the id decides between those of one second. */
function byAge(a: Integration, b: Integration): number {
  return a.createdAt - b.createdAt || (a.clientId < b.clientId ? -1 : 1)
}

/** Integrations with what their clients say. */
export function createIntegrationViews<A extends Auth>(
  context: AccountContext<A>,
  clients: Pick<IntegrationClients<object>, 'findMany'>,
): IntegrationViews<A> {
  const { records } = context

  async function viewsOf(integrations: readonly Integration[]): Promise<readonly IntegrationView[]> {
    const found = await clients.findMany(integrations.map(({ clientId }) => clientId))
    return integrations.map((integration, at) => {
      const credentials = (found[at]?.secrets ?? []).map(({ id, title, createdAt, lastUsedAt }) => ({ id, title, createdAt, lastUsedAt }))
      return { ...integration, isLocked: found[at]?.isLocked === true, credentials }
    })
  }

  async function integrationsOf(ids: readonly string[]): Promise<readonly Integration[]> {
    const found = await records.integrations.getMany(ids)
    return ids.flatMap((id) => {
      const kept = found.get(id)
      return kept ? [integrationOf(id, kept.record)] : []
    })
  }

  async function allOf(entity: string): Promise<readonly Integration[]> {
    const pointers = await records.ownedBy(entity).all()
    return (await integrationsOf(pointers.map(({ id }) => id))).toSorted(byAge)
  }

  /** Undefined if the actor may see the integrations of the entity. */
  async function refusal(actor: Actor<A>, { entity, ...others }: IntegrationQuery): Promise<NotDone | undefined> {
    const known = await admit(context, actor, { values: { entity, ...others }, required: ['entity'] })
    return known.ok ? foreignTo(context, known, entity) : known
  }

  async function partOf(entity: string, offset: number, limit: number): Promise<Pick<IntegrationPage, 'integrations' | 'totalCount'>> {
    const owned = records.ownedBy(entity)
    const [{ total }, pointers] = await Promise.all([owned.count(), owned.page({ offset, limit })])
    return { integrations: await viewsOf(await integrationsOf(pointers.map(({ id }) => id))), totalCount: total }
  }

  async function searched(
    { entity, title = '' }: IntegrationQuery,
    offset: number,
    limit: number,
  ): Promise<Pick<IntegrationPage, 'integrations' | 'totalCount'>> {
    const part = title.trim().toLowerCase()
    const all = (await allOf(entity)).filter((one) => one.title.toLowerCase().includes(part))
    return { integrations: await viewsOf(all.slice(offset, offset + limit)), totalCount: all.length }
  }

  return {
    async list(actor, entity) {
      return (await refusal(actor, { entity })) ?? { ok: true, integrations: await viewsOf(await allOf(entity)) }
    },
    async page(actor, query) {
      const refused = await refusal(actor, query)
      if (refused) return refused
      const { pageNumber = 1, pageSize = 10 } = query
      const offset = (pageNumber - 1) * pageSize
      const found = await (query.title === undefined ? partOf(query.entity, offset, pageSize) : searched(query, offset, pageSize))
      return { ok: true, ...found, pageNumber, pageSize, pageCount: Math.ceil(found.totalCount / pageSize) }
    },
    async find(actor, clientId) {
      const found = await managed(context, actor, { values: { clientId }, required: ['clientId'] }, findUntilRemoved)
      if (!found.ok) return found
      const [integration] = await viewsOf([found.integration])
      return integration === undefined ? failed('unknown_integration') : { ok: true, integration }
    },
  }
}
