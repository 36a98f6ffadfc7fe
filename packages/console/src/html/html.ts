const isHtml: unique symbol = Symbol('html')

/** Markup in which everything that came from elsewhere is escaped. Only {@link html} makes it. */
export interface Html {
  readonly [isHtml]: string
}

/** What may stand in a template. `undefined` and `false` leave nothing. */
export type Content = Html | string | number | undefined | false | readonly Content[]

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function markupOf(content: Content): string {
  if (content === undefined || content === false) return ''
  if (typeof content === 'object') return isHtml in content ? content[isHtml] : content.map(markupOf).join('')
  return String(content).replace(/[&<>"']/g, (character) => escapes[character] ?? '')
}

/** A template of markup. Each value is escaped, for text and for attributes in quotes; what `html` made stays as it is. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return { [isHtml]: parts.map((part, at) => part + markupOf(values[at])).join('') }
}

/** The text that is sent. */
export function textOf(page: Html): string {
  return page[isHtml]
}
