import { UsageError } from '../command/context.js'

/** The header fields of the request that is explained. */
export interface Presented {
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** The token by itself, as far as it can be told; never shown. */
  readonly token: string
}

const isField = (line: string): boolean => /^(authorization|dpop)\s*:/i.test(line)
const nameOf = (line: string): string => line.slice(0, line.indexOf(':')).trim().toLowerCase()
const contentOf = (line: string): string => line.slice(line.indexOf(':') + 1).trim()

/** What stands after the scheme; a token without a scheme is itself. */
function tokenIn(field: string): string {
  const space = field.indexOf(' ')
  return space === -1 ? field : field.slice(space + 1).trim()
}

const isScheme = (text: string): boolean => /^(bearer|dpop|basic|digest|token|jwt|oauth|apikey) /i.test(text)

/**
 * Reads what was given on standard input: a token, the value of the Authorization field, or fields as `Authorization: …` and `DPoP: …`.
 *
 * @throws UsageError if there is nothing
 */
export function readPresented(input: string): Presented {
  const text = input.replace(/(\r?\n)+$/, '')
  if (text.trim() === '') throw new UsageError('a token must come on standard input, for instance: countersign explain < token.txt')
  const lines = text.split(/\r?\n/)
  if (lines.every((line) => line.trim() === '' || isField(line))) {
    const fields = lines.filter(isField)
    const sent: Record<string, string[]> = {}
    for (const line of fields) sent[nameOf(line)] = [...(sent[nameOf(line)] ?? []), contentOf(line)]
    const single = Object.entries(sent).map(([name, values]) => [name, values.length === 1 ? values[0] : values])
    return { headers: Object.fromEntries(single) as Presented['headers'], token: tokenIn(sent.authorization?.[0] ?? '') }
  }
  // A line break within a token is a fault of the paste: the guard says so as it would say it of a space.
  const value = lines.join(' ')
  return isScheme(value)
    ? { headers: { authorization: value }, token: tokenIn(value) }
    : { headers: { authorization: `Bearer ${value}` }, token: value }
}
