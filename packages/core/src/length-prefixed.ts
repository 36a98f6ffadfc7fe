/**
 * Parts in one string, each with its length before it: no two lists of parts give the same string, also where a part comes from a request.
 *
 * @example
 * lengthPrefixed('ab', 'c') // '2:ab1:c'
 */
export function lengthPrefixed(...parts: readonly string[]): string {
  let joined = ''
  for (const part of parts) joined += `${part.length}:${part}`
  return joined
}
