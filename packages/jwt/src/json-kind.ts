/** What a JSON value is, in words, and nothing of what it says. For details of refusals. */
export function jsonKind(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (value === '') return 'an empty string'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'boolean' ? 'true or false' : `a ${typeof value}`
}

/** How the detail of a refusal names integers that a double cannot tell apart (RFC 7493 §2.2). */
export const exactInteger = 'a string, or an integer between -(2^53 - 1) and 2^53 - 1'
