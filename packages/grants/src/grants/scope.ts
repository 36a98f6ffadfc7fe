import { splitScope } from '@countersign/core'
import { isScopeToken } from '../clients/record/client.js'
import { refused, type TokenRefused } from '../refusal.js'

/** The requested scopes, each once, or the reason why they cannot be granted. */
export type ScopeAnswer =
  | { readonly ok: true; readonly scopes: readonly string[]; readonly requested?: readonly string[] | undefined }
  | TokenRefused

/** The scopes that a parameter or claim asks for, each once; undefined where it names none (RFC 6749 §3.3: the default applies). */
function asked(parameter: string | undefined): readonly string[] | undefined {
  const tokens = parameter === undefined ? [] : [...new Set(splitScope(parameter))]
  return tokens.length > 0 ? tokens : undefined
}

/**
 * Judges the parameter `scope` (RFC 6749 §3.3). What is not allowed is refused, never dropped.
 *
 * @param allowed - beyond which nothing is granted
 * @param usual - what a request gets that asks for nothing
 * @returns `requested` is undefined for a request that asks for nothing
 */
export function judgeScope(parameter: string | undefined, allowed: readonly string[], usual: readonly string[]): ScopeAnswer {
  const requested = asked(parameter)
  if (requested === undefined) return { ok: true, scopes: usual, requested }
  if (!requested.every(isScopeToken)) return refused('malformed_scope')
  return requested.every((scope) => allowed.includes(scope)) ? { ok: true, scopes: requested, requested } : refused('scope_not_allowed')
}
