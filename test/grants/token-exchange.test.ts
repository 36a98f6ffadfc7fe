import { hasOwn } from '@countersign/core'
import { clientCredentials, refreshToken, tokenExchange } from '@countersign/grants'
import { testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { allowPeople, assertionSetup, basic, exchange, exchangeOf, issuer, jwtType } from './assertion-setup.js'
import { audience, claimsOf } from './endpoint-setup.js'

describe('a subject token that the client signed', () => {
  it('is exchanged for an access token for its subject, which names the key', async () => {
    const { keyed, jwtOf, ask, registry, clock } = assertionSetup()
    const { id, secret } = await keyed()
    const { status, body, headers } = await ask(exchangeOf(await jwtOf(id), { scope: 'read' }), basic(id, secret))
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'issued_token_type', 'scope', 'token_type'])
    expect(body).toMatchObject({ issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', scope: 'read', expires_in: 300 })
    const [key] = await registry.clientKeys.list(id)
    const now = clock.now() / 1000
    expect(claimsOf(body.access_token)).toMatchObject({
      iss: issuer,
      sub: 'person-1',
      aud: audience,
      client_id: id,
      iat: now,
      exp: now + 300,
      client_key: key?.thumbprint,
    })
  })

  it('lives no longer than the subject token, unless the client may outlive it', async () => {
    const { keyed, jwtOf, ask, clock } = assertionSetup()
    const short = await keyed()
    const long = await keyed({ assertion: { mayOutlive: true } }, testKeys.es256)
    const now = clock.now() / 1000
    const exp = now + 20.9
    const life = async (client: typeof short, token: string) =>
      (await ask(exchangeOf(token), basic(client.id, client.secret))).body.expires_in
    expect(await life(short, await jwtOf(short.id, { claims: { exp } }))).toBe(20)
    expect(await life(long, await jwtOf(long.id, { key: testKeys.es256, claims: { exp } }))).toBe(900)
  })

  it('that ended within the tolerance of clocks gives nothing: nothing remains of it', async () => {
    const { keyed, jwtOf, outcomeOf, clock } = assertionSetup()
    const { id, secret } = await keyed()
    const exp = clock.now() / 1000 - 2
    const token = await jwtOf(id, { claims: { iat: exp - 10, exp } })
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('400 invalid_request assertion_expired')
  })

  it('works once, and a second time for nobody', async () => {
    const { keyed, jwtOf, outcomeOf } = assertionSetup()
    const { id, secret } = await keyed()
    const token = await jwtOf(id)
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('200')
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('400 invalid_request assertion_replayed')
  })

  it('works as often as it likes where the client says so, also without a jti', async () => {
    const { keyed, jwtOf, outcomeOf } = assertionSetup()
    const { id, secret } = await keyed({ assertion: { jti: 'any' } })
    const token = await jwtOf(id, { claims: { jti: undefined } })
    for (let round = 0; round < 2; round++) expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('200')
  })

  it('is judged by the rules of its client: name, literal audience, life, subjects', async () => {
    const { keyed, jwtOf, outcomeOf, clock } = assertionSetup()
    const assertion = { issuer: 'BELISLE', audiences: ['NUANCE'], maxLifetimeSeconds: 86_400, subjects: ['person-1'] }
    const { id, secret } = await keyed({ assertion })
    const iat = clock.now() / 1000
    const claims = { iss: 'BELISLE', aud: 'NUANCE', iat, nbf: iat, exp: iat + 86_400 }
    const answer = async (changes: Record<string, unknown> = {}) =>
      outcomeOf(exchangeOf(await jwtOf(id, { claims: { ...claims, ...changes } })), basic(id, secret))
    expect(await answer()).toBe('200')
    expect(await answer({ iss: id })).toBe('400 invalid_request assertion_issuer')
    expect(await answer({ aud: issuer })).toBe('400 invalid_request assertion_audience')
    expect(await answer({ exp: iat + 86_401 })).toBe('400 invalid_request assertion_life')
    expect(await answer({ sub: 'person-2' })).toBe('400 invalid_request assertion_subject')
  })

  it('gets no refresh token by default, whatever the policy of the client', async () => {
    const { keyed, jwtOf, ask } = assertionSetup()
    const { id, secret } = await keyed({ refresh: { policy: 'rotating' } })
    expect((await ask({ grant_type: 'client_credentials' }, basic(id, secret))).body).toHaveProperty('refresh_token')
    expect((await ask(exchangeOf(await jwtOf(id)), basic(id, secret))).body).not.toHaveProperty('refresh_token')
  })

  it('gets a refresh token only where grant and client say so, and its tokens then end with the subject token', async () => {
    const secrets = { current: { id: 'r', secret: 'k'.repeat(32) } }
    const grants = [clientCredentials(), refreshToken({ secrets }), tokenExchange({ policy: allowPeople, refreshTokens: true })]
    const { keyed, jwtOf, ask, outcomeOf, clock } = assertionSetup({ grants })
    const { id, secret } = await keyed({ refresh: { policy: 'rotating' } })
    const { body } = await ask(exchangeOf(await jwtOf(id)), basic(id, secret))
    clock.advance(200)
    const refreshed = await ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token }, basic(id, secret))
    expect(refreshed.body.expires_in).toBe(100)
    clock.advance(100)
    const late = { grant_type: 'refresh_token', refresh_token: refreshed.body.refresh_token }
    expect(await outcomeOf(late, basic(id, secret))).toBe('400 invalid_grant refresh_gone')
  })
})

describe('the request of an exchange', () => {
  it.each<[string, Record<string, string>, string]>([
    ['without a subject token', { subject_token: '' }, '400 invalid_request missing_parameter'],
    ['without a subject_token_type', { subject_token_type: '' }, '400 invalid_request missing_parameter'],
    ['with another subject_token_type', { subject_token_type: `${jwtType}x` }, '400 invalid_request unsupported_token_type'],
    [
      'with the type of an id token',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      '400 invalid_request unsupported_token_type',
    ],
    ['with an actor_token', { actor_token: 'x', actor_token_type: jwtType }, '400 invalid_request delegation_not_supported'],
    ['with an actor_token_type alone', { actor_token_type: jwtType }, '400 invalid_request delegation_not_supported'],
    ['for a JWT', { requested_token_type: jwtType }, '400 invalid_request unsupported_token_type'],
    [
      'for a refresh token',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      '400 invalid_request unsupported_token_type',
    ],
    ['for an audience of somebody else', { audience: 'https://evil.example' }, '400 invalid_target target_not_allowed'],
    ['for a resource of somebody else', { resource: 'https://evil.example' }, '400 invalid_target target_not_allowed'],
    ['for a resource that is no URI', { resource: 'api' }, '400 invalid_target malformed_target'],
    ['for a resource with a fragment', { resource: `${audience}#x` }, '400 invalid_target malformed_target'],
    ['for a scope that the client has not', { scope: 'admin' }, '400 invalid_scope scope_not_allowed'],
    ['for a scope among those that it has', { scope: 'read admin' }, '400 invalid_scope scope_not_allowed'],
  ])('%s is refused, and the subject token is not used up', async (_what, parameters, answer) => {
    const { keyed, jwtOf, outcomeOf } = assertionSetup()
    const { id, secret } = await keyed()
    const token = await jwtOf(id)
    expect(await outcomeOf(exchangeOf(token, parameters), basic(id, secret))).toBe(answer)
    expect(
      await outcomeOf(exchangeOf(token, { requested_token_type: 'urn:ietf:params:oauth:token-type:access_token' }), basic(id, secret)),
    ).toBe('200')
  })

  it('of a client that may not use it is refused', async () => {
    const { keyed, jwtOf, outcomeOf } = assertionSetup()
    const { id, secret } = await keyed({ grants: ['client_credentials'] })
    expect(await outcomeOf(exchangeOf(await jwtOf(id)), basic(id, secret))).toBe('400 unauthorized_client grant_not_allowed')
  })

  it('names several audiences and resources, all of them its own: aud is never copied', async () => {
    const { keyed, jwtOf, ask, endpoint } = assertionSetup()
    const own = ['https://a.example', 'https://b.example/x', 'https://c.example']
    const { id, secret } = await keyed({ audiences: own })
    const form = new URLSearchParams(exchangeOf(await jwtOf(id)))
    for (const resource of own.slice(0, 2)) form.append('resource', resource)
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...basic(id, secret) }
    const { body } = await endpoint({ method: 'POST', url: '/token', headers, body: form.toString() })
    expect(claimsOf((JSON.parse(String(body)) as { access_token: string }).access_token).aud).toEqual(own.slice(0, 2))
    expect(claimsOf((await ask(exchangeOf(await jwtOf(id)), basic(id, secret))).body.access_token).aud).toBe(own[0])
  })
})

describe('an exchange for somebody who is not active', () => {
  it('is refused, and the subject token works once the person is', async () => {
    const state = { isActive: false }
    const { keyed, jwtOf, outcomeOf } = assertionSetup({ isActive: () => state.isActive })
    const { id, secret } = await keyed()
    const token = await jwtOf(id)
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('400 invalid_grant inactive_subject')
    state.isActive = true
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('200')
  })
})

describe('a dialect', () => {
  it('has what it needs for members of its own, and for the exact rest of the life', async () => {
    const { keyed, jwtOf, ask, clock } = assertionSetup({
      dialect: {
        success: ({ claims = {}, client, nowMs, issuedTokenType }) => ({
          status: 200,
          headers: {},
          body: JSON.stringify({
            jti: claims.jti,
            client: client.id,
            issuedTokenType,
            expires_in: Number(claims.exp) - Math.ceil(nowMs / 1000),
          }),
        }),
        challenge: () => ({ status: 500, headers: {} }),
        refusal: ({ reason }) => ({ status: 400, headers: {}, body: JSON.stringify({ error: reason }) }),
      },
    })
    const { id, secret } = await keyed({ assertion: { mayOutlive: true } })
    clock.advance(0.25)
    const { body } = await ask(exchangeOf(await jwtOf(id)), basic(id, secret))
    expect(body).toEqual({
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client: id,
      issuedTokenType: expect.any(String),
      expires_in: 899,
    })
    expect((await ask(exchangeOf('x'), basic(id, secret))).body.error).toBe('assertion_malformed')
  })
})

describe('tokenExchange', () => {
  it('needs a policy, something to accept, and keys for what clients sign', () => {
    expect(() => tokenExchange({} as never)).toThrow(TypeError)
    expect(() => tokenExchange({ policy: allowPeople, clientSigned: false })).toThrow(TypeError)
    const verifier = { verify: async () => ({ ok: false }) } as never
    for (const audiences of [undefined, [], [''], 'x'])
      expect(() => tokenExchange({ policy: allowPeople, trusted: { verifier, audiences: audiences as never } })).toThrow(TypeError)
    expect(() => tokenExchange({ policy: allowPeople, trusted: {} as never })).toThrow(TypeError)
    expect(() =>
      assertionSetup({ grants: [tokenExchange({ policy: allowPeople })], clientOptions: { clientKeys: undefined as never } }),
    ).toThrow(TypeError)
    const grant = tokenExchange({ policy: allowPeople, clientSigned: false, trusted: { verifier, audiences: null } })
    expect(() => assertionSetup({ grants: [grant], clientOptions: { clientKeys: undefined as never } })).not.toThrow()
    expect([grant.type, hasOwn(grant, 'accessTokenLifetimeSeconds')]).toEqual([exchange, false])
  })
})
