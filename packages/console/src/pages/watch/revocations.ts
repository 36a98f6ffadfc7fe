import {
  type Auth,
  type FormParameters,
  lengthPrefixed,
  type RevocationEntry,
  type RevocationRecord,
  revocationName,
} from '@countersign/core'
import { emptyState, idOf, timeOf } from '../../html/elements.js'
import { folded } from '../../html/forms.js'
import { type Html, html } from '../../html/html.js'
import type { KnownParts } from '../../screen/parts.js'
import type { Change, Screen, Visit } from '../../screen/screen.js'
import type { ConsoleRevocations } from '../../screen/server-parts.js'
import { cursorPager, itemsPerPage } from '../list-pages.js'
import { notDone, unlessWrong } from '../outcomes.js'

type Type = RevocationEntry['type']

const types: readonly (readonly [value: Type, label: string, isOfKey: boolean])[] = [
  ['jti', 'One token, by its jti', false],
  ['subject', 'All tokens of a subject until now', false],
  ['client', 'All tokens of a client, until it is reinstated', false],
  ['family', 'The tokens of a family of refresh tokens', false],
  ['signing_key', 'A signing key of an issuer, by its kid, for ever', true],
  ['client_key', 'A key of a client, by its thumbprint, for ever', true],
]
const choices = types.map(([value, label]) => [value, label] as const)
const isType = (text: string | undefined): text is Type => types.some(([value]) => value === text)

/** Entries of tokens are kept for so long where the form does not say it. */
const usualHours = 24

/** What a form means; undefined if its type does not exist. */
function entryOf(values: FormParameters, nowSeconds: number): RevocationEntry | undefined {
  const type = values.get('type')
  const [issuer, name] = [values.get('issuer')?.trim() ?? '', values.get('name')?.trim() ?? '']
  if (!isType(type)) return undefined
  const expiresAt = nowSeconds + Number(values.get('hours') ?? usualHours) * 3600
  switch (type) {
    case 'jti':
      return { type, issuer, jti: name, expiresAt }
    case 'family':
      return { type, issuer, family: name, expiresAt }
    case 'subject':
      return { type, issuer, subject: name, notBefore: nowSeconds }
    case 'client':
      return { type, issuer, clientId: name }
    case 'signing_key':
      return { type, issuer, kid: name }
    case 'client_key':
      return { type, issuer, thumbprint: name }
  }
}

function row<A extends Auth>(visit: Visit<A>, { entry, ttlMs, reinstated }: RevocationRecord): Html {
  const [, label, isOfKey] = types.find(([type]) => type === entry.type) ?? ['', entry.type, true]
  const name = revocationName(entry)
  const reinstate = visit.formOf({
    path: '/revocations/reinstate',
    about: { type: entry.type, issuer: entry.issuer, name },
    button: 'Reinstate it',
  })
  const until = ttlMs === undefined ? undefined : (visit.now + ttlMs) / 1000
  return html`<li><div class="what"><span class="title">${label}${reinstated === true && ' — reinstated'}</span><br>${idOf(name)}</div>
<div class="more">${entry.issuer} · ${until === undefined ? 'kept for ever' : html`kept until ${timeOf(until)}`}</div>
${!isOfKey && reinstated !== true && folded('Reinstate…', 'Tokens that did not expire meanwhile are accepted again. Unlock a client on its own page.', reinstate)}</li>`
}

/** Several records can be about the same: the last one counts, and comes first here. */
function lastOfEach(records: readonly RevocationRecord[]): readonly RevocationRecord[] {
  const seen = new Set<string>()
  return records.filter(({ entry }) => {
    const key = lengthPrefixed(entry.type, entry.issuer, revocationName(entry))
    const isFirst = !seen.has(key)
    seen.add(key)
    return isFirst
  })
}

function addition<A extends Auth>(visit: Visit<A>): Html {
  return html`<section class="card">${folded(
    'Revoke something…',
    'It is refused everywhere, with the next request.',
    visit.formOf({
      path: '/revocations/add',
      fields: [
        { name: 'type', label: 'What', isRequired: true, choices },
        { name: 'issuer', label: 'Issuer', isRequired: true, isMono: true, value: visit.parts.clients?.issuers?.[0] },
        {
          name: 'name',
          label: 'Its name',
          isRequired: true,
          isMono: true,
          hint: 'The jti, subject, client id, family, kid or thumbprint.',
        },
        {
          name: 'hours',
          label: 'Hours until the token has expired',
          hint: `For a token or a family; ${usualHours} if you leave it empty.`,
        },
        { name: 'reason', label: 'Reason', hint: 'For the audit log.', maxLength: 200 },
        { name: 'confirm', label: 'Its name once more', isRequired: true, isMono: true },
      ],
      button: 'Revoke it',
      isDangerous: true,
    }),
  )}</section>`
}

/** What was revoked, the newest first. */
export function revocationsPage<A extends Auth>({ revocationStore, revocations }: KnownParts<A>): Screen<A> {
  return {
    path: '/revocations',
    audience: 'operators',
    nav: 'Revocations',
    async show(visit) {
      const type = visit.query('type')
      const query = { type: isType(type) ? type : undefined, name: visit.query('name')?.trim() || undefined }
      const page = await revocationStore?.page({ ...query, newestFirst: true, limit: itemsPerPage, after: visit.query('after') })
      const items = lastOfEach(page?.items ?? [])
      const isFiltered = query.type !== undefined || query.name !== undefined
      const list =
        items.length > 0
          ? html`<ul class="rows">${items.map((one) => row(visit, one))}</ul>`
          : emptyState(
              isFiltered || page?.after !== undefined ? 'Nothing was found' : 'Nothing is revoked',
              'Entries end by themselves when the tokens have expired.',
            )
      return {
        title: 'Revocations',
        body: html`<section class="card"><form class="search" role="search" action="${visit.link('/revocations')}">
<label>What<select name="type"><option value="">Everything</option>${choices.map(([value, label]) => html`<option value="${value}"${value === type && html` selected`}>${label}</option>`)}</select></label>
<label>Its name<input name="name" value="${query.name}" autocomplete="off"></label><button class="button">Search</button></form>
${list}${cursorPager(visit, '/revocations', query, page?.after)}</section>${revocations && addition(visit)}`,
      }
    },
  }
}

/** What can be done to the denylist. */
export function revocationChanges<A extends Auth>(revocations: ConsoleRevocations): readonly Change<A>[] {
  const common = {
    audience: 'operators' as const,
    place: () => ({ path: '/revocations' }),
    about: (values: FormParameters) => ({
      detail: Object.fromEntries(
        ['type', 'issuer', 'name', 'reason'].flatMap((name) => (values.get(name) === undefined ? [] : [[name, values.get(name) ?? '']])),
      ),
    }),
  }
  const unknownType = notDone('malformed', 'Choose what is revoked.', { field: 'type' })
  return [
    {
      ...common,
      path: '/revocations/add',
      action: 'revocation.add',
      phrase: async (_visit, values) => values.get('name') ?? '',
      async run(visit, values) {
        const hours = Number(values.get('hours') ?? usualHours)
        if (!(hours > 0 && hours <= 24 * 366))
          return notDone('malformed', 'This must be a number of hours, at most those of a year.', { field: 'hours' })
        const entry = entryOf(values, Math.floor(visit.now / 1000))
        if (entry === undefined) return unknownType
        return unlessWrong(async () => {
          await revocations.revoke(entry)
          return { ok: true, to: { path: '/revocations' }, notice: 'revoked' }
        })
      },
    },
    {
      ...common,
      path: '/revocations/reinstate',
      action: 'revocation.reinstate',
      async run(visit, values) {
        const entry = entryOf(values, Math.floor(visit.now / 1000))
        if (entry === undefined) return unknownType
        return unlessWrong(async () => {
          await revocations.reinstate(entry)
          return { ok: true, to: { path: '/revocations' }, notice: 'reinstated' }
        })
      },
    },
  ]
}
