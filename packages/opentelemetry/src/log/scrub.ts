/** Longest text in a line. */
const longest = 500

/** What may be a secret in the message of an error, and what stands in its place. */
const secrets: readonly (readonly [RegExp, string])[] = [
  // A JWT, whole or cut off.
  [/eyJ[\w-]{5,}(?:\.[\w-]*){0,4}/g, '[token]'],
  [/\b(Basic|Bearer|DPoP) +[\w.~+/=-]{4,}/gi, '$1 [credentials]'],
  // Secrets that this suite makes.
  [/\bc[ks]_[\w-]{8,}/g, '[secret]'],
  // User name and password in a URL.
  [/:\/\/[^\s/@]{1,256}@/g, '://[credentials]@'],
  [/\b(\w{0,32}(?:password|passwd|secret|token|assertion|pepper|api_?key)\w{0,32}["']?\s{0,2}[=:]\s{0,2})[^\s&,;}]+/gi, '$1[secret]'],
  [/-----BEGIN [A-Z ]{1,40}-----[\s\S]*/g, '[key]'],
]

/**
 * Takes out of a text what may be a secret, and what could forge another line of a log.
 *
 * @returns at most 500 characters
 */
export function scrub(text: string): string {
  // First the length: a pattern must not run over a megabyte.
  let safe = text.slice(0, longest)
  for (const [pattern, instead] of secrets) safe = safe.replaceAll(pattern, instead)
  return safe.slice(0, longest).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
}

/** What a line says of an error. A stack would repeat the message, so it is left out. */
interface LoggedError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly cause?: LoggedError
}

/** An error as plain data, with at most two causes of it. */
export function loggedError(error: unknown, depth = 2): LoggedError {
  if (!(error instanceof Error)) return { name: typeof error, message: typeof error === 'string' ? scrub(error) : '' }
  const { code } = error as { readonly code?: unknown }
  return {
    name: scrub(error.name),
    message: scrub(error.message),
    ...(typeof code === 'string' && { code: scrub(code) }),
    ...(error.cause !== undefined && depth > 0 && { cause: loggedError(error.cause, depth - 1) }),
  }
}
