import { createRevocationEndpoint } from '@countersign/grants'
import { describe, expect, it } from 'vitest'
import { keyOf, start, storesWithKeys } from './token-status-setup.js'

describe('a request', () => {
  it.each<[string, Record<string, string>, Record<string, string>, number, string]>([
    ['without authentication', { token: 'x' }, { authorization: '' }, 401, 'invalid_client'],
    ['without a token', {}, {}, 400, 'invalid_request'],
    ['with an empty token', { token: '' }, {}, 400, 'invalid_request'],
    ['of two ways to authenticate', { token: 'x', client_secret: 'y' }, {}, 400, 'invalid_request'],
    ['in JSON', { token: 'x' }, { 'content-type': 'application/json' }, 415, 'invalid_request'],
    ['with a wrong secret', { token: 'x' }, { authorization: `Basic ${btoa('nobody:x')}` }, 401, 'invalid_client'],
  ])('%s is refused', async (_what, parameters, headers, status, error) => {
    const { register, revoke } = start()
    const client = await register()
    const answer = await revoke(parameters, { ...client.headers, ...headers })
    expect([answer.status, answer.body?.error, answer.headers['cache-control']]).toEqual([status, error, 'no-store'])
    expect(answer.headers['www-authenticate'] === undefined).toBe(status !== 401)
  })

  it('with GET is 405', async () => {
    const { register, clients, stores } = start()
    await register()
    const endpoint = createRevocationEndpoint({
      issuer: 'https://a.example',
      clients,
      stores,
      verifier: { verify: () => Promise.reject(new Error('asked')) },
      revocations: stores.revocations,
    })
    expect(await endpoint({ method: 'GET', url: '/?token=x', headers: {} })).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  })

  it('is counted: secrets that are tried here and at the token endpoint share one budget', async () => {
    const rateLimits = { failures: { limit: 2, windowSeconds: 60 }, requests: { limit: 4, windowSeconds: 60 } }
    const { register, revoke, ask, signIn } = start({ tokens: { rateLimits }, revocation: { rateLimits } })
    const client = await register()
    const wrong = { authorization: `Basic ${btoa(`${client.id}:wrong`)}` }
    expect((await revoke({ token: 'x' }, wrong)).status).toBe(401)
    expect((await ask({ grant_type: 'client_credentials' }, wrong)).status).toBe(401)
    expect((await revoke({ token: 'x' }, wrong)).status).toBe(429)
    const other = await register()
    for (let request = 0; request < 4; request++) expect((await revoke({ token: 'x' }, other.headers)).status).toBe(200)
    expect((await revoke({ token: 'x' }, other.headers)).status).toBe(429)
    expect((await signIn(other)).access).toBeTypeOf('string')
  })
})

it('options that are missing or wrong are a TypeError', () => {
  const { clients, stores } = start()
  const good = {
    issuer: 'https://a.example',
    clients,
    stores,
    verifier: { verify: () => Promise.reject(new Error('asked')) },
    revocations: stores.revocations,
  }
  expect(createRevocationEndpoint(good)).toBeTypeOf('function')
  for (const bad of [
    { issuer: '' },
    { issuer: 'a"b' },
    { clients: undefined },
    { stores: {} },
    { verifier: {} },
    { revocations: undefined },
    { refreshSecrets: { current: { id: 'a', secret: 'short' } } },
    { rateLimits: { requests: { limit: 0, windowSeconds: 1 } } },
  ])
    expect(() => createRevocationEndpoint({ ...good, ...bad } as never)).toThrow(TypeError)
})

describe('a client assertion', () => {
  it('is used up by a request that is answered, and by none that is refused', async () => {
    const { keys, ...stores } = storesWithKeys()
    const { register, signIn, revoke, introspect } = start(stores)
    const [{ id }, stranger] = [await register({ authMethods: ['private_key_jwt'] }), await register()]
    const own = await keyOf(keys, id)
    const { access } = await signIn(stranger)
    for (const ask of [revoke, introspect]) {
      const assertion = await own()
      expect((await ask({ ...assertion })).status).toBe(400)
      if (ask === revoke) expect((await ask({ ...assertion, token: access })).body?.error).toBe('invalid_grant')
      expect((await ask({ ...assertion, token: 'x' })).status).toBe(200)
      const again = await ask({ ...assertion, token: 'x' })
      expect([again.status, again.body?.error]).toEqual([401, 'invalid_client'])
    }
    const assertion = await own()
    const answers = await Promise.all(Array.from({ length: 16 }, () => introspect({ ...assertion, token: 'x' })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})
