import { type Auth, askInTime, type Readiness } from '@countersign/core'
import { badge, emptyState } from '../../html/elements.js'
import { type Html, html } from '../../html/html.js'
import type { Screen } from '../../screen/screen.js'
import type { ConsoleReady } from '../../screen/server-parts.js'
import type { Minute, Rates } from './rates.js'

const refreshSeconds = 5
const readyMs = 3_000

/** Undefined: the parts did not answer in time. */
async function readinessOf(ready: ConsoleReady): Promise<Readiness | undefined> {
  return askInTime(ready, { milliseconds: readyMs, isRepeatable: true }).catch(() => undefined)
}

function health(readiness: Readiness | undefined): Html {
  if (readiness === undefined) return html`<p>${badge('bad', 'no answer')} The parts did not answer within 3 seconds.</p>`
  const degraded = readiness.degraded ?? []
  const rows = Object.entries(readiness.parts).map(([name, { ok }]) => {
    const state = ok ? badge('good', 'ready') : degraded.includes(name) ? badge('warn', 'degraded') : badge('bad', 'not ready')
    return html`<li><span class="title">${name}</span>${state}</li>`
  })
  return html`<ul class="chips">${rows}</ul>`
}

const [width, height] = [600, 120]

function chart(minutes: readonly Minute[]): Html {
  const most = Math.max(1, ...minutes.map(({ accepted, refused }) => accepted + refused))
  const step = width / minutes.length
  const tall = (count: number): number => (count / most) * (height - 20)
  const bars = minutes.map(({ accepted, refused }, at) => {
    const [good, bad] = [tall(accepted), tall(refused)]
    const x = (at * step + 1).toFixed(1)
    const bar = (kind: string, y: number, tallness: number): Html | false =>
      tallness > 0 &&
      html`<rect class="${kind}" x="${x}" y="${y.toFixed(1)}" width="${(step - 2).toFixed(1)}" height="${tallness.toFixed(1)}"/>`
    return html`${bar('bar', height - good, good)}${bar('bad', height - good - bad, bad)}`
  })
  return html`<svg class="chart minutes" viewBox="0 0 ${width} ${height + 1}" preserveAspectRatio="none" role="img" aria-label="Requests in each minute of the last hour, at most ${most}. The sums stand above.">
<line class="axis" x1="0" x2="${width}" y1="${height}" y2="${height}"/>${bars}
</svg>
<p class="scale-ends"><span>an hour ago</span><span>now</span></p>`
}

function requests(rates: Rates): Html {
  const minutes = rates.minutes()
  const sum = (name: keyof Minute): number => minutes.reduce((total, minute) => total + minute[name], 0)
  const figure = (count: number, label: string): Html => html`<div><dt>${label}</dt><dd class="figure">${count}</dd></div>`
  return html`<section class="card"><h2>The last hour of this process</h2>
<dl class="facts">${figure(sum('accepted'), 'Requests accepted')}${figure(sum('refused'), 'Requests refused')}${figure(rates.issued(), 'Tokens issued')}</dl>
${chart(minutes)}<ul class="legend"><li><span class="swatch accepted"></span>accepted</li><li><span class="swatch refused"></span>refused</li></ul></section>`
}

function reasons(rates: Rates): Html {
  const found = rates.reasons().slice(0, 12)
  return html`<section class="card"><h2>Refusals by reason</h2>${
    found.length === 0
      ? emptyState('Nothing was refused', 'Reasons are counted here as soon as a request is refused.')
      : html`<ul class="rows">${found.map(([reason, count]) => html`<li><code>${reason}</code><span>${count}</span></li>`)}</ul>`
  }</section>`
}

/** Health, rates and refusals. */
export function overviewPage<A extends Auth>(rates: Rates, ready: ConsoleReady | undefined): Screen<A> {
  return {
    path: '/overview',
    audience: 'operators',
    nav: 'Overview',
    async show() {
      return {
        title: 'Overview',
        body: html`<p class="notice warn" data-lost hidden>The connection is lost. What you see may be old.</p>
<div data-live="${refreshSeconds}"><div class="cards">
${ready && html`<section class="card"><h2>Health</h2>${health(await readinessOf(ready))}</section>`}${reasons(rates)}</div>${requests(rates)}</div>`,
      }
    },
  }
}
