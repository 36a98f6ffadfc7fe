import { randomUUID } from 'node:crypto'
import type { RefreshProvider, SignInStep } from '@countersign/core'
import { clientCredentials, createClientAuthenticator, refreshToken } from '@countersign/grants'
import { passwordGrants } from '@countersign/grants/password'
import { testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { assertionSetup, basic, type Changes, clientAssertionType, issuer } from './assertion-setup.js'
import { claimsOf } from './endpoint-setup.js'

/** Every password is right, and needs a code. */
const challenge: SignInStep = { outcome: 'challenge', types: ['totp'], user: 'u', state: 's' }

async function start(
  changes: Parameters<ReturnType<typeof assertionSetup>['keyed']>[0] = {},
  options: Parameters<typeof assertionSetup>[0] = {},
) {
  const suite = assertionSetup(options)
  const client = await suite.keyed({ authMethods: ['private_key_jwt'], ...changes })
  const sign = (more: Changes = {}) => suite.jwtOf(client.id, { ...more, claims: { sub: client.id, ...more.claims } })
  const ask = async (more: Changes = {}, further: Record<string, string> = {}, headers?: Record<string, string>) => {
    const parameters = { client_assertion: await sign(more), client_assertion_type: clientAssertionType }
    return suite.outcomeOf({ grant_type: 'client_credentials', ...parameters, ...further }, headers)
  }
  return { ...suite, client, sign, present: ask }
}

describe('a client that signs', () => {
  it('has no secret, gets tokens, and the tokens name its key', async () => {
    const { client, sign, registry, clients, ask } = await start()
    expect(client.secret).toBe('')
    expect(await clients.addSecret(client.id)).toBeUndefined()
    const parameters = { grant_type: 'client_credentials', client_assertion: await sign(), client_assertion_type: clientAssertionType }
    const { body } = await ask(parameters)
    const [key] = await registry.clientKeys.list(client.id)
    const { credentialGeneration } = (await clients.find(client.id)) ?? {}
    expect(claimsOf(body.access_token)).toMatchObject({
      sub: client.id,
      client_key: key?.thumbprint,
      client_credential: `client:${client.id}:${credentialGeneration}`,
    })
  })

  it('may use the type of client assertions, with client_id or without', async () => {
    const { present, client } = await start()
    expect(await present({ typ: 'client-authentication+jwt' })).toBe('200')
    expect(await present({ typ: 'application/client-authentication+jwt' })).toBe('200')
    expect(await present({}, { client_id: client.id })).toBe('200')
    expect(await present({ claims: { aud: [issuer] } })).toBe('200')
  })

  it.each<[string, Changes, Record<string, string>, string]>([
    ['another subject', { claims: { sub: 'somebody' } }, {}, '401 invalid_client assertion_key_unknown'],
    ['no subject', { claims: { sub: undefined } }, {}, '401 invalid_client assertion_subject'],
    ['another client_id', {}, { client_id: 'somebody' }, '401 invalid_client assertion_subject'],
    [
      'another type of assertion',
      {},
      { client_assertion_type: `${clientAssertionType}s` },
      '401 invalid_client unsupported_authentication',
    ],
    ['no type of assertion', {}, { client_assertion_type: '' }, '401 invalid_client unsupported_authentication'],
    ['no assertion', {}, { client_assertion: '' }, '401 invalid_client assertion_malformed'],
    ['a secret as well', {}, { client_id: 'x', client_secret: 'x' }, '400 invalid_request several_authentications'],
  ])('with %s is refused', async (_what, changes, further, answer) => {
    const { present } = await start()
    const answered = await present(changes, further)
    // Whether there is somebody of that name is not told.
    expect(answered).toBe(answered.endsWith('unknown_client') ? answer.replace('assertion_key_unknown', 'unknown_client') : answer)
  })

  it('and Basic in one request is refused', async () => {
    const { present, client } = await start()
    expect(await present({}, {}, basic(client.id, 'x'))).toBe('400 invalid_request several_authentications')
  })

  it('gets for a bad assertion what an unknown client and a wrong secret get', async () => {
    const { ask, sign, register } = await start()
    const { id } = await register()
    const type = { grant_type: 'client_credentials', client_assertion_type: clientAssertionType }
    const answers = [
      await ask({ grant_type: 'client_credentials' }, basic(id, 'wrong')),
      await ask({ ...type, client_assertion: await sign({ claims: { aud: 'x' } }) }),
      await ask({ ...type, client_assertion: await sign({ claims: { iss: 'x', sub: 'x' } }) }),
      await ask({ ...type, client_assertion: 'x' }),
    ]
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  })

  it('is refused where it is registered for secrets, and a client of secrets where it signs', async () => {
    const { registry, register, jwtOf, outcomeOf, client } = await start()
    const other = await register()
    await registry.clientKeys.register({ owner: other.id, kid: 'k1', jwk: { ...testKeys.es256.jwk, d: undefined } })
    const assertion = await jwtOf(other.id, { key: testKeys.es256, claims: { sub: other.id } })
    const parameters = { grant_type: 'client_credentials', client_assertion: assertion, client_assertion_type: clientAssertionType }
    expect(await outcomeOf(parameters)).toBe('401 invalid_client wrong_method_of_client')
    expect(await outcomeOf({ grant_type: 'client_credentials' }, basic(client.id, 'x'))).toBe('401 invalid_client wrong_method_of_client')
    expect(await outcomeOf({ grant_type: 'client_credentials', client_id: client.id })).toBe('401 invalid_client wrong_method_of_client')
  })

  it('from before RFC 7523bis may name the token endpoint, where it says so, and then nothing else', async () => {
    const url = `${issuer}/token`
    const { present } = await start({ assertion: { authenticationAudience: url } })
    expect(await present({ claims: { aud: url } })).toBe('200')
    expect(await present({ claims: { aud: issuer } })).toBe('401 invalid_client assertion_audience')
  })

  it('cannot loosen what holds for client assertions', async () => {
    const { present, clock } = await start({
      assertion: { jti: 'any', maxLifetimeSeconds: 86_400, audiences: ['NUANCE'], issuer: 'BELISLE' },
    })
    const exp = clock.now() / 1000 + 301
    expect(await present({ claims: { exp } })).toBe('401 invalid_client assertion_life')
    expect(await present({ claims: { jti: undefined } })).toBe('401 invalid_client assertion_jti')
    expect(await present({ claims: { aud: 'NUANCE' } })).toBe('401 invalid_client assertion_audience')
    expect(await present({ claims: { iss: 'BELISLE' } })).toBe('401 invalid_client assertion_issuer')
    const jti = randomUUID()
    expect([await present({ claims: { jti } }), await present({ claims: { jti } })]).toEqual([
      '200',
      '401 invalid_client assertion_replayed',
    ])
  })

  it('may sign without iat, as SMART Backend Services do, and then works once all the same', async () => {
    const { sign, outcomeOf, clock } = await start()
    clock.advance(600)
    const client_assertion = await sign({ claims: { iat: undefined } })
    const parameters = { grant_type: 'client_credentials', client_assertion, client_assertion_type: clientAssertionType }
    expect([await outcomeOf(parameters), await outcomeOf(parameters)]).toEqual(['200', '401 invalid_client assertion_replayed'])
  })

  it('whose clock differs works within its tolerance', async () => {
    const { present, clock } = await start({ assertion: { clockToleranceSeconds: 60 } })
    clock.advance(600)
    const now = clock.now() / 1000
    expect(await present({ claims: { iat: now + 60, nbf: now + 60, exp: now + 360 } })).toBe('200')
    expect(await present({ claims: { iat: now + 61, exp: now + 361 } })).toBe('401 invalid_client assertion_issued_in_future')
    expect(await present({ claims: { iat: now - 359, exp: now - 59 } })).toBe('200')
  })
})

describe('a client assertion', () => {
  it.each<[string, Record<string, string>]>([
    ['an unknown grant', { grant_type: 'x' }],
    ['a scope that is not allowed', { scope: 'admin' }],
    ['an audience that is not allowed', { audience: 'https://evil.example' }],
    ['a refresh token that is none', { grant_type: 'refresh_token', refresh_token: 'r1.x' }],
    ['a grant that misses something', { grant_type: 'refresh_token' }],
  ])('is not used up by a request for %s', async (_what, wrong) => {
    const { sign, outcomeOf } = await start()
    const parameters = { grant_type: 'client_credentials', client_assertion: await sign(), client_assertion_type: clientAssertionType }
    expect(await outcomeOf({ ...parameters, ...wrong })).toMatch(/^400 /)
    expect(await outcomeOf(parameters)).toBe('200')
  })

  it('is not used up for a subject that is not active', async () => {
    const state = { isActive: false }
    const { sign, outcomeOf } = await start({}, { isActive: () => state.isActive })
    const parameters = { grant_type: 'client_credentials', client_assertion: await sign(), client_assertion_type: clientAssertionType }
    expect(await outcomeOf(parameters)).toBe('400 invalid_grant inactive_subject')
    state.isActive = true
    expect(await outcomeOf(parameters)).toBe('200')
  })

  it('that is replayed does not use up the refresh token that comes with it', async () => {
    const { sign, ask, outcomeOf } = await start({ refresh: { policy: 'rotating', retryWindowSeconds: 0 } })
    const authentication = async () => ({ client_assertion: await sign(), client_assertion_type: clientAssertionType })
    const first = await authentication()
    const { body } = await ask({ grant_type: 'client_credentials', ...first })
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    expect(await outcomeOf({ ...refresh, ...first })).toBe('401 invalid_client assertion_replayed')
    expect(await outcomeOf({ ...refresh, ...(await authentication()) })).toBe('200')
  })

  it('that is replayed uses up no password attempt and no challenge', async () => {
    const grants = passwordGrants({
      authenticator: { start: async () => challenge, answerChallenge: async () => ({ outcome: 'wrong_code', state: 's' }) },
    })
    const settings = { grants: ['password'], isFirstParty: true }
    const { sign, ask, outcomeOf } = await start(settings, { grants, isActive: () => true })
    const authentication = async () => ({ client_assertion: await sign(), client_assertion_type: clientAssertionType })
    const first = await authentication()
    const password = { grant_type: 'password', username: 'u', password: 'p' }
    const { mfa_token } = (await ask({ ...password, ...first })).body
    expect(await outcomeOf({ ...password, ...first })).toBe('401 invalid_client assertion_replayed')
    const answer = { grant_type: 'urn:countersign:grant-type:mfa', mfa_token, code: '1' }
    expect(await outcomeOf({ ...answer, ...first })).toBe('401 invalid_client assertion_replayed')
    expect(await outcomeOf({ ...answer, ...(await authentication()) })).toBe('400 mfa_required wrong_code')
  })

  it('that is replayed uses up no refresh token of another issuer', async () => {
    const asked: string[] = []
    const provider: RefreshProvider = {
      accepts: () => true,
      refresh: async ({ token }) => {
        asked.push(token)
        return { outcome: 'refused' }
      },
    }
    const grants = [clientCredentials(), refreshToken({ secrets: { current: { id: 'r', secret: 'k'.repeat(32) } }, providers: [provider] })]
    const { sign, outcomeOf } = await start({}, { grants })
    const first = { client_assertion: await sign(), client_assertion_type: clientAssertionType }
    expect(await outcomeOf({ grant_type: 'client_credentials', ...first })).toBe('200')
    expect(await outcomeOf({ grant_type: 'refresh_token', refresh_token: 'x', ...first })).toBe('401 invalid_client assertion_replayed')
    expect(asked).toEqual([])
  })

  it('is never counted as a failed authentication, bad or replayed', async () => {
    const { present, sign, outcomeOf } = await start({}, { rateLimits: { failures: { limit: 1, windowSeconds: 60 } } })
    for (let round = 0; round < 3; round++) expect(await present({ claims: { aud: 'x' } })).toBe('401 invalid_client assertion_audience')
    const parameters = { grant_type: 'client_credentials', client_assertion: await sign(), client_assertion_type: clientAssertionType }
    expect(await outcomeOf(parameters)).toBe('200')
    for (let round = 0; round < 3; round++) expect(await outcomeOf(parameters)).toBe('401 invalid_client assertion_replayed')
    expect(await present()).toBe('200')
  })

  it('lets nobody in at endpoints that have no form', async () => {
    const { clients, stores, client } = await start()
    const authenticate = createClientAuthenticator({ issuer, clients, stores })
    const verdict = await authenticate({ method: 'GET', url: '/keys', headers: { ...basic(client.id, 'x') } })
    expect(verdict.ok).toBe(false)
  })
})

describe('settings', () => {
  it.each<[string, object]>([
    ['a rule that is none', { maxLife: 1 }],
    ['no audiences', { audiences: [] }],
    ['an empty issuer', { issuer: '' }],
    ['no subjects', { subjects: [] }],
    ['a life that is none', { maxLifetimeSeconds: 0 }],
    ['a tolerance that is none', { clockToleranceSeconds: 301 }],
    ['another jti', { jti: 'twice' }],
    ['mayOutlive as a text', { mayOutlive: 'no' }],
    ['an empty authenticationAudience', { authenticationAudience: '' }],
  ])('with %s are a TypeError', async (_what, assertion) => {
    const { register } = assertionSetup()
    await expect(register({ assertion })).rejects.toThrow(TypeError)
  })

  it('of a client that signs need keys', async () => {
    const grants = [clientCredentials(), refreshToken({ secrets: { current: { id: 'r', secret: 'k'.repeat(32) } } })]
    const { register, clients } = assertionSetup({ grants, clientOptions: { clientKeys: undefined as never } })
    await expect(register({ authMethods: ['private_key_jwt'] })).rejects.toThrow(TypeError)
    const { id } = await register()
    await expect(clients.update(id, { authMethods: ['private_key_jwt'] })).rejects.toThrow(TypeError)
  })
})
