/** Options whose values are no secrets. Behind any other name a literal may be one. */
const plain: ReadonlySet<string | undefined> = new Set(
  'issuer audience resource algorithms url endpoint userPoolId clientId tokenUse typ types schema via scopes grants senderConstraint'.split(
    ' ',
  ),
)
/** The name of the option behind which a place is, or is in its list. */
const name = /(?:^|[{,\s])['"]?(\w+)['"]?\s*[:=]\s*(?:\[[^\][{}()]*)?$/
const literals = /(['"`])(?:\\.|(?!\1).)*(?:\1|$)/g

/**
 * A line of a config as it may be printed, and sent to somebody who helps: texts are left out, but for the values of options that are no secrets.
 *
 * @example
 * shownSource("secrets: { current: { id: '1', secret: 'abc' } }") // "secrets: { current: { id: '…', secret: '…' } }"
 */
export function shownSource(line: string): string {
  return line.replace(literals, (literal: string, quote: string, at: number) => {
    const isName = /^\s*:/.test(line.slice(at + literal.length))
    return isName || plain.has(name.exec(line.slice(0, at))?.[1]) ? literal : `${quote}…${quote}`
  })
}
