import { type AuditEntry, type AuditStore, checkOptions, eventChannel, kind, type OptionShape, shownValue } from '@countersign/core'
import type { Audit, AuditRecord } from './audit.js'
import { createAuditQueue } from './audit-queue.js'

/** Options of {@link auditTo}. */
export interface AuditToOptions {
  /** How long an entry is kept. @defaultValue 7776000 (90 days) */
  readonly entryLifetimeSeconds?: number
  /**
   * What happens to a token whose entry cannot be written. `issue`: the token does not wait for the entry, which is tried again for 30 s; what is
   * lost after that is counted in `countersign:audit`. `refuse`: the token waits for the entry, and without it the answer is 503.
   * @defaultValue 'issue'
   */
  readonly onOutage?: 'issue' | 'refuse'
}

/** Writes to a store what is issued. */
export interface StoreAudit extends Audit {
  /** Resolves when each entry is written, or lost. Call it before the process ends. */
  flush(): Promise<void>
}

const shape: OptionShape<AuditToOptions> = { entryLifetimeSeconds: kind.positiveSeconds, onOutage: kind.oneOf('issue', 'refuse') }

const events = eventChannel('countersign:audit')

/** What is about to be issued, as an entry. */
function entryOf({ clientId, subject, grant, family, jti }: AuditRecord): AuditEntry {
  const detail = { ...(grant !== undefined && { grant }), ...(family !== undefined && { family }), ...(jti !== undefined && { jti }) }
  return { event: 'countersign:token', clientId, subject, detail }
}

/**
 * The option `audit` of `createTokenEndpoint` for a store: each token is an entry `countersign:token` with its client, its subject and, as detail, the grant, the
 * `jti` and the family of refresh tokens.
 *
 * @param store - for instance `stores.audit`
 * @throws TypeError if an argument is wrong
 * @example
 * import { memoryStores } from '@countersign/core/memory'
 *
 * const { audit: store } = memoryStores()
 * const audit = auditTo(store, { entryLifetimeSeconds: 30 * 86_400 })
 * await audit.write({ grant: 'client_credentials', clientId: 'a-client', subject: 'a-client', jti: 'a-jti' })
 * await audit.flush()
 * console.log((await store.page({ clientId: 'a-client' })).items.length) // → 1
 */
export function auditTo(store: AuditStore, options: AuditToOptions = {}): StoreAudit {
  checkOptions('auditTo', options, shape)
  if (typeof store?.append !== 'function')
    throw new TypeError(`auditTo: the first argument must be an AuditStore, for instance stores.audit, got ${shownValue(store)}`)
  const { entryLifetimeSeconds = 90 * 86_400, onOutage = 'issue' } = options
  const queue = createAuditQueue()

  async function append(record: AuditRecord, callId?: string): Promise<void> {
    const { dropped } = await store.append(entryOf(record), { ttlMs: entryLifetimeSeconds * 1000, callId })
    if (dropped > 0) events.publish({ outcome: 'dropped', count: dropped })
  }

  return {
    policy: onOutage === 'refuse' ? 'required' : 'optional',
    write: onOutage === 'refuse' ? (record) => append(record) : (record) => queue.add((callId) => append(record, callId)),
    flush: () => queue.flush(),
  }
}
