import type { Auth } from '@countersign/core'
import { badge, emptyState, idOf, nameOf, timeOf } from '../../html/elements.js'
import { folded } from '../../html/forms.js'
import { type Html, html } from '../../html/html.js'
import type { Visit } from '../../screen/screen.js'
import type { ConsoleKeys, ShownClientKey } from '../../screen/server-parts.js'

const kinds: Readonly<Record<string, 'good' | 'warn' | 'bad' | 'plain'>> = {
  active: 'good',
  pending: 'warn',
  not_yet_valid: 'warn',
  revoked: 'bad',
}

function row<A extends Auth>(visit: Visit<A>, client: string, key: ShownClientKey): Html {
  const { kid, thumbprint, algorithm, state, expiresAt } = key
  const about = { client, kid }
  const isLive = !['retired', 'revoked'].includes(state)
  const retire = visit.formOf({ path: '/client/retire-key', about, button: 'Retire it', isDangerous: true })
  const revoke = visit.formOf({ path: '/client/revoke-key', about, button: 'Revoke the key', isDangerous: true, phrase: kid })
  return html`<li><div class="what"><span class="title">${nameOf(kid)}</span> ${badge(kinds[state] ?? 'plain', state.replaceAll('_', ' '))}<br>${idOf(thumbprint)}</div>
<div class="more">${algorithm}${expiresAt !== undefined && html` · ends ${timeOf(expiresAt)}`}</div>
${isLive && folded('Retire…', 'The client signs no more with it. What it obtained with it stays.', retire)}
${state !== 'revoked' && folded('Revoke…', 'Everything that was obtained with it ends at once. Do this if others may have the private key.', revoke)}</li>`
}

/** The keys that a client signs with. */
export async function clientKeys<A extends Auth>(visit: Visit<A>, keys: ConsoleKeys, client: string): Promise<Html> {
  const all = await keys.clientKeys.list(client)
  const add = visit.formOf({
    path: '/client/register-key',
    about: { client },
    fields: [
      { name: 'name', label: 'Name of the key (kid)', isRequired: true, isMono: true, maxLength: 128 },
      {
        name: 'key',
        label: 'Public key',
        isRequired: true,
        isMono: true,
        lines: 6,
        hint: 'A JWK with public members only, or PEM as openssl prints it.',
      },
    ],
    button: 'Register it',
  })
  const list =
    all.length > 0
      ? html`<ul class="rows">${all.map((one) => row(visit, client, one))}</ul>`
      : emptyState('There are no keys', 'A client that signs its requests needs a registered public key.')
  return html`<section class="card"><h2>Keys</h2>${list}${folded('Register a key…', undefined, add)}</section>`
}
