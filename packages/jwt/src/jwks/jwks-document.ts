import type { KeySet, VerificationKey } from '@countersign/core'
import { importJwk } from '../import-jwk.js'
import type { KeyReason } from '../key-reason.js'
import { createKeySet } from '../key-set.js'

/** How many members of a JWK Set were left out, by why; `truncated` counts those beyond the permitted number of keys. */
export type DroppedKeys = Readonly<Partial<Record<KeyReason | 'truncated', number>>>

/** A usable set, and what of the document was left out. */
export interface ImportedJwks {
  readonly set: KeySet
  readonly dropped: DroppedKeys
}

/** How the members of a JWK Set are imported. */
export interface ImportMembersOptions {
  /** Most usable keys that are taken. @defaultValue no limit */
  readonly maxKeys?: number
  /** Told of each member that cannot be used. What it throws ends the import. */
  readonly onRefused?: (member: unknown, reason: KeyReason) => void
}

/**
 * Imports the members of a JWK Set. Keys that must not verify signatures (private, symmetric, for encryption, weak, of
 * unknown kinds) are left out, as RFC 7517 §5 says; the others stay usable.
 *
 * @param members - of the list `keys`, as parsed
 */
export function importMembers(
  members: readonly unknown[],
  { maxKeys = Number.POSITIVE_INFINITY, onRefused }: ImportMembersOptions = {},
): { readonly keys: readonly VerificationKey[]; readonly dropped: DroppedKeys } {
  const keys: VerificationKey[] = []
  const dropped: Partial<Record<KeyReason | 'truncated', number>> = {}
  for (const [index, member] of members.entries()) {
    if (keys.length >= maxKeys) return { keys, dropped: { ...dropped, truncated: members.length - index } }
    const imported = importJwk(member)
    if (imported.ok) keys.push(imported.key)
    else {
      onRefused?.(member, imported.reason)
      dropped[imported.reason] = (dropped[imported.reason] ?? 0) + 1
    }
  }
  return { keys, dropped }
}

/**
 * Imports a JWK Set (RFC 7517 §5) that was fetched.
 *
 * @param maxKeys - most usable keys that are taken; the first ones are
 * @param name - for messages
 * @throws Error if it is not a JWK Set
 */
export function importJwks(document: unknown, maxKeys: number, name = 'the document'): ImportedJwks {
  const members =
    typeof document === 'object' && document !== null && Object.hasOwn(document, 'keys') ? (document as { keys: unknown }).keys : undefined
  if (!Array.isArray(members)) throw new Error(`${name} is not a JWK Set: it has no array "keys"`)
  const { keys, dropped } = importMembers(members, { maxKeys })
  return { set: createKeySet(keys), dropped }
}
