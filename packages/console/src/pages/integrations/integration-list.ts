import type { Auth } from '@countersign/core'
import { badge, emptyState, idOf, nameOf, timeOf } from '../../html/elements.js'
import { form } from '../../html/forms.js'
import { type Html, html } from '../../html/html.js'
import type { ConsoleIntegrations, ShownIntegration } from '../../screen/parts.js'
import type { Screen, Visit } from '../../screen/screen.js'
import { itemsPerPage, numberedPager, pageNumberOf } from '../list-pages.js'
import { refusedView } from './refused.js'

/** The fields of a new integration. */
function newIntegration<A extends Auth>(visit: Visit<A>, entity: string): Html {
  const types = visit.parts.integrationTypes
  return html`<section class="card"><h2>New integration</h2>
${form(
  visit.formOf({
    path: '/integrations/create',
    about: { entity },
    fields: [
      {
        name: 'title',
        label: 'Title',
        hint: 'What people call it, for instance the program and where it runs.',
        isRequired: true,
        maxLength: 200,
      },
      ...(types ? [{ name: 'type', label: 'Type', isRequired: true, choices: types }] : []),
    ],
    button: 'Create it and show its secret',
  }),
)}</section>`
}

function lastUse({ credentials }: ShownIntegration): number | undefined {
  const times = credentials.flatMap(({ lastUsedAt }) => lastUsedAt ?? [])
  return times.length === 0 ? undefined : Math.max(...times)
}

function row<A extends Auth>(visit: Visit<A>, integration: ShownIntegration): Html {
  const { clientId, title, type, isLocked, isBeingDeleted, credentials } = integration
  const count = credentials.length
  return html`<li><div class="what"><a href="${visit.link('/integration', { client: clientId })}">${nameOf(title)}</a>
${type !== undefined && badge('plain', type)}${isLocked && badge('bad', 'locked')}${isBeingDeleted && badge('warn', 'being deleted')}<br>${idOf(clientId)}</div>
<div class="more">${count === 1 ? '1 credential' : `${count} credentials`} · last use ${timeOf(lastUse(integration))}</div></li>`
}

/** Where all of them are on one page, people look for a title. Pages have the order of the store. */
function inOrder(integrations: readonly ShownIntegration[], pageCount: number): readonly ShownIntegration[] {
  return pageCount > 1 ? integrations : integrations.toSorted((a, b) => a.title.localeCompare(b.title, 'en') || a.createdAt - b.createdAt)
}

/** The integrations of an entity. */
export function integrationList<A extends Auth>(integrations: ConsoleIntegrations<A>): Screen<A> {
  return {
    path: '/integrations',
    audience: 'everybody',
    async show(visit) {
      const entity = visit.query('entity') ?? ''
      const title = visit.query('title')?.trim() || undefined
      const pageNumber = pageNumberOf(visit)
      const found = await integrations.page(visit.actor, { entity, title, pageNumber, pageSize: itemsPerPage })
      if (!found.ok) return refusedView(found)
      const { pageCount, totalCount } = found
      const at = (page: string): string => visit.link('/integrations', { entity, title, page })
      const isEmpty = totalCount === 0 && title === undefined
      const list =
        found.integrations.length > 0
          ? html`<ul class="rows">${inOrder(found.integrations, pageCount).map((one) => row(visit, one))}</ul>`
          : emptyState(
              isEmpty ? 'There are no integrations yet' : 'Nothing was found',
              isEmpty
                ? 'An integration lets the program of a vendor get tokens. Create the first one below.'
                : 'Look for another part of the title.',
            )
      return {
        title: `Integrations of ${entity}`,
        trail: [{ path: '/entities', label: 'Entities' }],
        body: html`<section class="card"><h2>${totalCount === 1 ? '1 integration' : `${totalCount} integrations`}${title !== undefined && html` with “${nameOf(title)}”`}</h2>
${
  !isEmpty &&
  html`<form class="search" role="search" action="${visit.link('/integrations')}"><input type="hidden" name="entity" value="${entity}">
<label>Part of the title<input name="title" value="${title}" autocomplete="off" dir="auto"></label><button class="button">Search</button></form>`
}
${list}${numberedPager(pageNumber, pageCount, at)}</section>
${newIntegration(visit, entity)}
<p><a href="${visit.link('/enrollments', { entity })}">Integrations that ${nameOf(entity)} has enrolled</a></p>`,
      }
    },
  }
}
