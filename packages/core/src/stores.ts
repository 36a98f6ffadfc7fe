import type { AttemptStore } from './attempt-store.js'
import type { AuditStore } from './audit-store.js'
import type { ChallengeStore } from './challenge-store.js'
import type { DocumentStore } from './document-store.js'
import type { Lifecycle } from './lifecycle.js'
import type { NonceStore } from './nonce-store.js'
import type { RefreshFamilyStore } from './refresh-family-store.js'
import type { ReplayStore } from './replay-store.js'
import type { RevocationStore } from './revocation-store.js'

/**
 * Everything that is kept, by one adapter. Each method is one atomic operation; every duration is in milliseconds and
 * judged by the store's clock; a rejection is an outage and never means "unused".
 */
export interface Stores extends Lifecycle {
  readonly replay: ReplayStore
  readonly nonces: NonceStore
  readonly challenges: ChallengeStore
  readonly families: RefreshFamilyStore
  readonly attempts: AttemptStore
  readonly clients: DocumentStore
  readonly keys: DocumentStore
  readonly accounts: DocumentStore
  readonly revocations: RevocationStore
  readonly audit: AuditStore
}
