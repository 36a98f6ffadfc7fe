import { shownValue } from '@countersign/core'
import type { Middleware } from '../middleware.js'
import { InsufficientScopeError } from './bearer-errors.js'
import { check, valuesOf } from './payload-check.js'

function scopeCheck(
  factory: string,
  scopes: string | readonly string[],
  isEnough: (has: (scope: string) => boolean, list: readonly string[]) => boolean,
): Middleware {
  if (typeof scopes !== 'string' && !Array.isArray(scopes))
    throw new TypeError(`${factory}: scopes must be a string or an array of strings, got ${shownValue(scopes)}`)
  const list: readonly string[] = typeof scopes === 'string' ? scopes.split(' ') : scopes
  return check((payload) => {
    if (!Object.hasOwn(payload, 'scope')) throw new InsufficientScopeError(list, "Missing 'scope' claim")
    const values = valuesOf(payload, 'scope')
    if (!isEnough((scope) => values.includes(scope), list)) throw new InsufficientScopeError(list)
    return true
  })
}

/** Demands every scope of a list, or of a text with spaces. @throws TypeError for another value */
export function requiredScopes(scopes: string | readonly string[]): Middleware {
  return scopeCheck('requiredScopes', scopes, (has, list) => list.every(has))
}

/** Demands one scope of a list, or of a text with spaces. @throws TypeError for another value */
export function scopeIncludesAny(scopes: string | readonly string[]): Middleware {
  return scopeCheck('scopeIncludesAny', scopes, (has, list) => list.some(has))
}
