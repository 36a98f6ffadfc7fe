import { type Now, wallClock } from '../clock.js'
import { checkOptions } from '../options/check-options.js'
import { kind } from '../options/kinds.js'
import { retaining } from '../retaining.js'
import type { Stores } from '../stores.js'
import { memoryAttempts } from './memory-attempts.js'
import { memoryAudit } from './memory-audit.js'
import { memoryDocuments } from './memory-documents.js'
import { memoryFamilies } from './memory-families.js'
import { memoryRevocations } from './memory-revocations.js'
import { memoryChallenges, memoryNonces, memoryReplay } from './memory-tokens.js'

/** Options of {@link memoryStores}. */
export interface MemoryStoresOptions {
  /** Epoch milliseconds: the store's clock. @defaultValue `Date.now` */
  readonly now?: Now
  /** How many entries of the audit there is room for; beyond it the oldest go. @defaultValue 10000 */
  readonly auditEntries?: number
}

/**
 * Stores in this process: for one process, tests and development. A restart forgets everything; what was issued
 * before is then refused where that can be told.
 *
 * @throws TypeError for an option that is unknown or wrong
 */
export function memoryStores(options: MemoryStoresOptions = {}): Stores {
  checkOptions<MemoryStoresOptions>('memoryStores', options, { now: kind.func, auditEntries: kind.count })
  const now = options.now ?? wallClock
  const close = async (): Promise<void> => undefined
  const keys = memoryDocuments(now)
  return {
    replay: memoryReplay(now),
    nonces: memoryNonces(now),
    challenges: memoryChallenges(now),
    families: memoryFamilies(now),
    attempts: memoryAttempts(now),
    clients: memoryDocuments(now),
    keys,
    accounts: memoryDocuments(now),
    revocations: retaining(memoryRevocations(now), keys),
    audit: memoryAudit(now, options.auditEntries ?? 10_000),
    ready: async () => ({ ok: true, parts: { memory: { ok: true } } }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
