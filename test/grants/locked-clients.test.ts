import type { RevocationEntry } from '@countersign/core'
import { clientCredentials, type Grant } from '@countersign/grants'
import { describe, expect, it } from 'vitest'
import { basic, guardOf, issuer, setup } from './endpoint-setup.js'

/** Clients that announce to the guard, as a shared denylist does. */
async function start() {
  const heard: RevocationEntry[] = []
  const left = { announcements: Number.POSITIVE_INFINITY }
  const failAfter = (announcements: number) => void Object.assign(left, { announcements })
  const pending: { revoke: (entry: RevocationEntry, undone: boolean) => void } = { revoke: () => undefined }
  const suite = setup()
  const { revocations: store } = suite.stores
  const revoke: typeof store.revoke = async (entry, options) => {
    if (left.announcements <= 0) throw new Error('down')
    left.announcements -= 1
    heard.push(entry)
    pending.revoke(entry, options?.reinstated ?? false)
    return store.revoke(entry, options)
  }
  const person: Grant = {
    type: 'urn:x:person',
    validate: async ({ audiences }) => ({ ok: true, granted: { ok: true, subject: 'person-1', isPerson: true, scopes: [], audiences } }),
  }
  const announcing = setup({
    grants: [clientCredentials(), person],
    allStores: suite.stores,
    now: suite.clock.now,
    clientOptions: { issuer, revocations: { revoke }, now: suite.clock.now },
  })
  const { guard, revocations } = guardOf(suite.clock)
  pending.revoke = (entry, undone) => (undone ? revocations.reinstate(entry) : revocations.revoke(entry))
  const client = await announcing.register()
  const token = async (secret = client.secret) =>
    (await announcing.ask({ grant_type: 'client_credentials' }, basic(client.id, secret))).body.access_token
  const admits = async (bearer: string) => (await guard.check({ headers: { authorization: `Bearer ${bearer}` } })).ok
  return { ...announcing, client, token, admits, heard, failAfter }
}

describe('a locked client', () => {
  it('gets nothing, and its tokens end at once', async () => {
    const { clients, client, token, admits } = await start()
    const before = await token()
    expect(await admits(before)).toBe(true)
    expect(await clients.lock(client.id)).toBe(true)
    expect(await admits(before)).toBe(false)
    expect(await token()).toBeUndefined()
    expect((await clients.find(client.id))?.isLocked).toBe(true)
    expect(await clients.unlock(client.id)).toBe(true)
    // All within one second.
    expect(await admits(before)).toBe(false)
    expect(await admits(await token())).toBe(true)
  })

  it('loses the tokens of people that it got, too, and a public client loses its own', async () => {
    const { clients, ask, admits, register } = await start()
    const parameters = { grant_type: 'urn:x:person' }
    const confidential = await register({ grants: [parameters.grant_type] })
    const open = await register({ grants: [parameters.grant_type], authMethods: ['none'] })
    const signIns = [() => ask(parameters, basic(confidential.id, confidential.secret)), () => ask({ ...parameters, client_id: open.id })]
    const before = await Promise.all(signIns.map(async (signIn) => (await signIn()).body.access_token))
    for (const { id } of [confidential, open]) {
      await clients.lock(id)
      await clients.unlock(id)
    }
    const after = await Promise.all(signIns.map(async (signIn) => (await signIn()).body.access_token))
    expect(await Promise.all([...before, ...after].map(admits))).toEqual([false, false, true, true])
  })

  it('whose lock failed half-way is locked by the next try, and its tokens are dead after an unlock all the same', async () => {
    const { clients, client, token, admits, failAfter } = await start()
    for (const announced of [0, 1, 2]) {
      const before = await token()
      failAfter(announced)
      await expect(clients.lock(client.id)).rejects.toThrow('store_unavailable')
      failAfter(Number.POSITIVE_INFINITY)
      await clients.lock(client.id)
      await clients.unlock(client.id)
      expect(await admits(before)).toBe(false)
      expect(await admits(await token())).toBe(true)
    }
  })

  it('that is not there cannot be locked', async () => {
    const { clients, heard } = await start()
    expect([await clients.lock('nobody'), await clients.unlock('nobody'), await clients.revokeSecret('nobody', 'x')]).toEqual([
      false,
      false,
      false,
    ])
    expect(await clients.addSecret('nobody')).toBeUndefined()
    expect(heard).toEqual([])
  })
})

describe('a revoked secret', () => {
  it('ends the tokens obtained with it and no others', async () => {
    const { clients, client, token, admits } = await start()
    const second = await clients.addSecret(client.id)
    const [ofFirst, ofSecond] = [await token(), await token(second?.secret)]
    expect(await clients.revokeSecret(client.id, client.secretId)).toBe(true)
    expect([await admits(ofFirst), await admits(ofSecond)]).toEqual([false, true])
    expect([await token(), typeof (await token(second?.secret))]).toEqual([undefined, 'string'])
    expect(await clients.revokeSecret(client.id, client.secretId)).toBe(false)
  })
})

describe('registration', () => {
  it('gives an id once', async () => {
    const { clients, register } = await start()
    await register({ id: 'c1' })
    expect(await clients.register({ id: 'c1', grants: ['client_credentials'] })).toEqual({ ok: false, reason: 'taken' })
  })

  it('of 20 at once under one id is one', async () => {
    const { clients } = await start()
    const made = await Promise.all(Array.from({ length: 20 }, () => clients.register({ id: 'c1', grants: ['x'] })))
    expect(made.filter(({ ok }) => ok).length).toBe(1)
  })

  it('adds secrets in parallel without losing one', async () => {
    const { clients, client } = await start()
    await Promise.all(Array.from({ length: 20 }, () => clients.addSecret(client.id)))
    expect((await clients.find(client.id))?.secrets.length).toBe(21)
  })

  it('refuses what is wrong', async () => {
    const { clients } = await start()
    const grants = ['client_credentials']
    for (const wrong of [
      { id: 'a:b', grants, basicEncoding: 'raw' },
      { id: 'a%3Ab', grants },
      { id: 'a b', grants },
      { id: '', grants },
      { grants: [] },
      { grants, authMethods: [] },
      { grants, authMethods: ['private_key_jwt'] },
      { grants, authMethods: ['none'] },
      { grants: ['x'], authMethods: ['none', 'client_secret_basic'] },
      { grants, scopes: ['a b'] },
      { grants, scopes: ['a'], defaultScopes: ['b'] },
      { grants, audiences: [] },
      { grants, accessTokenLifetimeSeconds: 0 },
      { grants, accessTokenLifetimeSeconds: { client_credentials: -1 } },
      { grants, basicEncoding: 'hex' },
      { grants, refresh: { policy: 'forever' } },
      { grants, refresh: { policy: 'fixed' } },
      { grants, refresh: { policy: 'rotating', idleLifetimeSeconds: 0 } },
      { grants, secret: { secret: '' } },
      { grants, secret: { notBefore: 2, expiresAt: 1 } },
    ]) {
      await expect(clients.register(wrong as never)).rejects.toThrow(TypeError)
    }
  })
})
