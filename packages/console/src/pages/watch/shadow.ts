import type { Auth, ShadowReport } from '@countersign/core'
import { badge, emptyState, facts, nameOf, table, timeOf } from '../../html/elements.js'
import { html } from '../../html/html.js'
import type { Screen } from '../../screen/screen.js'

/** How many rows are shown; the report itself has all of them. */
const mostRows = 200

/** What a new guard would do differently from the old one, as this process saw it. */
export function shadowPage<A extends Auth>(report: Pick<ShadowReport, 'toJSON'>): Screen<A> {
  return {
    path: '/shadow',
    audience: 'operators',
    nav: 'Shadow report',
    async show() {
      const { since, requests, enforce, enforced, notCompared, reasons, rows } = report.toJSON()
      const list =
        rows.length > 0
          ? table(
              'Differences by route, issuer and reason',
              ['Route', 'Issuer', 'Reason', 'Both admit', 'Both refuse', 'Only the new one refuses', 'Only the new one admits'],
              rows
                .slice(0, mostRows)
                .map((row) => [
                  nameOf(row.route),
                  nameOf(row.issuer),
                  row.reason,
                  row.bothAdmitted,
                  row.bothRefused,
                  row.onlyOldAdmitted,
                  row.onlyNewAdmitted,
                ]),
            )
          : emptyState('Nothing was compared yet', 'Mount the new guard in shadow before the old one. Then each request is compared here.')
      const others = Object.entries(notCompared).map(([name, count]) => `${name} ${String(count)}`)
      return {
        title: 'Shadow report',
        body: html`<section class="card"><h2>Is it safe to enforce?</h2><p>${enforce.isSafe ? badge('good', 'yes') : badge('warn', 'not yet')} ${enforce.because}</p>
${facts([
  ['Since (UTC)', timeOf(since)],
  ['Requests compared', requests],
  ['Decided by the new guard', `${enforced.admitted} admitted, ${enforced.refused} refused`],
  ['Not compared', others.join(', ')],
])}</section>
<section class="card"><h2>Reasons</h2>${
          reasons.length === 0
            ? html`<p class="quiet">The new guard refused nothing that the old one admitted.</p>`
            : html`<ul class="rows">${reasons.map(
                ({ reason, requests: count, option, cost }) =>
                  html`<li><div class="what"><code>${reason}</code><br>${option !== undefined && html`${option}: `}<span class="quiet">${cost}</span></div><span>${count}</span></li>`,
              )}</ul>`
        }</section>
<section class="card"><h2>By route</h2>${list}</section>`,
      }
    },
  }
}
