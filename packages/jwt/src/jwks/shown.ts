/** Longest value of somebody else's in a message. */
const longest = 200

function bounded(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 3)}...`
}

/** A value of a document, for messages. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  return typeof value === 'string' ? JSON.stringify(bounded(value)) : bounded(JSON.stringify(value))
}

/** A URL, for messages: without credentials and without a query, where a key for an API may stand. */
export function shownUrl(url: string | URL): string {
  const text = String(url)
  if (URL.canParse(text)) {
    const { protocol, host, pathname } = new URL(text)
    return bounded(`${protocol}//${host}${pathname}`)
  }
  const [place = ''] = text.slice(0, longest).split(/[?#]/, 1)
  return JSON.stringify(place.slice(place.lastIndexOf('@') + 1))
}
