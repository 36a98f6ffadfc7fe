import { isUnavailable, type Now } from '@countersign/core'
import type { LastUses } from './last-uses.js'
import type { ClientRecords } from './record/client-record.js'
import type { KeptSecret, SecretHasher } from './record/client-secret.js'

/** Told of a secret that was right. It never fails and keeps nobody waiting. */
export type NoteUse = (clientId: string, kept: KeptSecret, secret: string) => void

interface HashRenewalOptions {
  readonly records: ClientRecords
  readonly hasher: SecretHasher
  readonly uses: Pick<LastUses, 'note'>
  readonly now: Now
}

/** How many secrets are remembered of which the hash was renewed here. */
const maxNoted = 10_000

/** While processes still differ in their current pepper, two of them renew the hash of one secret in turn, each so rarely. */
const everyMs = 60_000

/**
 * Notes the use of a secret. If its hash is under a previous pepper, the hash is renewed, at most once a minute: only when it is used, the secret itself
 * is at hand.
 */
export function createHashRenewal({ records, hasher, uses, now }: HashRenewalOptions): NoteUse {
  const noted = new Map<string, number>()

  async function renew(clientId: string, kept: KeptSecret, secret: string): Promise<void> {
    const renewed = hasher.hash(secret)
    await records.change(clientId, (record) => ({
      ...record,
      secrets: record.secrets.map((one) => (one.id === kept.id && one.hash === kept.hash ? { ...one, ...renewed } : one)),
    }))
  }

  return (clientId, kept, secret) => {
    uses.note(clientId, kept.id)
    if (hasher.isCurrent(kept)) return
    const at = now()
    if (at - (noted.get(kept.id) ?? Number.NEGATIVE_INFINITY) < everyMs) return
    if (noted.size >= maxNoted) noted.clear()
    noted.set(kept.id, at)
    renew(clientId, kept, secret).catch((error: unknown) => {
      noted.delete(kept.id)
      if (!isUnavailable(error)) process.emitWarning(error instanceof Error ? error : String(error))
    })
  }
}
