import { introspection } from 'countersign'
import { afterAll, describe, expect, it } from 'vitest'
import { good, optionsOf, startFake } from '../introspection/setup.js'
import { answerTo } from '../verifier/guard-setup.js'
import { newClient, servers } from './server-setup.js'

const all = servers()
afterAll(() => all.closeAll())

describe('the guard of a server', () => {
  it('accepts the API keys of its clients, until the key or the client ends', async () => {
    const server = all.create({})
    const [id] = await newClient(server)
    const owner = { type: 'client', id } as const
    const [one, two] = [await server.apiKeys.create({ owner, scopes: ['jobs:read'] }), await server.apiKeys.create({ owner, scopes: [] })]
    if (!one.ok || !two.ok) throw new Error('not made')
    const { guard } = server
    expect(await answerTo(guard as never, one.secret)).toBe('200 apiKeys')
    expect(await answerTo(guard as never, two.secret)).toBe('200 apiKeys')
    expect((await server.health()).secrets?.clientPepper).toEqual({ '1': 3 })
    await server.apiKeys.revoke(one.key.id)
    expect(await answerTo(guard as never, one.secret)).toBe('401 revoked_key')
    await server.clients.lock(id)
    expect(await answerTo(guard as never, two.secret)).toBe('401 revoked_client')
  })

  it('accepts no client secret as a key, and no key as a client secret', async () => {
    const server = all.create({})
    const [id, secret] = await newClient(server)
    const made = await server.apiKeys.create({ owner: { type: 'client', id }, scopes: [] })
    expect(await answerTo(server.guard as never, secret)).toBe('401 malformed')
    const verdict = await server.clients.authenticate({ method: 'client_secret_post', id, secret: made.ok ? made.secret : '' })
    expect(verdict.ok).toBe(false)
  })

  it('asks an introspection endpoint of trust', async () => {
    const fake = await startFake()
    // The denylist in memory began just now, and cannot tell of older tokens.
    fake.activate(good, { iat: Math.ceil(Date.now() / 1000) + 1 })
    const server = all.create({ trust: { hydra: introspection(optionsOf(fake)) } })
    expect(await answerTo(server.guard as never, good)).toBe('200 hydra')
  })

  it('has the name of its keys for itself', () => {
    const trust = { apiKeys: introspection({ ...optionsOf({ url: 'https://login.test' } as never) }) }
    expect(() => all.create({ trust })).toThrow(
      new TypeError('createAuthorizationServer: trust.apiKeys must have another name: "apiKeys" is the name of this server'),
    )
  })
})
