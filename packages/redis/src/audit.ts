import { type AuditEntry, type AuditStore, completeAuditEntry, completeAuditQuery, fitsAuditQuery, wrongAfter } from '@countersign/core'
import { changeKept, type RedisAccess } from './connection/access.js'
import { wholeMs } from './connection/durations.js'
import { streamPage } from './connection/stream-page.js'

/** Ids of a Stream have unsigned numbers of 64 bits; no clock is beyond this. */
const lastMs = 9e15

const idOf = (milliseconds: number): string => `${Math.min(lastMs, Math.max(0, Math.ceil(milliseconds)))}-0`

/**
 * What happened: one Stream. The id of an entry begins with its time.
 *
 * @param capacity - how many entries there is room for
 */
export function redisAudit(access: RedisAccess, capacity: number): AuditStore {
  const key = access.keys.audit
  return {
    async append(entry, { ttlMs, ...call }) {
      const json = completeAuditEntry(entry, ttlMs)
      const answer = await changeKept(access, { key, call, kind: 'always' }, 'appendAudit', json, wholeMs(ttlMs), capacity)
      const [id, dropped] = answer as readonly unknown[]
      return { id: String(id), dropped: Number(dropped) }
    },
    async page(query) {
      const complete = completeAuditQuery(query)
      if (complete.after !== undefined && !/^\d{1,16}-\d{1,16}$/.test(complete.after)) throw wrongAfter('audit.page')
      const within = { first: idOf(complete.fromMs), last: `(${idOf(complete.untilMs)}` }
      return streamPage(access, key, { ...complete, ...within }, ({ id, entry }) => {
        const stored = { ...(JSON.parse(entry) as AuditEntry), id, atMs: Number(id.split('-')[0]) }
        return fitsAuditQuery(stored, complete) ? stored : undefined
      })
    },
  }
}
