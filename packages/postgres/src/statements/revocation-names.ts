import { type RevocationEntry, revocationName, rowKey } from '@countersign/core'

/** Half of a SHA-256: nobody finds two texts with one key. */
const nameBytes = 16

/** What a row is found by. */
export function nameKey(text: string): Buffer {
  return rowKey(text).subarray(0, nameBytes)
}

/** The columns that pages of revocations are filtered by. A later release may have entries that this one does not know. */
export function namesOf(entry: RevocationEntry): { readonly type: string; readonly issuer: Buffer; readonly name: Buffer } {
  const { type, issuer }: { readonly type?: string; readonly issuer?: string } = entry
  const name: string | undefined = revocationName(entry)
  return { type: type ?? '', issuer: nameKey(issuer ?? ''), name: nameKey(name ?? '') }
}
