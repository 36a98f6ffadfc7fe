import { memoryStores } from '@countersign/core/memory'
import * as keys from '@countersign/keys'
import * as verifier from '@countersign/verifier'
import { itTells, loose, secretOf } from './mistake.js'

const createApiKeys = loose(keys.createApiKeys)
const apiKeys = loose(verifier.apiKeys)
const options = { issuer: 'https://api.example', store: memoryStores().keys, pepper: { current: { id: '1', secret: 'p'.repeat(32) } } }
const denylist = { store: memoryStores().revocations, maxStalenessSeconds: 10, onStale: 'refuse' } as const
const subjects = memoryStores().accounts
const made = keys.createApiKeys(options)
const create = loose(made.create)
const key = { owner: { type: 'person', id: 'user-1' }, scopes: ['read'] }

itTells([
  [
    'a short pepper',
    () => createApiKeys({ ...options, pepper: { current: { id: '1', secret: secretOf(8) } } }),
    'createApiKeys: pepper.current.secret must be a string or bytes, 32 bytes or more, got a string of 8 characters',
  ],
  [
    'the prefix of client secrets',
    () => createApiKeys({ ...options, prefix: 'cs_' }),
    'createApiKeys: prefix must be 2 to 32 letters, digits, _ and -, other than cs_, which client secrets begin with, got a string of 3 characters',
  ],
  [
    'another owner',
    () => create({ ...key, owner: { type: 'robot', id: '1' } }),
    'apiKeys.create: owner.type must be "client" or "person" or "entity", got "robot"',
  ],
  [
    'milliseconds',
    () => create({ ...key, expiresAt: 1_900_000_000_000 }),
    'apiKeys.create: expiresAt must be epoch seconds, got 1900000000000, which looks like milliseconds',
  ],
  [
    'an end before the beginning',
    () => create({ ...key, notBefore: 1_900_000_000, expiresAt: 1_800_000_000 }),
    'apiKeys.create: notBefore must be before expiresAt (1800000000), got 1900000000',
  ],
  [
    'a denylist that forgets subjects',
    () => createApiKeys({ ...options, revocations: verifier.createSharedRevocations(denylist) }),
    'createApiKeys: revocations must be made with the option subjects, because a key outlives the entries of a denylist, got one without it',
  ],
  [
    'a denylist of which the keys do not know',
    () =>
      verifier.createGuard({
        revocations: verifier.createSharedRevocations({ ...denylist, subjects }),
        issuers: { partnerKeys: verifier.apiKeys({ keys: made }) },
      }),
    'apiKeys: keys must be made with the revocations of the guard, got keys with others or none in the entry "partnerKeys"',
  ],
  ['no keys', () => apiKeys({ keys: {} }), 'apiKeys: keys must be what createApiKeys returns, got an object'],
  [
    'a prefix that a JWT can begin with',
    () => apiKeys({ keys: keys.createApiKeys({ ...options, prefix: 'eyJ' }) }),
    'apiKeys: recognise.prefix must not be how a JWT can begin, got "eyJ"',
  ],
])
