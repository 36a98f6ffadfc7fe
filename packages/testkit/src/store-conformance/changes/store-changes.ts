import { auditChanges, revocationChanges } from './list-changes.js'
import { attemptChanges, challengeChanges, documentChanges } from './record-changes.js'
import type { StoreChange } from './store-change.js'
import { familyChanges, nonceChanges, replayChanges } from './token-changes.js'

/** Every operation that changes something, of every contract. */
export const storeChanges: readonly StoreChange[] = [
  ...familyChanges,
  ...replayChanges,
  ...nonceChanges,
  ...challengeChanges,
  ...attemptChanges,
  ...documentChanges,
  ...revocationChanges,
  ...auditChanges,
]
