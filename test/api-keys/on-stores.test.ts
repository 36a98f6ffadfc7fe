import { createHash, randomUUID } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { createClients } from '@countersign/grants'
import { createApiKeys } from '@countersign/keys'
import { apiKeys, createGuard, createSharedRevocations, requireScopes } from '@countersign/verifier'
import { expect, it, onTestFinished, vi } from 'vitest'
import { onEveryStore } from '../grants/on-every-store.js'
import { answerTo, bearer, recorded } from '../verifier/guard-setup.js'

const issuer = 'https://api.example'
const pepper = { current: { id: '1', secret: 'p'.repeat(32) } }
const person = (id: string) => ({ type: 'person', id }) as const

/** Everything that one process has, wired as documented. */
async function startProcess(stores: Stores) {
  await stores.ready()
  const revocations = createSharedRevocations({
    store: stores.revocations,
    subjects: stores.keys,
    maxStalenessSeconds: 10,
    pollSeconds: 0.2,
    onStale: 'refuse',
  })
  const clients = createClients({ store: stores.clients, pepper, issuer, revocations })
  const keys = createApiKeys({ store: stores.keys, pepper, issuer, clients, revocations })
  const guard = createGuard({ issuers: { keys: apiKeys({ keys }) }, revocations })
  onTestFinished(async () => {
    await guard.close()
    await revocations.close()
  })
  await revocations.ready()
  return { clients, keys, guard, revocations }
}

async function newKey(keys: Awaited<ReturnType<typeof startProcess>>['keys'], settings: Parameters<typeof keys.create>[0]) {
  const made = await keys.create(settings)
  if (!made.ok) throw new Error(made.reason)
  return made
}

const uniqueId = (): string => `owner-${randomUUID()}`

onEveryStore((open) => {
  it('admits a key with its owner, its scopes and its id, and shows when it was used', async () => {
    const { keys, guard } = await startProcess(open())
    const owner = person(uniqueId())
    const { secret, key } = await newKey(keys, { owner, scopes: ['read', 'write'], label: 'laptop' })
    const admission = await guard.check(bearer(secret), requireScopes('read'))
    expect(admission).toMatchObject({
      ok: true,
      auth: {
        via: 'keys',
        issuer,
        subject: owner.id,
        clientId: undefined,
        scopes: ['read', 'write'],
        credentialId: key.id,
        expiresAt: Number.POSITIVE_INFINITY,
      },
    })
    expect(await answerTo(guard as never, bearer(secret), requireScopes('admin'))).toBe('403 insufficient_scope')
    await vi.waitFor(async () =>
      expect(await keys.list(owner)).toMatchObject([{ id: key.id, label: 'laptop', state: 'active', lastUsedAt: expect.any(Number) }]),
    )
  })

  it('refuses it after its end: in this process with the next request, in another one within two seconds', async () => {
    const [one, other] = [await startProcess(open()), await startProcess(open())]
    const client = await one.clients.register({ id: uniqueId(), grants: ['client_credentials'], scopes: ['read'] })
    if (!client.ok) throw new Error('not registered')
    const owner = { type: 'client', id: client.client.id } as const
    const [revoked, locked] = [await newKey(one.keys, { owner, scopes: ['read'] }), await newKey(one.keys, { owner, scopes: ['read'] })]
    const gone = person(uniqueId())
    const ofPerson = await newKey(one.keys, { owner: gone, scopes: [] })
    for (const { guard } of [one, other])
      for (const { secret } of [revoked, locked, ofPerson]) expect(await answerTo(guard as never, secret)).toBe('200 keys')
    await one.keys.revoke(revoked.key.id)
    const [startedAt, isOf] = [performance.now(), (secret: string) => answerTo(other.guard, secret)]
    expect(await answerTo(one.guard as never, revoked.secret)).toBe('401 revoked_key')
    await vi.waitFor(async () => expect(await isOf(revoked.secret)).toBe('401 revoked_key'), { timeout: 10_000, interval: 50 })
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await one.clients.lock(owner.id)
    expect(await answerTo(one.guard as never, locked.secret)).toBe('401 revoked_client')
    await vi.waitFor(async () => expect(await isOf(locked.secret)).toBe('401 revoked_client'), { timeout: 10_000, interval: 50 })
    await one.clients.unlock(owner.id)
    expect((await one.keys.find(locked.secret)).ok).toBe(false)
    await one.revocations.revoke({ type: 'subject', issuer, subject: gone.id, notBefore: Math.ceil(Date.now() / 1000) + 1 })
    expect(await answerTo(one.guard as never, ofPerson.secret)).toBe('401 revoked_subject')
    expect(await other.keys.find(ofPerson.secret)).toMatchObject({ ok: false, refusal: { reason: 'revoked_subject' } })
  })

  it('64 parallel uses and revocations: each use is judged, none is admitted after the last revocation', async () => {
    const processes = [await startProcess(open()), await startProcess(open())]
    const [{ keys }] = processes as [(typeof processes)[number]]
    const owner = person(uniqueId())
    const { secret, key } = await newKey(keys, { owner, scopes: [] })
    const calls = Array.from({ length: 64 }, (_, n) => {
      const { guard, keys: own } = processes[n % 2] as (typeof processes)[number]
      return n % 8 === 0 ? own.revoke(key.id, owner) : answerTo(guard, secret)
    })
    const answers = await Promise.all(calls)
    expect(answers.filter((answer) => answer !== true && answer !== '200 keys' && answer !== '401 revoked_key')).toEqual([])
    expect(answers.filter((answer) => answer === true)).toHaveLength(8)
    for (const { guard } of processes)
      await vi.waitFor(async () => expect(await answerTo(guard as never, secret)).toBe('401 revoked_key'), {
        timeout: 10_000,
        interval: 50,
      })
    expect(await keys.list(owner)).toMatchObject([{ state: 'revoked' }])
  })

  it('gives a client no more than its scopes, also those that it lost since', async () => {
    const { clients, keys } = await startProcess(open())
    const id = uniqueId()
    await clients.register({ id, grants: ['client_credentials'], scopes: ['read', 'write'] })
    const owner = { type: 'client', id } as const
    expect(await keys.create({ owner, scopes: ['admin'] })).toEqual({ ok: false, reason: 'scope' })
    expect(await keys.create({ owner: { type: 'client', id: 'nobody' }, scopes: [] })).toEqual({ ok: false, reason: 'unknown_client' })
    const { secret } = await newKey(keys, { owner, scopes: ['read', 'write'] })
    await clients.update(id, { scopes: ['read'] })
    expect(await keys.find(secret)).toMatchObject({ ok: true, key: { scopes: ['read'] } })
    await clients.remove(id)
    await clients.register({ id, grants: ['client_credentials'], scopes: ['read', 'write'] })
    expect(await keys.find(secret)).toMatchObject({ ok: false, refusal: { reason: 'revoked_client' } })
  })

  it('knows the times of a key, and whose it is', async () => {
    const { keys, guard } = await startProcess(open())
    const owner = person(uniqueId())
    const now = Math.floor(Date.now() / 1000)
    const early = await newKey(keys, { owner, scopes: [], notBefore: now + 3600 })
    const late = await newKey(keys, { owner, scopes: [], expiresAt: now - 3600 })
    expect(await answerTo(guard as never, early.secret)).toBe('401 not_yet_valid')
    expect(await answerTo(guard as never, late.secret)).toBe('401 expired')
    expect(await keys.revoke(early.key.id, person('another'))).toBe(false)
    expect(await keys.revoke('0'.repeat(24))).toBe(false)
  })

  it('keeps the secret of a key nowhere', async () => {
    const stores = open()
    const heard = [recorded('countersign:key'), recorded('countersign:accepted'), recorded('countersign:refused')]
    const { keys, guard } = await startProcess(stores)
    const { secret, key } = await newKey(keys, { owner: person(uniqueId()), scopes: [] })
    await guard.check(bearer(secret))
    await keys.revoke(key.id)
    await guard.check(bearer(secret))
    const document = await stores.keys.get({ collection: 'api_keys', id: key.id })
    const random = secret.slice(-72, -8)
    const hash = createHash('sha256').update(random).digest('hex')
    for (const text of [document?.value ?? '', JSON.stringify(heard)]) {
      expect(text).not.toContain(random.slice(0, 12))
      expect(text).not.toContain(hash.slice(0, 12))
    }
  })
})
