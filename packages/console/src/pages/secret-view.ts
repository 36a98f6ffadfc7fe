import type { Auth } from '@countersign/core'
import { facts, idOf, secretOf } from '../html/elements.js'
import { html } from '../html/html.js'
import type { ShownSecret } from '../screen/parts.js'
import type { Place, View, Visit } from '../screen/screen.js'

/** The one page that shows a secret. It is the answer to the form, and nothing keeps it. */
export function secretView<A extends Auth>(visit: Visit<A>, { clientId, credentialId, secret }: ShownSecret, place: Place): View {
  return {
    title: 'Copy the secret now',
    body: html`<section class="card">
<div class="notice warn"><p>This page shows the secret once. Nobody can read it again, and the console does not keep it.</p></div>
${secretOf('Client secret', secret)}
${facts([
  ['Client id', idOf(clientId)],
  ['Credential', idOf(credentialId)],
])}
<p><a class="button" href="${visit.link(place.path, place.query)}">I have copied it</a></p></section>`,
  }
}
