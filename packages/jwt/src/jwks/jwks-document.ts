import type { KeySet, VerificationKey } from '@countersign/core'
import { importJwk } from '../import-jwk.js'
import { createKeySet } from '../key-set.js'

/** A usable set and how many keys of the document were left out, by why. */
export interface ImportedJwks {
  readonly set: KeySet
  readonly dropped: Readonly<Record<string, number>>
}

/** Most keys that a document may hold. */
const maxKeys = 100

/**
 * Imports a JWK Set (RFC 7517 §5). Keys that must not verify signatures (private, symmetric, for encryption, weak,
 * of unknown kinds) are left out; the others stay usable.
 *
 * @throws Error if it is no JWK Set or holds more than 100 keys
 */
export function importJwks(document: unknown): ImportedJwks {
  const keys =
    typeof document === 'object' && document !== null && Object.hasOwn(document, 'keys') ? (document as { keys: unknown }).keys : undefined
  if (!Array.isArray(keys)) throw new Error('the document is no JWK Set: it has no list "keys"')
  if (keys.length > maxKeys) throw new Error(`the JWK Set holds more than ${maxKeys} keys`)
  const usable: VerificationKey[] = []
  const dropped: Record<string, number> = {}
  for (const jwk of keys as readonly unknown[]) {
    const imported = importJwk(jwk)
    if (imported.ok) usable.push(imported.key)
    else dropped[imported.fault] = (dropped[imported.fault] ?? 0) + 1
  }
  return { set: createKeySet(usable), dropped }
}
