import { createGuard, introspection, requireScopes } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { good, optionsOf, startFake } from './setup.js'

describe.each(adapters)('over HTTP, a token that only its issuer can read, on $name', (adapter) => {
  it('is admitted, refused, or answered with 503, as its issuer says', async () => {
    const fake = await startFake()
    fake.activate(good, { scope: 'read' })
    const guard = createGuard({ issuers: { hydra: introspection(optionsOf(fake)) } })
    onTestFinished(() => guard.close())
    const app = await adapter.start((define) => {
      define.protect('/me', guard, [], (request) => request.authOf(guard))
      define.protect('/write', guard, [requireScopes('write')], () => 'written')
    })
    onTestFinished(() => app.close())
    const get = async (path: string, token: string) => {
      const response = await fetch(app.url + path, { headers: { authorization: `Bearer ${token}` } })
      return {
        status: response.status,
        challenge: response.headers.get('www-authenticate'),
        retryAfter: response.headers.get('retry-after'),
        body: await response.text(),
      }
    }
    const me = await get('/me', good)
    expect({ ...me, body: JSON.parse(me.body) as unknown }).toMatchObject({
      status: 200,
      body: { via: 'hydra', issuer: 'https://login.test', subject: 'user-1', clientId: 'app', scopes: ['read'], claims: { active: true } },
    })
    expect(await get('/write', good)).toMatchObject({ status: 403 })
    expect(await get('/me', 'op_unknown')).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('error="invalid_token", error_description="The access token is no longer valid."') as unknown,
    })
    expect(await get('/me', 'other-syntax')).toMatchObject({ status: 401 })
    expect(fake.questions).toEqual([good, 'op_unknown'])
    await fake.stop()
    expect(await get('/me', good)).toMatchObject({ status: 200 })
    expect(await get('/me', 'op_third')).toMatchObject({ status: 503, challenge: null, retryAfter: '1' })
  })
})
