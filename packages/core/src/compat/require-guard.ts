import { shownValue } from '../options/check-options.js'

/**
 * What every factory checks that is given a guard.
 *
 * @throws TypeError if it is not a guard
 * @example
 * requireGuard('expressJwt', guard)
 */
export function requireGuard(factory: string, guard: unknown): void {
  if (typeof (guard as { readonly check?: unknown } | undefined)?.check !== 'function')
    throw new TypeError(`${factory}: the first argument must be a guard, got ${shownValue(guard)}`)
}
