import { type Content, type Html, html } from './html.js'

/** A name that somebody chose. It cannot turn the text around it, in whichever direction its script is written. */
export function nameOf(text: string): Html {
  return html`<bdi class="name">${text}</bdi>`
}

/** An id, which can be selected with one click. */
export function idOf(text: string): Html {
  return html`<code class="id">${text}</code>`
}

/** A moment, in UTC. @param seconds - epoch seconds */
export function timeOf(seconds: number | undefined, otherwise = 'never'): Html {
  if (seconds === undefined || !Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12)
    return html`<span class="quiet">${otherwise}</span>`
  const iso = new Date(seconds * 1000).toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)}</time>`
}

/** A word about a state. `good`, `warn` and `bad` also have a sign, so that no colour has to be seen. */
export function badge(kind: 'good' | 'warn' | 'bad' | 'plain', text: string): Html {
  return html`<span class="badge ${kind}">${text}</span>`
}

/** Names and values, one below the other. */
export function facts(entries: readonly (readonly [name: string, value: Content])[]): Html {
  return html`<dl class="facts">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** What a list says that has nothing in it. */
export function emptyState(title: string, text: Content): Html {
  return html`<div class="empty"><p class="empty-title">${title}</p><p>${text}</p></div>`
}

/** Links to the pages of a list. */
export function pager(options: {
  readonly previous?: string | undefined
  readonly previousLabel?: string
  readonly next?: string | undefined
  readonly text: string
}): Html {
  const { previous, previousLabel = 'Previous page', next, text } = options
  return html`<nav class="pager" aria-label="Pages of the list">
${previous !== undefined && html`<a class="button" href="${previous}">${previousLabel}</a>`}<span>${text}</span>
${next !== undefined && html`<a class="button" rel="next" href="${next}">Next page</a>`}</nav>`
}

/** A secret that is shown this once, and is copied with one click where scripts run. */
export function secretOf(label: string, secret: string): Html {
  return html`<p class="secret"><label for="secret">${label}</label>
<span class="copy"><input id="secret" class="mono" readonly autocomplete="off" spellcheck="false" value="${secret}">
<button type="button" class="button" data-copy="secret" hidden>Copy</button></span>
<span class="quiet" role="status" data-copied></span></p>`
}
/** A table that is scrolled on a narrow screen, also with the keyboard. */
export function table(label: string, heads: readonly string[], rows: readonly (readonly Content[])[]): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`
}
