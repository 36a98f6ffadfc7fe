import { type Html, html } from '../../html/html.js'
import type { ShownSigningKey } from '../../screen/server-parts.js'

/** A part of the life of a key. `until` may be Infinity. */
interface Segment {
  readonly state: 'staged' | 'active' | 'retiring'
  readonly from: number
  readonly until: number
}

/** The states of a key from its beginning to its end, in order. */
function segmentsOf(key: ShownSigningKey): readonly Segment[] {
  const end = Math.min(key.revokedAt ?? Number.POSITIVE_INFINITY, key.verifiesUntil ?? Number.POSITIVE_INFINITY)
  const retireAt = key.retireAt ?? Number.POSITIVE_INFINITY
  const activeAt = key.activeAt ?? Math.min(retireAt, end)
  const all: readonly Segment[] = [
    { state: 'staged', from: key.stagedAt, until: Math.min(activeAt, retireAt, end) },
    { state: 'active', from: activeAt, until: Math.min(retireAt, end) },
    { state: 'retiring', from: Math.max(retireAt, key.stagedAt), until: end },
  ]
  return all.filter(({ from, until }) => from < until)
}

/** The next instant at which a state changes by itself; undefined if there is none. */
export function nextTransition(keys: readonly ShownSigningKey[], now: number): number | undefined {
  const instants = keys.flatMap((key) => (key.revokedAt === undefined ? [key.activeAt, key.retireAt, key.verifiesUntil] : []))
  const later = instants.filter((instant): instant is number => instant !== undefined && instant > now)
  return later.length === 0 ? undefined : Math.min(...later)
}

const width = 720
const left = 132
const right = 12
const rowHeight = 30

/** The first 8 characters name a key well enough for people. */
export const shortKid = (kid: string): string => kid.slice(0, 8)

const dayOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(5, 16).replace('T', ' ')

/** The lives of keys as bars over time, with a line for now. All of it is in the list of keys as text, too. */
export function timeline(keys: readonly ShownSigningKey[], now: number): Html {
  const instants = keys.flatMap((key) => segmentsOf(key).flatMap(({ from, until }) => [from, until])).filter(Number.isFinite)
  const first = Math.min(now, ...instants)
  const last = Math.max(now, ...instants)
  const margin = Math.max((last - first) * 0.08, 3600)
  const [from, until] = [first - margin / 4, last + margin]
  const x = (seconds: number): number => left + ((Math.min(seconds, until) - from) / (until - from)) * (width - left - right)
  const height = keys.length * rowHeight + 34
  const at = (value: number): string => value.toFixed(1)
  const row = (key: ShownSigningKey, index: number): Html => {
    const y = 24 + index * rowHeight
    const bars = segmentsOf(key).map(
      ({ state, from: start, until: end }) =>
        html`<rect class="${state}" x="${at(x(start))}" y="${y}" width="${at(Math.max(x(end) - x(start), 2))}" height="16" rx="3"/>`,
    )
    return html`<text x="0" y="${y + 12}">${shortKid(key.kid)} · ${key.algorithm}</text>${bars}`
  }
  const ticks = [0, 1, 2, 3].map((n) => from + ((until - from) * (n + 0.5)) / 4)
  return html`<div class="scroll" role="region" aria-label="Timeline of keys" tabindex="0"><svg class="chart wide" viewBox="0 0 ${width} ${height}" role="img" aria-label="When each key is staged, active and retiring. The list below says the same.">
${ticks.map((tick) => html`<line class="axis" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="16" y2="${height - 4}"/><text class="scale" x="${at(x(tick))}" y="11" text-anchor="middle">${dayOf(tick)}</text>`)}
${keys.map(row)}
<line class="now" x1="${at(x(now))}" x2="${at(x(now))}" y1="16" y2="${height - 4}"/></svg></div>
<ul class="legend"><li><span class="swatch staged"></span>staged: published, and does not sign yet</li><li><span class="swatch active"></span>active: signs</li>
<li><span class="swatch retiring"></span>retiring: its tokens are still accepted</li><li>dashed line: now (times are UTC)</li></ul>`
}
