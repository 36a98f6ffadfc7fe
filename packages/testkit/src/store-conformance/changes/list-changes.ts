import type { Stores } from '@countersign/core'
import type { StoreChange } from './store-change.js'

const minute = 60_000

const entry = { type: 'client', issuer: 'issuer', clientId: 'client' } as const
const another = { type: 'client_key', issuer: 'issuer', thumbprint: 'thumbprint' } as const
/** Epochs are of the store: they are compared, not written down. */
async function seenRevocations({ revocations }: Stores): Promise<unknown> {
  const { cursor, records } = await revocations.since(undefined)
  return [cursor, records.map((record) => [record.cursor, record.entry, record.reinstated])]
}

/** Operations of `RevocationStore`: who is locked, let in again by somebody else, must not be locked by a call that comes again. */
export const revocationChanges: readonly StoreChange[] = [
  {
    name: 'revocations.revoke',
    async call({ revocations }, callId) {
      const cursor = await revocations.revoke(entry, { ttlMs: minute, callId })
      const { records } = await revocations.since(undefined)
      return records.findIndex((record) => record.cursor === cursor)
    },
    answer: 0,
    other: ({ revocations }) => revocations.revoke(entry, { reinstated: true }),
    look: seenRevocations,
  },
  {
    name: 'revocations.revokeAll',
    async call({ revocations }, callId) {
      const cursors = await revocations.revokeAll([{ entry, ttlMs: minute }, { entry: another }], { callId })
      const { records } = await revocations.since(undefined)
      return cursors.map((cursor) => records.findIndex((record) => record.cursor === cursor))
    },
    answer: [0, 1],
    other: ({ revocations }) => revocations.revoke(entry, { reinstated: true }),
    look: seenRevocations,
  },
]

const happened = { event: 'event', clientId: 'client', detail: { n: 1 } }

/** Operations of `AuditStore`. */
export const auditChanges: readonly StoreChange[] = [
  {
    name: 'audit.append',
    async call({ audit }, callId) {
      const { id, dropped } = await audit.append(happened, { ttlMs: minute, callId })
      const { items } = await audit.page()
      return [items.findIndex((item) => item.id === id), dropped]
    },
    answer: [0, 0],
    other: ({ audit }) => audit.append(happened, { ttlMs: minute }),
    look: async ({ audit }) => (await audit.page()).items,
  },
]
