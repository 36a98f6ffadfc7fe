import type { Auth } from '@countersign/core'
import { badge, emptyState, idOf, nameOf, timeOf } from '../../html/elements.js'
import { form } from '../../html/forms.js'
import { type Html, html } from '../../html/html.js'
import type { Screen, Visit } from '../../screen/screen.js'
import type { ConsoleClients, ShownClient } from '../../screen/server-parts.js'
import { cursorPager, itemsPerPage } from '../list-pages.js'

function row(visit: Visit, { id, title, owner, isLocked, secrets, grants }: ShownClient): Html {
  const uses = secrets.flatMap(({ lastUsedAt }) => lastUsedAt ?? [])
  return html`<li><div class="what"><a href="${visit.link('/client', { client: id })}">${nameOf(title ?? id)}</a>
${isLocked && badge('bad', 'locked')}<br>${idOf(id)}${owner !== undefined && html` · ${nameOf(owner)}`}</div>
<div class="more">${grants.join(', ')} · last use ${timeOf(uses.length === 0 ? undefined : Math.max(...uses))}</div></li>`
}

/** Ways to authenticate, as they are shown. */
const methods: readonly (readonly [value: string, label: string])[] = [
  ['client_secret_basic', 'A secret, by Basic (client_secret_basic)'],
  ['client_secret_post', 'A secret, in the body (client_secret_post)'],
  ['private_key_jwt', 'A key of its own (private_key_jwt)'],
  ['none', 'None: a public client'],
]

function newClient<A extends Auth>(visit: Visit<A>): Html {
  return html`<section class="card"><h2>Register a client</h2>${form(
    visit.formOf({
      path: '/clients/register',
      fields: [
        { name: 'title', label: 'Title', maxLength: 200, hint: 'What people call it.' },
        { name: 'id', label: 'Client id', isMono: true, maxLength: 255, hint: 'Left empty, it becomes a random UUID.' },
        { name: 'owner', label: 'Owner', maxLength: 200, hint: 'Whom it belongs to, for instance the id of a department.' },
        { name: 'authMethod', label: 'Authentication', isRequired: true, choices: methods },
        {
          name: 'grants',
          label: 'Grant types',
          isRequired: true,
          value: 'client_credentials',
          isMono: true,
          hint: 'Spaces separate them.',
        },
        { name: 'scopes', label: 'Scopes', isMono: true, hint: 'Spaces separate them.' },
      ],
      button: 'Register it',
    }),
  )}</section>`
}

/** All clients, in the order of their ids. */
export function clientList<A extends Auth>(clients: ConsoleClients): Screen<A> {
  return {
    path: '/clients',
    audience: 'operators',
    nav: 'Clients',
    async show(visit) {
      const after = visit.query('after')
      const found = await clients.list({ ...(after !== undefined && { after }), limit: itemsPerPage + 1 })
      const items = found.slice(0, itemsPerPage)
      const next = found.length > itemsPerPage ? items.at(-1)?.id : undefined
      const list =
        items.length > 0
          ? html`<ul class="rows">${items.map((one) => row(visit, one))}</ul>`
          : emptyState('There are no clients', 'Register the first one below. Clients of integrations come with their integrations.')
      return {
        title: 'Clients',
        body: html`<section class="card"><form class="search" role="search" action="${visit.link('/client')}">
<label>Client id<input name="client" required autocomplete="off"></label><button class="button">Open</button></form>
${list}${cursorPager(visit, '/clients', {}, next)}</section>${newClient(visit)}`,
      }
    },
  }
}
