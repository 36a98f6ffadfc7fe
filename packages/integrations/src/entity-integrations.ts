import type { Auth } from '@countersign/core'
import { type AccountContext, admit, audited, findIntegration, findUntilRemoved, foreignTo, managed } from './accounts/account-context.js'
import { removeWhole } from './accounts/account-records.js'
import type { Actor } from './accounts/creator.js'
import type { Integration, NewCredential } from './integration.js'
import type { IntegrationClients } from './integration-clients.js'
import { createIntegrationViews, type IntegrationViews } from './integration-views.js'
import { type Done, failed } from './reason.js'

/** Integrations of entities. */
export interface EntityIntegrations<A extends Auth> extends IntegrationViews<A> {
  /** Makes an integration with its first credential. */
  readonly create: (
    actor: Actor<A>,
    wish: { readonly entity: string; readonly title: string; readonly type?: string | undefined },
  ) => Promise<Done<NewCredential & { readonly integration: Integration }>>
  /** Ends an integration with all its tokens, credentials and enrollments. One that failed half-way is done again. */
  readonly remove: (actor: Actor<A>, clientId: string) => Promise<Done>
}

/** What {@link createOwnIntegrations} needs beside the context. */
export interface OwnIntegrationsOptions<Settings extends object> {
  readonly clients: IntegrationClients<Settings>
  readonly settings: Settings | ((integration: Integration) => Settings | Promise<Settings>)
  readonly defaultType: string | undefined
  /** Whether a type has to be named. */
  readonly needsType: boolean
}

const removedAtOnce = 500

/** Ends an integration, in an order in which each step can be taken again. What leads to something goes first: nothing that ends is shown. */
async function end<A extends Auth>(
  context: AccountContext<A>,
  clients: Pick<IntegrationClients<object>, 'remove'>,
  clientId: string,
): Promise<void> {
  const { records } = context
  const kept = await records.integrations.get(clientId)
  if (kept === undefined) return
  const { record } = kept
  const isMarked = record.isBeingDeleted || (await records.integrations.replace(kept, { ...record, isBeingDeleted: true }))
  if (!isMarked) return end(context, clients, clientId)
  await clients.remove(clientId)
  const enrollments = records.enrollmentsOf(clientId)
  // Until none is left: one that is being made is seen here, or sees afterwards that the integration ends.
  const next = (): ReturnType<typeof enrollments.page> => enrollments.page({ offset: 0, limit: removedAtOnce })
  for (let left = await next(); left.length > 0; left = await next())
    await records.removeEnrollments(left.map(({ id }) => ({ entity: id, clientId })))
  await removeWhole(records.ownedBy(record.entity), clientId)
  await removeWhole(records.integrations, clientId)
}

/** Integrations over documents and the clients of a token endpoint. */
export function createOwnIntegrations<A extends Auth, Settings extends object>(
  context: AccountContext<A>,
  options: OwnIntegrationsOptions<Settings>,
): EntityIntegrations<A> {
  const { records } = context
  const { clients, settings, defaultType, needsType } = options
  const needed = needsType ? (['entity', 'title', 'type'] as const) : (['entity', 'title'] as const)

  async function settle(integration: Integration): Promise<Done<NewCredential & { readonly integration: Integration }>> {
    const { clientId, ...rest } = integration
    const { entity, title } = rest
    // Listed before it can do anything: a crash at any line leaves nothing that has a secret and is in no list.
    await records.ownedBy(entity).add(clientId, { v: 1 })
    if (!(await records.integrations.add(clientId, { v: 1, ...rest }))) throw new Error('the id of a client is taken')
    const allowed = typeof settings === 'function' ? await settings(integration) : settings
    const registered = await clients.register({ ...allowed, id: clientId, owner: entity, title, secret: false })
    if (!registered.ok) throw new Error('the id of a client is taken')
    if ((await findIntegration(context, clientId)) === undefined) {
      // Somebody saw it in the list and removed it, perhaps before there was a client.
      await clients.remove(clientId)
      return failed('unknown_integration')
    }
    const issued = await clients.addSecret(clientId, {})
    if (issued === undefined) return failed('unknown_integration')
    return { ok: true, clientId, credentialId: issued.id, secret: issued.secret, integration }
  }

  async function create(
    actor: Actor<A>,
    values: { readonly entity: string; readonly title: string; readonly type: string | undefined },
  ): Promise<Done<NewCredential & { readonly integration: Integration }>> {
    const { entity, title, type } = values
    const known = await admit(context, actor, { values: { entity, title, type }, required: needed })
    if (!known.ok) return known
    const foreign = await foreignTo(context, known, entity)
    if (foreign) return foreign
    if ((await context.entityName(entity)) === undefined) return failed('unknown_entity')
    const createdAt = Math.floor(context.now() / 1000)
    return settle({ clientId: context.uuid(), entity, title, type, createdBy: known.by, createdAt, isBeingDeleted: false })
  }

  return {
    ...createIntegrationViews(context, clients),
    create: (actor, { entity, title, type = defaultType }) =>
      audited({ action: 'create', by: actor, about: { entity } }, () => create(actor, { entity, title, type })),
    remove: (actor, clientId) =>
      audited({ action: 'remove', by: actor, about: { clientId } }, async () => {
        const found = await managed(context, actor, { values: { clientId }, required: ['clientId'] }, findUntilRemoved)
        if (!found.ok) return found
        await end(context, clients, clientId)
        return { ok: true }
      }),
  }
}
