import type { Auth } from '@countersign/core'
import { emptyState, nameOf } from '../../html/elements.js'
import { html } from '../../html/html.js'
import type { Screen } from '../../screen/screen.js'

/** The entities that somebody acts for. */
export function entitiesPage<A extends Auth>(): Screen<A> {
  return {
    path: '/entities',
    audience: 'everybody',
    nav: 'Integrations',
    async show(visit) {
      const { user } = visit
      const entities = user.entities ?? []
      const isOperator = user.role === 'operator'
      const list =
        entities.length > 0
          ? html`<ul class="rows">${entities.map(
              (entity) => html`<li><div class="what"><a href="${visit.link('/integrations', { entity })}">${nameOf(entity)}</a></div>
<div class="more"><a href="${visit.link('/enrollments', { entity })}">Enrolled integrations</a></div></li>`,
            )}</ul>`
          : !isOperator && emptyState('You act for no entity', 'Ask somebody who manages your organisation to name you.')
      return {
        title: 'Integrations',
        body: html`<section class="card"><h2>${isOperator ? 'Open an entity' : 'Entities that you act for'}</h2>
${
  isOperator &&
  html`<form class="search" action="${visit.link('/integrations')}"><label>Id of the entity<input name="entity" required autocomplete="off"></label>
<button class="button primary">Open</button></form>`
}
${list}</section>`,
      }
    },
  }
}
