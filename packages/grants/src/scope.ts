import { refused, type TokenRefused } from './token-refusal.js'

/** RFC 6749 §3.3: printable ASCII without space, quote and backslash. */
export const isScopeToken = (text: unknown): text is string =>
  typeof text === 'string' && text.length <= 255 && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)

/** Scopes that were asked for, each once, or why they cannot be had. */
export type ScopeAnswer = { readonly ok: true; readonly scopes: readonly string[] } | TokenRefused

/**
 * Judges the parameter `scope` (RFC 6749 §3.3). What is not allowed is refused, never dropped.
 *
 * @param allowed - beyond which nothing is granted
 * @param usual - what a request gets that asks for nothing
 */
export function judgeScope(parameter: string | undefined, allowed: readonly string[], usual: readonly string[]): ScopeAnswer {
  if (parameter === undefined) return { ok: true, scopes: usual }
  const scopes = [...new Set(parameter.split(' '))]
  if (!scopes.every(isScopeToken)) return refused('malformed_scope')
  return scopes.every((scope) => allowed.includes(scope)) ? { ok: true, scopes } : refused('scope_not_allowed')
}
