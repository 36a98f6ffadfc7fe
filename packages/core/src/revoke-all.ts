import type { RevocationAddition } from './revocation-store.js'

const tied: unique symbol = Symbol.for('countersign.revoke')

interface RevokesAll {
  readonly revoke: unknown
  readonly revokeAll: unknown
}

/**
 * Ties `revokeAll` to the `revoke` beside it. An adapter and a wrapper call it with what they return: {@link revokeAllOf} gives only a tied
 * `revokeAll`.
 *
 * @returns the same object
 * @example
 * ```ts
 * import { memoryStores } from '@countersign/core/memory'
 * import { type RevocationStore, tieRevokeAll } from '@countersign/core'
 *
 * const { revocations } = memoryStores()
 * const logged: RevocationStore = tieRevokeAll({
 *   ...revocations,
 *   revoke(entry, options) {
 *     console.log('revoke', entry)
 *     return revocations.revoke(entry, options)
 *   },
 *   revokeAll(entries, call) {
 *     console.log('revoke', entries)
 *     return revocations.revokeAll(entries, call)
 *   },
 * })
 * ```
 */
export function tieRevokeAll<T extends RevokesAll>(publisher: T): T {
  Object.defineProperty(publisher.revokeAll, tied, { value: publisher.revoke })
  return publisher
}

/**
 * The `revokeAll` of an announcer that may be used in place of its `revoke`.
 *
 * @returns undefined if it is missing or not tied to this `revoke`. So a wrapper `{ ...store, revoke }` gets every entry, one by one:
 * without this check, `revokeAll` of the store would pass the wrapper by
 */
export function revokeAllOf<
  T extends { readonly revoke: unknown; readonly revokeAll?: ((entries: readonly RevocationAddition[]) => unknown) | undefined },
>(publisher: T): Exclude<T['revokeAll'], undefined> | undefined {
  const { revoke, revokeAll } = publisher
  if (revokeAll === undefined || Reflect.get(revokeAll, tied) !== revoke) return undefined
  return revokeAll.bind(publisher) as Exclude<T['revokeAll'], undefined>
}
