import { Unavailable } from '@countersign/core'
import { jwtBearer, type TrustedTokens, tokenExchange } from '@countersign/grants'
import { fixedClock, publicJwkOf, signToken, testKeys } from '@countersign/testkit'
import { createRevocations, createVerifier, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { accessTokenType, allowPeople, assertionSetup, basic, bearer, exchange, issuer } from './assertion-setup.js'
import { audience, claimsOf, guardOf } from './endpoint-setup.js'

const partner = 'https://partner.example'
const ours = 'https://gateway.example'

/** Trusts a partner, and ourselves. */
function start(changes: Partial<TrustedTokens> = {}, policy = allowPeople) {
  const clock = fixedClock()
  const revocations = createRevocations({ now: clock.now })
  const verifier = createVerifier({
    now: clock.now,
    revocations,
    issuers: {
      partner: staticKeys({ issuer: partner, keys: { keys: [publicJwkOf(testKeys.es384)] }, algorithms: ['ES384'], audience: null }),
      own: staticKeys({ issuer, keys: { keys: [publicJwkOf(testKeys.es256)] }, algorithms: ['ES256'], audience, typ: 'at+jwt' }),
    },
  })
  const trusted: TrustedTokens = { verifier, audiences: [ours, audience], ...changes }
  const suite = assertionSetup({ clock, grants: [tokenExchange({ policy, trusted }), jwtBearer({ policy, trusted })] })
  const seconds = () => Math.floor(clock.now() / 1000)
  const tokenWith = (claims: Record<string, unknown> = {}, key = testKeys.es384) =>
    signToken({ key, claims: { iss: partner, sub: 'person-1', aud: ours, scope: 'read', iat: seconds(), exp: seconds() + 300, ...claims } })
  const exchangeOf = (token: string, further: Record<string, string> = {}) => ({
    grant_type: exchange,
    subject_token: token,
    subject_token_type: accessTokenType,
    ...further,
  })
  return { ...suite, verifier, revocations, tokenWith, exchangeOf }
}

describe('an access token of a trusted issuer', () => {
  it('is exchanged for one of ours: its subject, how it signed in, its scopes among those of the client', async () => {
    const { register, tokenWith, exchangeOf, ask, clock } = start()
    const { id, secret } = await register({ grants: [exchange] })
    const token = await tokenWith({ auth_time: 7, amr: ['mfa'], acr: 'gold', scope: 'read admin', exp: clock.now() / 1000 + 100 })
    const { body } = await ask(exchangeOf(token), basic(id, secret))
    expect(body).toMatchObject({ expires_in: 100, scope: 'read' })
    expect(claimsOf(body.access_token)).toMatchObject({
      sub: 'person-1',
      client_id: id,
      auth_time: 7,
      amr: ['mfa'],
      acr: 'gold',
      aud: audience,
    })
    expect(claimsOf(body.access_token)).not.toHaveProperty('client_key')
    // It can be presented again: it is no proof that is used up.
    expect((await ask(exchangeOf(token), basic(id, secret))).status).toBe(200)
  })

  it.each<[string, Record<string, unknown>, Record<string, string>, string]>([
    ['for somebody else (the confused deputy)', { aud: 'https://other.example' }, {}, 'invalid_request assertion_audience'],
    ['for nobody in particular', { aud: undefined }, {}, 'invalid_request assertion_audience'],
    ['that expired', { exp: 1 }, {}, 'invalid_request assertion_expired'],
    ['that is not valid yet', { nbf: 4e9 }, {}, 'invalid_request assertion_not_yet_valid'],
    ['of an issuer that nobody trusts', { iss: 'https://evil.example' }, {}, 'invalid_request assertion_issuer'],
    ['with an actor', { act: { sub: 'x' } }, {}, 'invalid_request assertion_delegated'],
    ['that names who may act', { may_act: { sub: 'x' } }, {}, 'invalid_request assertion_delegated'],
    ['bound to a key', { cnf: { jkt: 'x' } }, {}, 'invalid_request assertion_bound'],
    ['without a subject', { sub: undefined }, {}, 'invalid_request denied_by_policy'],
    ['for more than it allows', {}, { scope: 'read write' }, 'invalid_scope scope_not_allowed'],
  ])('%s is refused', async (_what, claims, further, answer) => {
    const { register, tokenWith, exchangeOf, outcomeOf } = start()
    const { id, secret } = await register({ grants: [exchange] })
    expect(await outcomeOf(exchangeOf(await tokenWith(claims), further), basic(id, secret))).toBe(`400 ${answer}`)
  })

  it('signed by anybody else is refused', async () => {
    const { register, tokenWith, exchangeOf, outcomeOf } = start()
    const { id, secret } = await register({ grants: [exchange] })
    const forged = await tokenWith({}, { ...testKeys.es384Other, kid: testKeys.es384.kid })
    expect(await outcomeOf(exchangeOf(forged), basic(id, secret))).toBe('400 invalid_request assertion_signature')
  })

  it('and a JWT that the client signed are not taken for each other', async () => {
    const { keyed, jwtOf, tokenWith, exchangeOf, outcomeOf } = start()
    const { id, secret } = await keyed()
    const own = await jwtOf(id)
    expect(await outcomeOf(exchangeOf(own), basic(id, secret))).toBe('400 invalid_request assertion_issuer')
    const asJwt = { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }
    expect(await outcomeOf(exchangeOf(await tokenWith(), asJwt), basic(id, secret))).toBe('400 invalid_request assertion_key_unknown')
  })

  it('that was revoked is refused', async () => {
    const { register, tokenWith, exchangeOf, outcomeOf, revocations, clock } = start()
    const { id, secret } = await register({ grants: [exchange] })
    const token = await tokenWith({ jti: 'j' })
    revocations.revoke({ type: 'jti', issuer: partner, jti: 'j', expiresAt: clock.now() / 1000 + 300 })
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('400 invalid_request assertion_revoked')
  })

  it('without an audience is accepted where the host leaves that to the verifier', async () => {
    const { register, tokenWith, exchangeOf, outcomeOf } = start({ audiences: null })
    const { id, secret } = await register({ grants: [exchange] })
    expect(await outcomeOf(exchangeOf(await tokenWith({ aud: undefined })), basic(id, secret))).toBe('200')
  })

  it('whose scopes mean something else is mapped by the policy', async () => {
    const { register, tokenWith, exchangeOf, ask } = start({}, ({ presented }) => ({
      allow: true,
      isPerson: true,
      scopes: presented.scopes?.includes('partner:all') ? ['read', 'write'] : [],
    }))
    const { id, secret } = await register({ grants: [exchange] })
    const { body } = await ask(exchangeOf(await tokenWith({ scope: 'partner:all' })), basic(id, secret))
    expect(body.scope).toBe('read write')
    expect((await ask(exchangeOf(await tokenWith()), basic(id, secret))).body).not.toHaveProperty('scope')
  })

  it('cannot be judged in an outage of the verifier: 503', async () => {
    const verify = async (): Promise<never> => {
      throw new Unavailable('key_source_unavailable')
    }
    const { register, tokenWith, exchangeOf, outcomeOf } = start({ verifier: { verify } })
    const { id, secret } = await register({ grants: [exchange] })
    expect(await outcomeOf(exchangeOf(await tokenWith()), basic(id, secret))).toBe('503 temporarily_unavailable unavailable')
  })
})

describe('an access token of our own', () => {
  it('cannot be washed: what is exchanged for it ends with the key, the credential and the family that it was obtained with', async () => {
    const { register, exchangeOf, ask, clock } = start()
    const { id, secret } = await register({ grants: [exchange] })
    const seconds = Math.floor(clock.now() / 1000)
    const claims = { iss: issuer, sub: 'person-1', aud: audience, scope: 'read', iat: seconds, exp: seconds + 300 }
    const obtained = { client_key: 'thumb', client_credential: ['client:x:e', 'more'], refresh_family: 'f' }
    const token = await signToken({ key: testKeys.es256, claims: { ...claims, ...obtained } })
    const { body } = await ask(exchangeOf(token), basic(id, secret))
    const derived = claimsOf(body.access_token)
    expect(derived.client_credential).toEqual([expect.stringMatching(/^secret:/), 'thumb', 'client:x:e', 'more'])
    expect(derived.refresh_family).toBe('f')
    const { guard, revocations } = guardOf(clock)
    const admits = async () => (await guard.check({ headers: { authorization: `Bearer ${body.access_token}` } })).ok
    expect(await admits()).toBe(true)
    revocations.revoke({ type: 'client_key', issuer, thumbprint: 'thumb' })
    expect(await admits()).toBe(false)
  })

  it('of another issuer says nothing of ours with the same claims', async () => {
    const { register, tokenWith, exchangeOf, ask } = start()
    const { id, secret } = await register({ grants: [exchange] })
    const token = await tokenWith({ client_key: 'thumb', client_credential: 'c', refresh_family: 'f' })
    const derived = claimsOf((await ask(exchangeOf(token), basic(id, secret))).body.access_token)
    expect(derived.client_credential).toMatch(/^secret:/)
    expect(derived).not.toHaveProperty('refresh_family')
  })
})

describe('an assertion of a trusted issuer', () => {
  it('is accepted of a client that authenticates itself', async () => {
    const { register, tokenWith, ask, outcomeOf } = start()
    const { id, secret } = await register({ grants: [bearer] })
    const { body } = await ask({ grant_type: bearer, assertion: await tokenWith() }, basic(id, secret))
    expect(claimsOf(body.access_token)).toMatchObject({ sub: 'person-1', client_id: id, scope: 'read' })
    const bad = { grant_type: bearer, assertion: await tokenWith({ exp: 1 }) }
    expect(await outcomeOf(bad, basic(id, secret))).toBe('400 invalid_grant assertion_expired')
  })

  it('identifies nobody: without authentication of the client it is nothing', async () => {
    const { keyed, tokenWith, outcomeOf } = start()
    const { id } = await keyed({ authMethods: ['private_key_jwt'] })
    const assertion = await tokenWith()
    expect(await outcomeOf({ grant_type: bearer, assertion })).toBe('400 invalid_grant unknown_client')
    expect(await outcomeOf({ grant_type: bearer, assertion, client_id: id })).toBe('401 invalid_client wrong_method_of_client')
  })

  it('is enough for a public client, which need not authenticate itself', async () => {
    const { verifier, clock } = start()
    const trusted = { verifier, audiences: [ours] }
    const suite = assertionSetup({ clock, grants: [jwtBearer({ trusted, policy: allowPeople, clientIdOf: () => 'app' })] })
    await suite.register({ id: 'app', grants: [bearer], authMethods: ['none'] })
    const seconds = Math.floor(clock.now() / 1000)
    const claims = { iss: partner, sub: 'person-1', aud: ours, iat: seconds, exp: seconds + 300 }
    const assertion = await signToken({ key: testKeys.es384, claims, header: { typ: 'JWT' } })
    expect(await suite.outcomeOf({ grant_type: bearer, assertion })).toBe('200')
    expect(await suite.outcomeOf({ grant_type: bearer, assertion, client_id: 'app' })).toBe('200')
    expect(await suite.outcomeOf({ grant_type: bearer, assertion: `${assertion.slice(0, -8)}AAAAAAAA` })).toBe(
      '400 invalid_grant assertion_signature',
    )
  })

  it('does not stand for the client that the host gives its issuer to', async () => {
    const { verifier, clock } = start()
    const trusted = { verifier, audiences: [ours] }
    const grants = [jwtBearer({ trusted, policy: allowPeople, clientIdOf: () => 'robot' })]
    const suite = assertionSetup({ clock, grants })
    await suite.keyed({ id: 'robot', authMethods: ['private_key_jwt'] })
    const seconds = Math.floor(clock.now() / 1000)
    const claims = { iss: partner, sub: 'person-1', aud: ours, iat: seconds, exp: seconds + 300 }
    const assertion = await signToken({ key: testKeys.es384, claims, header: { typ: 'JWT' } })
    expect(await suite.outcomeOf({ grant_type: bearer, assertion })).toBe('400 invalid_grant assertion_key_unknown')
  })
})
