import type { Auth } from '@countersign/core'
import { badge, emptyState, idOf, timeOf } from '../../html/elements.js'
import { folded } from '../../html/forms.js'
import { type Html, html } from '../../html/html.js'
import type { Screen, Visit } from '../../screen/screen.js'
import type { ConsoleKeys, ShownSigningKey } from '../../screen/server-parts.js'
import { nextTransition, shortKid, timeline } from './timeline.js'

const kinds = { staged: 'warn', active: 'good', retiring: 'plain', retired: 'plain', revoked: 'bad' } as const
const order = ['active', 'staged', 'retiring', 'retired', 'revoked'] as const

function times({ stagedAt, activeAt, retireAt, verifiesUntil, revokedAt }: ShownSigningKey): Html {
  return html`staged ${timeOf(stagedAt)}${activeAt !== undefined && html` · signs from ${timeOf(activeAt)}`}${
    retireAt !== undefined && html` · retires ${timeOf(retireAt)}`
  }${verifiesUntil !== undefined && html` · its tokens are accepted until ${timeOf(verifiesUntil)}`}${revokedAt !== undefined && html` · revoked ${timeOf(revokedAt)}`}`
}

function steps<A extends Auth>(visit: Visit<A>, { kid, state }: ShownSigningKey): readonly (Html | false)[] {
  const about = { kid }
  const form = (name: string, button: string, more: { readonly isDangerous?: boolean; readonly phrase?: string } = {}) =>
    visit.formOf({ path: `/keys/${name}`, about, button, ...more })
  const isOver = state === 'retired' || state === 'revoked'
  return [
    state === 'staged' &&
      folded(
        'Activate…',
        'It signs from now on, and the key before it retires. This is refused while a verifier may not know the key.',
        form('activate', 'Let it sign'),
      ),
    state === 'staged' && folded('Retire…', 'It will never sign.', form('retire', 'Retire it', { isDangerous: true })),
    !isOver &&
      folded(
        'Revoke…',
        'Every token that it signed is refused at once, everywhere. Do this if others may have the private key.',
        form('revoke', 'Revoke the key', { isDangerous: true, phrase: shortKid(kid) }),
      ),
  ]
}

function row<A extends Auth>(visit: Visit<A>, key: ShownSigningKey): Html {
  const { kid, algorithm, purpose, state } = key
  return html`<li><div class="what"><span class="title">${shortKid(kid)}</span> ${badge(kinds[state], state)} <span class="quiet">${algorithm}${purpose !== 'access_token' && ` · ${purpose}`}</span><br>${idOf(kid)}</div>
<div class="more">${times(key)}</div>${steps(visit, key)}</li>`
}

/** The keys that this server signs with. */
export function keysPage<A extends Auth>({ signing }: ConsoleKeys): Screen<A> {
  return {
    path: '/keys',
    audience: 'operators',
    nav: 'Keys',
    async show(visit) {
      const now = visit.now / 1000
      const keys = (await signing.list()).toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.stagedAt - a.stagedAt)
      const next = nextTransition(keys, now)
      const drawn = keys.filter(({ state }) => state !== 'retired' && state !== 'revoked')
      const stage = visit.formOf({
        path: '/keys/stage',
        fields: [
          {
            name: 'jwk',
            label: 'Public JWK',
            isRequired: true,
            isMono: true,
            lines: 6,
            hint: 'Of a key that a KMS holds. No private member may be in it.',
          },
        ],
        button: 'Publish it',
      })
      return {
        title: 'Signing keys',
        body: html`<section class="card"><h2>Timeline</h2>${
          drawn.length > 0 ? timeline(drawn, now) : emptyState('There are no live keys', 'Make one below.')
        }<p>Next change by itself: ${timeOf(next, 'none is planned')}</p></section>
<section class="card"><h2>Keys</h2><ul class="rows">${keys.map((key) => row(visit, key))}</ul></section>
<section class="card"><h2>New keys</h2>
${folded('Rotate…', 'Makes the next key. It takes over by itself as soon as every verifier can know it. Nothing has to be done then.', visit.formOf({ path: '/keys/rotate', button: 'Make the next key' }))}
${folded('Make a key in reserve…', 'It is published, and does not sign until somebody activates it.', visit.formOf({ path: '/keys/generate', button: 'Make it' }))}
${folded('Stage the key of a KMS…', undefined, stage)}</section>`,
      }
    },
  }
}
