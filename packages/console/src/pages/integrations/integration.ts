import type { Auth } from '@countersign/core'
import { badge, emptyState, facts, idOf, nameOf, timeOf } from '../../html/elements.js'
import { folded } from '../../html/forms.js'
import { type Html, html } from '../../html/html.js'
import type { ConsoleIntegrations, ShownCredential, ShownEnrollment, ShownIntegration } from '../../screen/parts.js'
import type { Screen, Visit } from '../../screen/screen.js'
import { itemsPerPage, numberedPager, pageNumberOf } from '../list-pages.js'
import { refusedView } from './refused.js'

function credentialRow<A extends Auth>(visit: Visit<A>, clientId: string, { id, title, createdAt, lastUsedAt }: ShownCredential): Html {
  const options = visit.formOf({
    path: '/integration/revoke-credential',
    about: { client: clientId, credential: id },
    button: 'Revoke it',
    isDangerous: true,
  })
  const isOpen = visit.problem?.values('credential') === id
  return html`<li><div class="what"><span class="title">${title === undefined ? 'Without a title' : nameOf(title)}</span><br>${idOf(id)}</div>
<div class="more">made ${timeOf(createdAt, 'at an unknown time')} · last use ${timeOf(lastUsedAt)}</div>
${folded('Revoke…', 'Programs that use this secret get no more tokens, and what they have ends at once.', { ...options, problem: isOpen ? options.problem : undefined })}</li>`
}

function credentials<A extends Auth>(visit: Visit<A>, { clientId, credentials: all }: ShownIntegration): Html {
  const list =
    all.length > 0
      ? html`<ul class="rows">${all.map((one) => credentialRow(visit, clientId, one))}</ul>`
      : emptyState('There are no credentials', 'The integration cannot get tokens until you add one.')
  const add = visit.formOf({
    path: '/integration/add-credential',
    about: { client: clientId },
    fields: [{ name: 'title', label: 'Title', hint: 'For instance the server that uses it.', maxLength: 200 }],
    button: 'Add it and show its secret',
  })
  return html`<section class="card"><h2>Credentials</h2>${list}
${folded('Add a credential…', 'Add the new one first, give it to the program, and then revoke the old one: nothing stops in between.', add)}</section>`
}

function enrollmentRow<A extends Auth>(visit: Visit<A>, { clientId, entity, entityName, createdAt }: ShownEnrollment): Html {
  const options = visit.formOf({
    path: '/integration/unenroll',
    about: { client: clientId, entity },
    button: 'Withdraw it',
    isDangerous: true,
  })
  return html`<li><div class="what"><span class="title">${nameOf(entityName)}</span> ${entityName !== entity && idOf(entity)}</div>
<div class="more">since ${timeOf(createdAt)}</div>${visit.user.role === 'operator' && folded('Withdraw…', 'Requests for this entity are refused from then on.', options)}</li>`
}

async function enrollments<A extends Auth>(visit: Visit<A>, integrations: ConsoleIntegrations<A>, clientId: string): Promise<Html> {
  const pageNumber = pageNumberOf(visit)
  const found = await integrations.enrollments(visit.actor, { clientId, pageNumber, pageSize: itemsPerPage })
  if (!found.ok) return html``
  const at = (page: string): string => visit.link('/integration', { client: clientId, page })
  const list =
    found.enrollments.length > 0
      ? html`<ul class="rows">${found.enrollments.map((one) => enrollmentRow(visit, one))}</ul>`
      : emptyState('No entity has enrolled it', 'An entity that enrolls the integration lets it act for the entity.')
  return html`<section class="card"><h2>Enrolled by ${found.totalCount === 1 ? '1 entity' : `${found.totalCount} entities`}</h2>${list}${numberedPager(pageNumber, found.pageCount, at)}</section>`
}

function removal<A extends Auth>(visit: Visit<A>, { clientId, title }: ShownIntegration): Html {
  const options = visit.formOf({
    path: '/integration/remove',
    about: { client: clientId },
    button: 'Delete the integration',
    isDangerous: true,
    phrase: title,
  })
  const text = 'Its tokens, refresh tokens, credentials and enrollments end at once.'
  return html`<section class="card">${folded('Delete the integration…', text, options)}</section>`
}

/** One integration with its credentials and enrollments. */
export function integrationPage<A extends Auth>(integrations: ConsoleIntegrations<A>): Screen<A> {
  return {
    path: '/integration',
    audience: 'everybody',
    async show(visit) {
      const found = await integrations.find(visit.actor, visit.query('client') ?? '')
      if (!found.ok) return refusedView(found)
      const { integration } = found
      const { clientId, entity, title, type, createdBy, createdAt, isLocked, isBeingDeleted } = integration
      const state = isBeingDeleted
        ? badge('warn', 'being deleted')
        : isLocked
          ? badge('bad', 'locked by an operator')
          : badge('good', 'live')
      return {
        title,
        trail: [
          { path: '/entities', label: 'Entities' },
          { path: '/integrations', query: { entity }, label: entity },
        ],
        body: html`<section class="card">${facts([
          ['State', state],
          ['Client id', idOf(clientId)],
          ...(type === undefined ? [] : [['Type', type] as const]),
          ['Entity', nameOf(entity)],
          ['Created', timeOf(createdAt)],
          ['Created by', nameOf('operator' in createdBy ? createdBy.operator : createdBy.subject)],
        ])}</section>
${isBeingDeleted ? html`<div class="notice warn"><p>Its deletion began and was not finished. Delete it again.</p></div>` : credentials(visit, integration)}
${!isBeingDeleted && (await enrollments(visit, integrations, clientId))}${removal(visit, integration)}`,
      }
    },
  }
}
