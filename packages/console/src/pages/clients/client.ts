import type { Auth } from '@countersign/core'
import { badge, emptyState, facts, idOf, nameOf, timeOf } from '../../html/elements.js'
import { folded } from '../../html/forms.js'
import { type Html, html } from '../../html/html.js'
import type { Screen, View, Visit } from '../../screen/screen.js'
import type { ConsoleClients, ConsoleKeys, ShownClient } from '../../screen/server-parts.js'
import { clientKeys } from './client-keys.js'

const unknown: View = {
  title: 'Not found',
  status: 404,
  body: html`<div class="card"><p>This client does not exist. It may have been removed.</p></div>`,
}

function secretRow<A extends Auth>(visit: Visit<A>, client: string, secret: ShownClient['secrets'][number]): Html {
  const { id, title, createdAt, expiresAt, lastUsedAt } = secret
  const revoke = visit.formOf({ path: '/client/revoke-secret', about: { client, credential: id }, button: 'Revoke it', isDangerous: true })
  return html`<li><div class="what"><span class="title">${title === undefined ? 'Without a title' : nameOf(title)}</span><br>${idOf(id)}</div>
<div class="more">made ${timeOf(createdAt)}${expiresAt !== undefined && html` · ends ${timeOf(expiresAt)}`} · last use ${timeOf(lastUsedAt)}</div>
${folded('Revoke…', 'The client gets no more tokens with it, and what it has by it ends at once.', revoke)}</li>`
}

function secrets<A extends Auth>(visit: Visit<A>, { id, secrets: all, authMethods }: ShownClient): Html | undefined {
  if (!authMethods.some((method) => method.startsWith('client_secret'))) return undefined
  const list =
    all.length > 0
      ? html`<ul class="rows">${all.map((one) => secretRow(visit, id, one))}</ul>`
      : emptyState('There are no secrets', 'The client cannot authenticate by a secret until you add one.')
  const add = visit.formOf({
    path: '/client/add-secret',
    about: { client: id },
    fields: [{ name: 'title', label: 'Title', maxLength: 200, hint: 'For instance the server that uses it.' }],
    button: 'Add it and show it',
  })
  return html`<section class="card"><h2>Secrets</h2>${list}${folded('Add a secret…', undefined, add)}</section>`
}

function lockAndRemoval<A extends Auth>(visit: Visit<A>, { id, isLocked }: ShownClient): Html {
  const about = { client: id }
  const lock = isLocked
    ? folded(
        'Unlock…',
        'It can get new tokens again. Tokens from before the lock stay dead.',
        visit.formOf({ path: '/client/unlock', about, button: 'Unlock it' }),
      )
    : folded(
        'Lock…',
        'Everything that it has ends at once, and it gets nothing more until somebody unlocks it.',
        visit.formOf({ path: '/client/lock', about, button: 'Lock the client', isDangerous: true, phrase: id }),
      )
  const removal = folded(
    'Remove…',
    'Everything that it has ends at once, and its registration is gone.',
    visit.formOf({ path: '/client/remove', about, button: 'Remove the client', isDangerous: true, phrase: id }),
  )
  return html`<section class="card">${lock}${removal}</section>`
}

/** One client with its secrets and keys. */
export function clientPage<A extends Auth>(clients: ConsoleClients, keys: ConsoleKeys | undefined): Screen<A> {
  return {
    path: '/client',
    audience: 'operators',
    async show(visit) {
      const [client] = await clients.findMany([visit.query('client') ?? ''])
      if (client === undefined) return unknown
      const { id, title, owner, authMethods, grants, scopes, isLocked } = client
      return {
        title: title ?? id,
        trail: [{ path: '/clients', label: 'Clients' }],
        body: html`<section class="card">${facts([
          ['State', isLocked ? badge('bad', 'locked') : badge('good', 'live')],
          ['Client id', idOf(id)],
          ['Owner', owner === undefined ? html`<span class="quiet">nobody</span>` : nameOf(owner)],
          ['Authentication', authMethods.join(', ')],
          ['Grant types', grants.join(', ')],
          ['Scopes', scopes.length === 0 ? html`<span class="quiet">none</span>` : scopes.join(' ')],
        ])}</section>
${secrets(visit, client)}${keys && (await clientKeys(visit, keys, id))}${lockAndRemoval(visit, client)}`,
      }
    },
  }
}
