const quote = 0x22
const colon = 0x3a
const backslash = 0x5c

/** `JSON.parse`, but undefined for what it does not take. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Counts the members that a JSON text writes, at every depth: the colons outside of its strings. A member that is written twice counts twice. */
export function countMembers(text: string): number {
  let members = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at)
    else if (code === colon) members++
  }
  return members
}

/**
 * Writes member names that have escapes without them. JSON.parse of Node 24 and 26 takes such a name for another one with
 * a backslash in it, if anyone has made it read that one before (nodejs/node#63785).
 *
 * @returns undefined when a name cannot be written so: a quotation mark, a backslash, a control character or an unpaired
 * surrogate is in it
 */
export function plainNames(text: string): string | undefined {
  let plain = ''
  let copied = 0
  let start = text.indexOf('"')
  while (start !== -1) {
    const end = endOfString(text, start) + 1
    const string = text.slice(start, end)
    if (string.includes('\\') && isName(text, end)) {
      const name = JSON.stringify(parseJson(string))
      if (name === undefined || name.includes('\\')) return undefined
      plain += text.slice(copied, start) + name
      copied = end
    }
    start = text.indexOf('"', end)
  }
  return plain + text.slice(copied)
}

function isName(text: string, end: number): boolean {
  let at = end
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return text.charCodeAt(at) === colon
}

/** Where a string ends that starts with a quotation mark, or where the text ends. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1
  return at
}
