import type { AuditStore, Auth, StoredAuditEntry } from '@countersign/core'
import { badge, emptyState, idOf, nameOf, table, timeOf } from '../../html/elements.js'
import { type Html, html } from '../../html/html.js'
import type { Screen, Visit } from '../../screen/screen.js'
import { cursorPager } from '../list-pages.js'

const entriesPerPage = 50

/** A change of the console has an entry before it and one after it: where both are here, the first one says nothing more. */
function folded(entries: readonly StoredAuditEntry[]): readonly StoredAuditEntry[] {
  const concluded = new Set(entries.filter(({ detail }) => detail?.outcome !== 'begun').map(({ detail }) => detail?.form))
  return entries.filter(({ detail }) => detail?.outcome !== 'begun' || !concluded.has(detail.form))
}

const shownApart: readonly string[] = ['action', 'outcome', 'form', 'role']

function cells(visit: Visit, { atMs, event, clientId, subject, detail = {} }: StoredAuditEntry): readonly Html[] {
  const { outcome } = detail
  const more = Object.entries(detail).filter(([name]) => !shownApart.includes(name))
  const what = typeof detail.action === 'string' ? detail.action : event.replace(/^countersign:/, '')
  return [
    html`${timeOf(atMs / 1000)}`,
    html`<code>${what}</code>`,
    html`${outcome !== undefined && badge(outcome === 'done' ? 'good' : outcome === 'begun' ? 'warn' : 'bad', String(outcome).replaceAll('_', ' '))}`,
    html`${subject !== undefined && html`<a href="${visit.link('/audit', { subject })}">${nameOf(subject)}</a>`}`,
    html`${clientId !== undefined && html`<a href="${visit.link('/audit', { client: clientId })}">${idOf(clientId)}</a>`}`,
    html`${more.map(([name, value]) => html`<span class="quiet">${name}</span> ${nameOf(String(value))} `)}`,
  ]
}

const fields = [
  ['event', 'Event'],
  ['subject', 'Who'],
  ['client', 'Client id'],
  ['since', 'Since (UTC)'],
  ['until', 'Until (UTC)'],
] as const

/** A day, or a day and a time, in UTC. */
function instantOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d)?$/.test(text)) return undefined
  const instant = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}:00Z`)
  return Number.isNaN(instant) ? undefined : instant
}

/** What happened, the newest first. */
export function auditPage<A extends Auth>(audit: Pick<AuditStore, 'page'>): Screen<A> {
  return {
    path: '/audit',
    audience: 'operators',
    nav: 'Audit log',
    async show(visit) {
      const filterOf = (name: string): string | undefined => visit.query(name)?.trim().slice(0, 255) || undefined
      const given = Object.fromEntries(fields.map(([name]) => [name, filterOf(name)]))
      const { items, after } = await audit.page({
        newestFirst: true,
        limit: entriesPerPage,
        after: visit.query('after'),
        event: given.event?.slice(0, 100),
        subject: given.subject,
        clientId: given.client,
        fromMs: instantOf(given.since),
        untilMs: instantOf(given.until),
      })
      const rows = folded(items).map((entry) => cells(visit, entry))
      const list =
        rows.length > 0
          ? table('Entries of the audit log', ['When (UTC)', 'What', 'Outcome', 'Who', 'Client', 'More'], rows)
          : emptyState('There are no entries', 'Change the filter, or wait until something happens.')
      return {
        title: 'Audit log',
        body: html`<section class="card"><form class="search" role="search" action="${visit.link('/audit')}">
${fields.map(([name, label]) => html`<label>${label}<input name="${name}" value="${given[name]}" autocomplete="off"${(name === 'since' || name === 'until') && html` placeholder="2030-01-31"`}></label>`)}
<button class="button">Search</button></form>${list}${cursorPager(visit, '/audit', given, after)}</section>`,
      }
    },
  }
}
