import { createHmac } from 'node:crypto'
import type { WireRequest } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createClientAuthenticator } from '@countersign/grants'
import { describe, expect, it } from 'vitest'
import { basic, issuer, setup } from './endpoint-setup.js'
import { heardEvents } from './outcomes.js'

const grantType = { grant_type: 'client_credentials' }

describe('a client authenticates', () => {
  it('by Basic or by post, as it is registered', async () => {
    const { ask, register } = setup()
    const both = await register()
    const onlyPost = await register({ authMethods: ['client_secret_post'] })
    const post = ({ id, secret }: typeof both) => ({ ...grantType, client_id: id, client_secret: secret })
    expect((await ask(grantType, basic(both.id, both.secret))).status).toBe(200)
    expect((await ask(post(both))).status).toBe(200)
    expect((await ask(post(onlyPost))).status).toBe(200)
    expect((await ask(grantType, basic(onlyPost.id, onlyPost.secret))).status).toBe(401)
  })

  it('with a secret that has colons in it, which is not cut', async () => {
    const { ask, register } = setup()
    const client = await register({ secret: { secret: 'a:b:c' } })
    expect((await ask(grantType, basic(client.id, 'a:b:c'))).status).toBe(200)
    expect((await ask(grantType, basic(client.id, 'a:b'))).status).toBe(401)
    expect((await ask(grantType, basic(client.id, 'a'))).status).toBe(401)
  })

  it('form-encoded (RFC 6749 §2.3.1), or raw where it is registered so', async () => {
    const { ask, register } = setup()
    const secret = 'p%41+s w'
    const formed = await register({ secret: { secret } })
    const raw = await register({ secret: { secret }, basicEncoding: 'raw' })
    const encoded = 'p%2541%2Bs+w'
    expect((await ask(grantType, basic(formed.id, encoded))).status).toBe(200)
    expect((await ask(grantType, basic(formed.id, secret))).status).toBe(401)
    expect((await ask(grantType, basic(raw.id, secret))).status).toBe(200)
    expect((await ask(grantType, basic(raw.id, encoded))).status).toBe(401)
  })

  it('by strict base64 only', async () => {
    const { ask, register } = setup()
    const { id, secret } = await register({ id: 'c1', secret: { secret: '??>>ü' } })
    const good = Buffer.from(`${id}:${encodeURIComponent(secret)}`).toString('base64')
    const status = async (credentials: string) => (await ask(grantType, { authorization: credentials })).status
    expect(await status(`basic ${good}`)).toBe(200)
    expect(await status(`Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`)).toBe(200)
    for (const bad of [
      `${good}=`,
      `${good}!`,
      good.slice(0, -1),
      `${good} ${good}`,
      '',
      Buffer.from('c1').toString('base64'),
      Buffer.from([0xff, 0x3a]).toString('base64'),
    ]) {
      expect([bad, await status(`Basic ${bad}`)]).toEqual([bad, 401])
    }
    expect(await status(`Basic ${Buffer.from(`${id}:${secret}`).toString('base64url')}`)).toBe(401)
  })

  it('in one way only', async () => {
    const { ask, register, endpoint } = setup()
    const { id, secret } = await register()
    const error = async (...args: Parameters<typeof ask>) => {
      const { status, body } = await ask(...args)
      return [status, body.error]
    }
    const two = [400, 'invalid_request']
    expect(await error({ ...grantType, client_id: id, client_secret: secret }, basic(id, secret))).toEqual(two)
    expect(await error({ ...grantType, client_secret: secret }, basic(id, secret))).toEqual(two)
    expect(await error({ ...grantType, client_assertion: 'x' }, basic(id, secret))).toEqual(two)
    expect(await error({ ...grantType, client_id: id, client_secret: secret, client_assertion: 'x' })).toEqual(two)
    expect(await error({ ...grantType, client_id: 'other' }, basic(id, secret))).toEqual(two)
    expect((await ask({ ...grantType, client_id: id }, basic(id, secret))).status).toBe(200)
    const { authorization } = basic(id, secret)
    const twice: WireRequest = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization },
      rawHeaders: ['Authorization', authorization, 'authorization', authorization],
      body: 'grant_type=client_credentials',
    }
    expect((await endpoint(twice)).status).toBe(400)
  })

  it('whatever Bearer rides along: it neither helps nor harms', async () => {
    const { ask, register, endpoint } = setup()
    const { id, secret } = await register()
    for (const authorization of ['Bearer ', 'Bearer x.y.z']) {
      expect((await ask({ ...grantType, client_id: id, client_secret: secret }, { authorization })).status).toBe(200)
      expect((await ask(grantType, { authorization })).status).toBe(401)
      const rawHeaders = ['Authorization', authorization, 'Authorization', basic(id, secret).authorization]
      const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization }
      expect((await endpoint({ method: 'POST', headers, rawHeaders, body: 'grant_type=client_credentials' })).status).toBe(200)
    }
  })
})

describe('who is not believed', () => {
  it('gets one answer, whether the client is unknown, locked, or its secret wrong', async () => {
    const { ask, register, clients } = setup()
    const known = await register()
    const locked = await register()
    await clients.lock(locked.id)
    const heard = heardEvents()
    const answers = [
      await ask(grantType, basic('nobody', known.secret)),
      await ask(grantType, basic(known.id, 'wrong')),
      await ask(grantType, basic(known.id, `${known.secret}x`)),
      await ask(grantType, basic(locked.id, locked.secret)),
      await ask({ ...grantType, client_id: known.id, client_secret: locked.secret }),
      await ask({ ...grantType, client_id: 'constructor', client_secret: 'x' }),
    ]
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(answers[0]?.headers['www-authenticate']).toBe('Basic realm="https://auth.example", charset="UTF-8"')
    // Only registered ids are told: anything may have been sent as one, a user name or a secret.
    expect(heard.map(({ outcome, clientId }) => [outcome, clientId])).toEqual([
      ['unknown_client', undefined],
      ['wrong_secret', known.id],
      ['wrong_secret', known.id],
      ['locked_client', locked.id],
      ['wrong_secret', known.id],
      ['unknown_client', undefined],
    ])
  })

  it('costs one look-up and one comparison, known or not', async () => {
    const stores = memoryStores()
    const calls: string[] = []
    const get: typeof stores.clients.get = async (address) => {
      calls.push(`get ${address.collection}`)
      return stores.clients.get(address)
    }
    const secret = 'x'.repeat(32)
    const pepper = () => {
      calls.push('hash')
      return { current: { id: 'p', secret } }
    }
    const watched = { ...stores, clients: { ...stores.clients, get } }
    const { ask, register } = setup({ allStores: watched, clientOptions: { pepper } })
    const { id } = await register()
    await register({ id: 'bare', secret: false })
    const work = async (name: string) => {
      calls.length = 0
      await ask(grantType, basic(name, 'wrong'))
      return calls.join()
    }
    const ofKnown = await work(id)
    expect(ofKnown).toBe('get clients,hash')
    expect([await work('nobody'), await work('bare')]).toEqual([ofKnown, ofKnown])
  })

  it('a confidential client without its secret, and nobody at all', async () => {
    const { ask, register } = setup()
    const { id } = await register()
    expect((await ask({ ...grantType, client_id: id })).status).toBe(401)
    expect((await ask({ ...grantType, client_id: id, client_secret: '' })).status).toBe(401)
    expect((await ask(grantType)).status).toBe(401)
    expect((await ask({ ...grantType, username: id, password: 'x' })).status).toBe(401)
    expect((await ask({ ...grantType, client_assertion: 'a.b.c', client_assertion_type: 'x' })).status).toBe(401)
  })
})

describe('a client at another endpoint', () => {
  it('authenticates by Basic, within the same limits, and reaches nobody else', async () => {
    const { clients, stores, register } = setup()
    const authenticate = createClientAuthenticator({ issuer, clients, stores, rateLimits: { failures: { limit: 3, windowSeconds: 60 } } })
    const client = await register({ id: 'c1' })
    const status = async (headers: Record<string, string>) => {
      const who = await authenticate({ method: 'GET', headers, ip: '192.0.2.1' })
      return who.ok ? who.clientId : who.reply.status
    }
    expect(await status(basic('c1', client.secret))).toBe('c1')
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer x' })).toBe(401)
    expect(await status({ authorization: 'Basic !' })).toBe(401)
    expect([await status(basic('c1', 'x')), await status(basic('c1', 'y')), await status(basic('c1', 'z'))]).toEqual([401, 401, 429])
    expect(await status(basic('c1', client.secret))).toBe(429)
  })

  it('needs its options', () => {
    const { clients, stores } = setup()
    for (const bad of [{ issuer: '' }, { clients: {} }, { stores: {} }]) {
      expect(() => createClientAuthenticator({ issuer, clients, stores, ...bad } as never)).toThrow(TypeError)
    }
  })
})

describe('the anonymous client', () => {
  it('is a registered public one, with its own grants only', async () => {
    const grant = {
      type: 'urn:x:hello',
      validate: async () => ({ ok: true, granted: { ok: true, subject: 'p1', isPerson: true, scopes: [], audiences: ['a'] } }) as const,
    }
    const { ask, clients } = setup({ anonymousClient: 'people', grants: [grant, { ...grant, type: 'client_credentials' }] })
    expect((await ask({ grant_type: grant.type })).status).toBe(401)
    await clients.register({ id: 'people', authMethods: ['none'], grants: [grant.type] })
    expect((await ask({ grant_type: grant.type })).status).toBe(200)
    expect((await ask(grantType)).status).toBe(401)
    expect((await ask({ grant_type: grant.type }, basic('people', 'x'))).status).toBe(401)
    await clients.lock('people')
    expect((await ask({ grant_type: grant.type })).status).toBe(401)
  })
})

describe('secrets', () => {
  it('are made by the server, recognisable, and kept as a keyed hash', async () => {
    const pepper = { current: { id: 'p1', secret: 'k'.repeat(32) } }
    const { register, stores } = setup({ clientOptions: { pepper, secretPrefix: 'cs_test_' } })
    const { id, secret } = await register()
    expect(secret).toMatch(/^cs_test_[0-9a-f]{72}$/)
    const kept = (await stores.clients.get({ collection: 'clients', id }))?.value ?? ''
    expect(kept).not.toContain(secret.slice(8, 40))
    expect(kept).toContain(createHmac('sha256', pepper.current.secret).update(secret).digest('base64url'))
  })

  it('work side by side, from and until their times, and their last use is told', async () => {
    const { ask, register, clients, clock } = setup()
    const first = await register()
    const now = clock.now() / 1000
    for (const times of [{ expiresAt: now * 1000 }, { notBefore: now * 1000 }])
      await expect(clients.addSecret(first.id, times)).rejects.toThrow(/must be epoch seconds, got \d+, which looks like milliseconds$/)
    const second = await clients.addSecret(first.id, { title: 'next', notBefore: now + 10, expiresAt: now + 20 })
    const status = async (secret = '') => (await ask(grantType, basic(first.id, secret))).status
    expect([await status(first.secret), await status(second?.secret)]).toEqual([200, 401])
    clock.advance(10)
    expect([await status(first.secret), await status(second?.secret)]).toEqual([200, 200])
    clock.advance(10)
    expect([await status(first.secret), await status(second?.secret)]).toEqual([200, 401])
    const [listed] = await clients.list()
    expect(listed?.secrets.map(({ id, title, lastUsedAt }) => [id, title, lastUsedAt])).toEqual([
      [first.secretId, undefined, now],
      [second?.id, 'next', now + 10],
    ])
    expect(JSON.stringify(listed)).not.toContain('hash')
  })

  it('survive a change of the pepper as long as the old one is given', async () => {
    const peppers = { current: { id: 'p1', secret: 'a'.repeat(32) }, previous: [] as { id: string; secret: string }[] }
    const { ask, register, clients } = setup({ clientOptions: { pepper: () => peppers } })
    const { id, secret } = await register()
    const unused = await clients.addSecret(id)
    peppers.previous = [peppers.current]
    peppers.current = { id: 'p2', secret: 'b'.repeat(32) }
    const added = await clients.addSecret(id)
    expect((await ask(grantType, basic(id, secret))).status).toBe(200)
    expect((await ask(grantType, basic(id, added?.secret ?? ''))).status).toBe(200)
    // The hash of a secret that is used is made anew with the present pepper.
    await expect.poll(() => clients.secretsByPepper()).toEqual({ p1: 1, p2: 2 })
    peppers.previous = []
    expect((await ask(grantType, basic(id, unused?.secret ?? ''))).status).toBe(401)
    expect((await ask(grantType, basic(id, secret))).status).toBe(200)
    expect((await ask(grantType, basic(id, added?.secret ?? ''))).status).toBe(200)
  })
})

describe('the Authorization field', () => {
  const body = 'grant_type=client_credentials'
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  it('is read where an adapter shows no raw fields, and where a middleware set it', async () => {
    const { register, endpoint } = setup()
    const { id, secret } = await register()
    const headers = { ...form, ...basic(id, secret) }
    for (const rawHeaders of [undefined, [], ['Content-Type', form['content-type']]])
      expect((await endpoint({ method: 'POST', headers, rawHeaders, body })).status).toBe(200)
  })

  it('counts as a middleware replaced or removed it', async () => {
    const { register, endpoint } = setup()
    const { id, secret } = await register()
    const { authorization } = basic(id, secret)
    const rawHeaders = ['Authorization', basic(id, 'wrong').authorization]
    expect((await endpoint({ method: 'POST', headers: { ...form, authorization }, rawHeaders, body })).status).toBe(200)
    expect((await endpoint({ method: 'POST', headers: form, rawHeaders: ['Authorization', authorization], body })).status).toBe(401)
  })

  it('may be written in any case; of two spellings it was sent twice', async () => {
    const { register, endpoint } = setup()
    const { id, secret } = await register()
    const { authorization } = basic(id, secret)
    const type = { 'Content-Type': form['content-type'] }
    expect((await endpoint({ method: 'POST', headers: { ...type, Authorization: authorization }, body })).status).toBe(200)
    expect((await endpoint({ method: 'POST', headers: { ...type, Authorization: authorization, authorization }, body })).status).toBe(400)
  })
})
