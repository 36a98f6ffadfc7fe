import type { Stores } from '@countersign/core'
import type { StoreChange } from './store-change.js'

const minute = 60_000

const seenChallenge = ({ challenges }: Stores): Promise<unknown> => challenges.read('id')

/** Operations of `ChallengeStore`. */
export const challengeChanges: readonly StoreChange[] = [
  {
    name: 'challenges.put',
    call: ({ challenges }, callId) => challenges.put('id', 'record', minute, { callId }),
    answer: undefined,
    other: ({ challenges }) => challenges.put('id', 'another', minute),
    look: seenChallenge,
  },
  {
    name: 'challenges.put of a record that is taken',
    call: ({ challenges }, callId) => challenges.put('id', 'record', minute, { callId }),
    answer: undefined,
    other: ({ challenges }) => challenges.take('id'),
    look: seenChallenge,
  },
  {
    name: 'challenges.keep',
    call: ({ challenges }, callId) => challenges.keep('id', 'record', minute, { callId }),
    answer: 'record',
    other: ({ challenges }) => challenges.take('id'),
    look: seenChallenge,
  },
  {
    name: 'challenges.take',
    prepare: ({ challenges }) => challenges.put('id', 'record', minute),
    call: ({ challenges }, callId) => challenges.take('id', { callId }),
    answer: 'record',
    other: ({ challenges }) => challenges.put('id', 'another', minute),
    look: seenChallenge,
  },
  {
    name: 'challenges.undo',
    async prepare({ challenges }) {
      await challenges.put('id', 'record', minute)
      await challenges.take('id', { callId: 'take-that-is-undone' })
    },
    call: ({ challenges }) => challenges.undo('id', 'take-that-is-undone'),
    answer: true,
    other: ({ challenges }) => challenges.take('id'),
    look: seenChallenge,
  },
]

const attempt = { key: 'key', limit: 5, windowMs: minute }
const usedAttempts = ({ attempts }: Stores): Promise<unknown> => attempts.used('key')

/** Operations of `AttemptStore`. */
export const attemptChanges: readonly StoreChange[] = [
  {
    name: 'attempts.reserve',
    call: ({ attempts }, callId) => attempts.reserve({ ...attempt, callId }),
    answer: { ok: true, remaining: 4 },
    other: ({ attempts }) => attempts.reserve(attempt),
    look: usedAttempts,
  },
  {
    name: 'attempts.clear',
    prepare: ({ attempts }) => attempts.reserve(attempt),
    call: ({ attempts }, callId) => attempts.clear('key', { callId }),
    answer: undefined,
    other: ({ attempts }) => attempts.reserve(attempt),
    look: usedAttempts,
  },
]

const address = { collection: 'collection', id: 'id' }
const seenDocument = async ({ clients }: Stores): Promise<unknown> => [
  await clients.get(address),
  await clients.list({ collection: 'collection' }),
]

const removed = [
  { ...address, revision: 1 },
  { collection: 'another', id: 'id', revision: 1 },
  { collection: 'another', id: 'none', revision: 1 },
]

/** Operations of `DocumentStore` on many documents. */
const manyDocumentsChanges: readonly StoreChange[] = [
  {
    name: 'documents.removeMany',
    async prepare({ clients }) {
      for (const { collection, id } of removed.slice(0, 2)) await clients.put({ collection, id, value: '0', revision: 0, group: 'group' })
    },
    call: ({ clients }, callId) => clients.removeMany(removed, { callId }),
    answer: [true, true, false],
    other: ({ clients }) => clients.put({ ...address, value: 'anew', revision: 0 }),
    look: async (stores) => [await seenDocument(stores), await stores.clients.count({ collection: 'another' })],
  },
]

/** Operations of `DocumentStore`. */
export const documentChanges: readonly StoreChange[] = [
  {
    name: 'documents.put that creates',
    call: ({ clients }, callId) => clients.put({ ...address, value: '0', revision: 0, callId }),
    answer: true,
    other: ({ clients }) => clients.put({ ...address, value: '1', revision: 1 }),
    look: seenDocument,
  },
  {
    name: 'documents.put that creates what is removed',
    call: ({ clients }, callId) => clients.put({ ...address, value: '0', revision: 0, callId }),
    answer: true,
    other: ({ clients }) => clients.remove({ ...address, revision: 1 }),
    look: seenDocument,
  },
  {
    name: 'documents.put that changes',
    prepare: ({ clients }) => clients.put({ ...address, value: '0', revision: 0 }),
    call: ({ clients }, callId) => clients.put({ ...address, value: '1', revision: 1, callId }),
    answer: true,
    other: ({ clients }) => clients.put({ ...address, value: '2', revision: 2 }),
    look: seenDocument,
  },
  {
    name: 'documents.remove',
    prepare: ({ clients }) => clients.put({ ...address, value: '0', revision: 0 }),
    call: ({ clients }, callId) => clients.remove({ ...address, revision: 1, callId }),
    answer: true,
    other: ({ clients }) => clients.put({ ...address, value: 'anew', revision: 0 }),
    look: seenDocument,
  },
  ...manyDocumentsChanges,
]
