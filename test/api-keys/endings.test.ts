import { memoryStores } from '@countersign/core/memory'
import { createClients } from '@countersign/grants'
import { createApiKeys } from '@countersign/keys'
import { fixedClock } from '@countersign/testkit'
import { apiKeys, createGuard, createRevocations, createSharedRevocations } from '@countersign/verifier'
import { expect, it, onTestFinished } from 'vitest'
import { answerTo, startsAt } from '../verifier/guard-setup.js'

const issuer = 'https://api.example'
const pepper = { current: { id: '1', secret: 'p'.repeat(32) } }
const owner = { type: 'person', id: 'user-1' } as const

function start(isAnnounced: boolean, isShared = false) {
  const stores = memoryStores()
  const clock = fixedClock(startsAt)
  const { now } = clock
  const shared = { store: stores.revocations, subjects: stores.accounts, maxStalenessSeconds: 1e6, onStale: 'refuse', now } as const
  const revocations = isShared ? createSharedRevocations(shared) : createRevocations({ now })
  const clients = createClients({ store: stores.clients, pepper, issuer, now })
  const keys = createApiKeys({ store: stores.keys, pepper, issuer, clients, now, ...(isAnnounced && { revocations }) })
  const guard = createGuard({ issuers: { keys: apiKeys({ keys }) }, revocations, now })
  onTestFinished(async () => {
    await guard.close()
    if ('close' in revocations) await revocations.close()
  })
  const newKey = async (settings: Parameters<typeof keys.create>[0] = { owner, scopes: [] }) => {
    const made = await keys.create(settings)
    if (!made.ok) throw new Error(made.reason)
    return made
  }
  return { clock, revocations, clients, keys, newKey, answer: (key: string) => answerTo(guard, key), guard }
}

it.each([
  ['of this process, of which the keys do not know', false, false],
  ['of this process', true, false],
  ['of all processes', true, true],
])(
  'a key of a person who was revoked in a denylist %s stays refused, and one that was made later is good',
  async (_, isAnnounced, isShared) => {
    const { clock, revocations, newKey, answer } = start(isAnnounced, isShared)
    const before = await newKey()
    clock.advance(5)
    expect(await answer(before.secret)).toBe('200 keys')
    await revocations.revoke({ type: 'subject', issuer, subject: owner.id, notBefore: Math.floor(clock.now() / 1000) })
    clock.advance(1)
    const after = await newKey()
    for (const seconds of [0, 10, 40, 3600]) {
      clock.advance(seconds)
      expect(await answer(before.secret)).toBe('401 revoked_subject')
      expect(await answer(after.secret)).toBe('200 keys')
    }
  },
)

it('a key that was made in the second in which its person was revoked is refused by its record too', async () => {
  const { clock, revocations, keys, newKey } = start(true, true)
  const { secret } = await newKey()
  await revocations.revoke({ type: 'subject', issuer, subject: owner.id, notBefore: Math.floor(clock.now() / 1000) })
  expect(await keys.find(secret)).toMatchObject({ ok: false, refusal: { reason: 'revoked_subject' } })
})

it('a record is not believed in a guard to whose denylist the keys announce nothing', async () => {
  const { keys, newKey, answer } = start(false)
  const { secret, key } = await newKey()
  expect(await answer(secret)).toBe('200 keys')
  await keys.revoke(key.id)
  expect(await answer(secret)).toBe('401 revoked_key')
})

it.each([true, false])(
  'the client of a key is read at each request: its lock and its scopes count at once (announced: %s)',
  async (isAnnounced) => {
    const { clients, newKey, answer, guard } = start(isAnnounced)
    await clients.register({ id: 'app', grants: ['client_credentials'], scopes: ['read', 'write'] })
    const { secret } = await newKey({ owner: { type: 'client', id: 'app' }, scopes: ['read', 'write'] })
    expect(await answer(secret)).toBe('200 keys')
    await clients.update('app', { scopes: ['read'] })
    const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${secret}` } }
    expect(await guard.check(request)).toMatchObject({ ok: true, auth: { scopes: ['read'] } })
    await clients.lock('app')
    expect(await answer(secret)).toBe('401 revoked_client')
  },
)
