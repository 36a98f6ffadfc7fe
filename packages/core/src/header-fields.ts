import type { WireHeaders, WireRequest } from './http.js'

/** What stands in a record of fields. Some adapters write the length of a body as a number. */
const textOf = (value: WireHeaders[string]): WireHeaders[string] => (typeof value === 'number' ? String(value) : value)

/** The values of a field. The case of its name does not matter, and the field may occur several times. */
function underEverySpelling(headers: WireHeaders, name: string): string | readonly string[] | undefined {
  let found: string | readonly string[] | undefined
  // Own members only: the prototype of a record may hold what a library has put there.
  for (const spelt in headers) {
    if (spelt.length !== name.length || spelt.toLowerCase() !== name || !Object.hasOwn(headers, spelt)) continue
    const value = textOf(headers[spelt])
    if (value !== undefined) found = found === undefined ? value : [found, value].flat()
  }
  return found
}

/**
 * What a request says in one header field. Names are compared without regard to case (RFC 9110 §5.1): Node writes them in lower
 * case, an event of API Gateway as they were sent. `{ Authorization, authorization }` is a field that was sent twice.
 *
 * @param name - in lower case
 * @returns the text of a field that was sent once; a list of texts where the host shows several; undefined where it was not sent
 */
export function headerField({ headers }: Pick<WireRequest, 'headers'>, name: string): string | readonly string[] | undefined {
  return underEverySpelling(headers, name)
}

/**
 * The Authorization field, as every guard and endpoint reads it: as the host shows it, for an earlier middleware may have set,
 * replaced or removed it. `rawHeaders` adds what Node hides, which is that the field was sent more than once.
 *
 * @returns the text of a field that was sent once; a list of texts where there are several; undefined where there is none
 */
export function authorizationField({
  headers,
  rawHeaders,
}: Pick<WireRequest, 'headers' | 'rawHeaders'>): string | readonly string[] | undefined {
  let sent = 0
  if (rawHeaders !== undefined) {
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] as string
      if (name.length === 13 && name.toLowerCase() === 'authorization') sent += 1
    }
    if (sent > 1) return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'authorization')
  }
  // The usual request, in which Node wrote the names: no other spelling has to be looked for.
  if (sent === 1 && Object.hasOwn(headers, 'authorization') && !Object.hasOwn(headers, 'Authorization')) return headers.authorization
  return underEverySpelling(headers, 'authorization')
}
