import type { Auth } from '@countersign/core'
import { badge, emptyState, idOf, nameOf, timeOf } from '../../html/elements.js'
import { folded, form } from '../../html/forms.js'
import { type Html, html } from '../../html/html.js'
import type { ConsoleIntegrations, ShownEnrollment } from '../../screen/parts.js'
import type { Screen, Visit } from '../../screen/screen.js'
import { itemsPerPage, numberedPager, pageNumberOf } from '../list-pages.js'
import { refusedView } from './refused.js'

function row<A extends Auth>(visit: Visit<A>, entity: string, enrollment: ShownEnrollment): Html {
  const { clientId, integrationTitle, integrationType, createdAt } = enrollment
  const options = visit.formOf({
    path: '/integration/unenroll',
    about: { client: clientId, entity, list: 'entity' },
    button: 'Withdraw it',
    isDangerous: true,
  })
  const isOpen = visit.problem?.values('client') === clientId
  return html`<li><div class="what"><span class="title">${nameOf(integrationTitle)}</span> ${integrationType !== undefined && badge('plain', integrationType)}<br>${idOf(clientId)}</div>
<div class="more">since ${timeOf(createdAt)}</div>
${folded('Withdraw…', 'The next request of the integration for this entity is refused.', { ...options, problem: isOpen ? options.problem : undefined })}</li>`
}

/** The integrations that an entity has enrolled, its own and those of others. */
export function enrollmentsPage<A extends Auth>(integrations: ConsoleIntegrations<A>): Screen<A> {
  return {
    path: '/enrollments',
    audience: 'everybody',
    async show(visit) {
      const entity = visit.query('entity') ?? ''
      const title = visit.query('title')?.trim() || undefined
      const pageNumber = pageNumberOf(visit)
      const found = await integrations.enrollments(visit.actor, { entity, title, pageNumber, pageSize: itemsPerPage })
      if (!found.ok) return refusedView(found)
      const { pageCount, totalCount, enrollments } = found
      const at = (page: string): string => visit.link('/enrollments', { entity, title, page })
      const list =
        enrollments.length > 0
          ? html`<ul class="rows">${enrollments.map((one) => row(visit, entity, one))}</ul>`
          : emptyState('Nothing is enrolled', 'An integration acts for this entity only after the entity has enrolled it.')
      return {
        title: `Enrolled by ${entity}`,
        trail: [
          { path: '/entities', label: 'Entities' },
          { path: '/integrations', query: { entity }, label: entity },
        ],
        body: html`<section class="card"><h2>${totalCount === 1 ? '1 integration' : `${totalCount} integrations`}</h2>${list}${numberedPager(pageNumber, pageCount, at)}</section>
<section class="card"><h2>Enroll an integration</h2>${form(
          visit.formOf({
            path: '/integration/enroll',
            about: { entity },
            fields: [
              {
                name: 'client',
                label: 'Client id',
                hint: 'The vendor of the integration tells you this id.',
                isRequired: true,
                isMono: true,
                maxLength: 255,
              },
            ],
            button: 'Let it act for the entity',
          }),
        )}</section>`,
      }
    },
  }
}
