import type { Stores } from '@countersign/core'

const minute = 60_000
const entry = { type: 'client', issuer: 'issuer', clientId: 'client' } as const
const document = { collection: 'collection', id: 'id' }

type Calls = Readonly<Record<string, (stores: Stores) => Promise<unknown>>>

/** Every operation that may change something. */
export const storeChangeCalls: Calls = {
  'replay.claim': ({ replay }) => replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }),
  'replay.claim of something old': ({ replay }) => replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 60 * minute, ttlMs: minute }),
  'replay.undo': ({ replay }) => replay.undo({ purpose: 'test', id: 'id' }, 'a-call-id'),
  'nonces.remember': ({ nonces }) => nonces.remember('jti', { clientId: 'client', ttlMs: minute }),
  'nonces.spend': ({ nonces }) => nonces.spend('jti', 'purpose'),
  'nonces.undo': ({ nonces }) => nonces.undo('jti', 'a-call-id'),
  'challenges.put': ({ challenges }) => challenges.put('id', 'record', minute),
  'challenges.keep': ({ challenges }) => challenges.keep('id', 'record', minute),
  'challenges.take': ({ challenges }) => challenges.take('id'),
  'families.create': ({ families }) => families.create({ family: 'family', binding: 'binding', data: 'data', ttlMs: minute }),
  'families.rotate': ({ families }) => families.rotate({ family: 'family', generation: 0, binding: 'binding', retryWindowMs: 0 }),
  'families.revoke': ({ families }) => families.revoke('family', 'reason'),
  'families.undo': ({ families }) => families.undo('family', 'a-call-id'),
  'attempts.reserve': ({ attempts }) => attempts.reserve({ key: 'key', limit: 1, windowMs: minute }),
  'attempts.clear': ({ attempts }) => attempts.clear('key'),
  'documents.put': ({ clients }) => clients.put({ ...document, value: '0', revision: 0 }),
  'documents.remove': ({ clients }) => clients.remove({ ...document, revision: 1 }),
  'documents.removeMany': ({ clients }) => clients.removeMany([{ ...document, revision: 1 }]),
  'revocations.revoke': ({ revocations }) => revocations.revoke(entry),
  'revocations.revokeAll': ({ revocations }) => revocations.revokeAll([{ entry }]),
  'audit.append': ({ audit }) => audit.append({ event: 'event' }, { ttlMs: minute }),
}

/** Every operation that only reads. */
export const storeReadCalls: Calls = {
  'challenges.read': ({ challenges }) => challenges.read('id'),
  'families.find': ({ families }) => families.find('family'),
  'attempts.used': ({ attempts }) => attempts.used('key'),
  'documents.get': ({ clients }) => clients.get(document),
  'documents.list': ({ clients }) => clients.list({ collection: 'collection' }),
  'documents.getMany': ({ clients }) => clients.getMany([document]),
  'documents.scan': ({ clients }) => clients.scan(),
  'documents.count': ({ clients }) => clients.count({ collection: 'collection' }),
  'revocations.since': ({ revocations }) => revocations.since(undefined),
  'revocations.page': ({ revocations }) => revocations.page(),
  'audit.page': ({ audit }) => audit.page(),
  'revocations.cursor': ({ revocations }) => revocations.cursor(),
}
