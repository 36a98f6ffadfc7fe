import type { ReplayStore, Stores } from '@countersign/core'

const address = { collection: 'nuance', id: 'beginning' }

/**
 * A store cannot tell whether something was used that is older than its own memory, and says `unprovable`. But nothing was used
 * here before the example was first started on a store: what was issued before that counts as not used. What the store forgets
 * later it forgets together with this note, or it is younger than the note: that stays refused.
 */
export async function acceptingFromBefore({ replay, accounts }: Stores): Promise<ReplayStore> {
  // Only the first start gets to write it.
  await accounts.put({ ...address, value: String(Date.now()), revision: 0 })
  return {
    ...replay,
    async claim(claim) {
      const verdict = await replay.claim(claim)
      if (verdict !== 'unprovable') return verdict
      const note = await accounts.get(address)
      const isFromBefore = note !== undefined && Date.now() - claim.issuedAgoMs < Number(note.value)
      return isFromBefore ? replay.claim({ ...claim, issuedAgoMs: 0 }) : 'unprovable'
    },
  }
}
