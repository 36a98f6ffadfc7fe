import { randomBytes } from 'node:crypto'
import { originsOf, type RevocationEntry, type Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type ExchangePolicy, refreshToken, type TokenEndpointOptions, tokenExchange } from '@countersign/grants'
import { fixedClock, publicJwkOf, signToken, testKeys } from '@countersign/testkit'
import { createSharedRevocations, createVerifier, type SharedRevocations, staticKeys } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accessTokenType, assertionSetup, exchange, jwtType } from './assertion-setup.js'
import { audience, basic, claimsOf, issuer } from './endpoint-setup.js'
import { outcomes } from './outcomes.js'

const partner = 'https://partner.example'
const day = 86_400
const secrets = { current: { id: 'r', secret: randomBytes(32) } }

/** Whom it knows under another name. */
const renamed: ExchangePolicy = ({ presented: { subject } }) => ({ allow: true, isPerson: true, subject: `here-${subject}` })

/** A schema that keeps what the host's handlers want to see. */
const onlySubject = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) => {
      const { iss, exp, sub, aud, iat } = value as Record<string, unknown>
      return { value: { iss: String(iss), exp: Number(exp), sub, aud, iat } }
    },
  },
}

/** An endpoint that exchanges tokens of a partner, and its own. */
async function start(changes: Partial<TokenEndpointOptions> & { readonly hasSchema?: boolean } = {}) {
  const { hasSchema = false, ...endpoint } = changes
  const clock = fixedClock()
  const stores = memoryStores({ now: clock.now })
  const viewOf = async ({ revocations: store, accounts: subjects }: Stores) => {
    const view = createSharedRevocations({ store, subjects, maxStalenessSeconds: 365 * day, onStale: 'refuse', now: clock.now })
    onTestFinished(() => view.close())
    await view.ready()
    return view
  }
  const revocations = await viewOf(stores)
  const schema = hasSchema ? { schema: onlySubject } : {}
  const own = { keys: [testKeys.es256, testKeys.rs256].map((key) => publicJwkOf(key)) }
  const verifierWith = (view: SharedRevocations) =>
    createVerifier({
      now: clock.now,
      revocations: view,
      issuers: {
        partner: staticKeys({ issuer: partner, keys: { keys: [publicJwkOf(testKeys.es384)] }, algorithms: ['ES384'], audience }),
        own: staticKeys({ issuer, keys: own, algorithms: ['ES256', 'RS256'], audience, typ: 'at+jwt', ...schema }),
      },
    })
  const verifier = verifierWith(revocations)
  const grants = [
    tokenExchange({ policy: renamed, trusted: { verifier, audiences: [audience] }, refreshTokens: true }),
    refreshToken({ secrets }),
  ]
  const suite = assertionSetup({ clock, allStores: stores, grants, revocations, ...endpoint })
  const client = await suite.keyed({
    grants: [exchange, 'refresh_token'],
    refresh: { policy: 'rotating' },
    assertion: { mayOutlive: true },
  })
  const headers = basic(client.id, client.secret)
  const seconds = () => Math.floor(clock.now() / 1000)
  const exchanged = async (token: string, type = accessTokenType) =>
    (await suite.ask({ grant_type: exchange, subject_token: token, subject_token_type: type }, headers)).body
  const foreign = (claims: object = {}) => {
    const usual = { iss: partner, sub: 'ann', aud: audience, client_id: 'app', jti: 'j1', iat: seconds(), exp: seconds() + 300 }
    return signToken({ key: testKeys.es384, claims: { ...usual, ...claims } })
  }
  const reasonFor = async (token: string) => {
    const verified = await verifier.verify(token)
    return verified.ok ? 'good' : verified.refusal.reason
  }
  return { ...suite, viewOf, verifierWith, clock, client, headers, seconds, revocations, exchanged, foreign, reasonFor }
}

/** What can be revoked of a foreign token, and why the token that it was exchanged for is refused. */
const endings: readonly (readonly [string, Omit<RevocationEntry, 'issuer'>, string])[] = [
  [
    'subject',
    { type: 'subject', subject: 'ann', notBefore: Math.floor(fixedClock().now() / 1000) + 100 } as RevocationEntry,
    'revoked_subject',
  ],
  ['id', { type: 'jti', jti: 'j1', expiresAt: Math.floor(fixedClock().now() / 1000) + 400 } as RevocationEntry, 'revoked_token'],
  ['client', { type: 'client', clientId: 'app' } as RevocationEntry, 'revoked_client'],
  ['key', { type: 'signing_key', kid: testKeys.es384.kid } as RevocationEntry, 'revoked_key'],
  ['credential', { type: 'client_key', thumbprint: 'secret:1' } as RevocationEntry, 'revoked_key'],
  ['family', { type: 'family', family: 'f1', expiresAt: Math.floor(fixedClock().now() / 1000) + 400 } as RevocationEntry, 'revoked_token'],
]

describe('a token that was exchanged for one of another issuer', () => {
  it.each(endings)('ends with the %s of that one', async (_what, entry, reason) => {
    const { exchanged, foreign, reasonFor, revocations } = await start()
    const { access_token: token } = await exchanged(await foreign({ client_credential: 'secret:1', refresh_family: 'f1' }))
    const { access_token: other } = await exchanged(
      await signToken({ key: testKeys.es384, claims: { iss: partner, sub: 'bob', aud: audience, iat: 1_800_000_060, exp: 1_800_000_600 } }),
    )
    expect([await reasonFor(token), await reasonFor(other)]).toEqual(['good', 'good'])
    await revocations.revoke({ ...entry, issuer } as RevocationEntry)
    expect(await reasonFor(token)).toBe('good')
    await revocations.revoke({ ...entry, issuer: partner } as RevocationEntry)
    expect(await reasonFor(token)).toBe(reason)
    expect(await reasonFor(other)).toBe(reason === 'revoked_key' && entry.type === 'signing_key' ? reason : 'good')
  })

  it.each(endings)('gives no more tokens to its family after the end of the %s', async (_what, entry) => {
    const { exchanged, foreign, ask, headers, revocations } = await start()
    const { refresh_token: token } = await exchanged(await foreign({ client_credential: 'secret:1', refresh_family: 'f1' }))
    await revocations.revoke({ ...entry, issuer: partner } as RevocationEntry)
    const { status, body } = await ask({ grant_type: 'refresh_token', refresh_token: token }, headers)
    expect([status, body.error]).toEqual([400, 'invalid_grant'])
  })

  it('has its family end with the subject long after the denylist has forgotten it', async () => {
    const { exchanged, foreign, ask, headers, revocations, clock, seconds } = await start()
    const { refresh_token: token } = await exchanged(await foreign())
    clock.advance(5)
    await revocations.revoke({ type: 'subject', issuer: partner, subject: 'ann', notBefore: seconds() })
    clock.advance(200 * day)
    await revocations.ready()
    const heard = outcomes()
    expect((await ask({ grant_type: 'refresh_token', refresh_token: token }, headers)).status).toBe(400)
    expect(heard()).toEqual(['refresh_revoked'])
  })

  it('has a family that goes on, and says every time where it comes from', async () => {
    const { exchanged, foreign, ask, headers, seconds } = await start()
    const iat = seconds()
    const first = await exchanged(await foreign())
    const { body } = await ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token }, headers)
    const origin = { iss: partner, kid: testKeys.es384.kid, jti: 'j1', sub: 'ann', client_id: 'app', iat }
    expect([first, body].map(({ access_token: token }) => claimsOf(token).exchanged_from)).toEqual([[origin], [origin]])
  })
})

describe('a token that was exchanged for one of ours', () => {
  const ours = async ({ seconds }: Pick<Awaited<ReturnType<typeof start>>, 'seconds'>, changes: object = {}, key = testKeys.es256) => {
    const claims = { iss: issuer, sub: 'ann', aud: audience, client_id: 'app', jti: 'a', iat: seconds(), exp: seconds() + 300, ...changes }
    return signToken({ key, claims, header: { typ: 'at+jwt' } })
  }

  it('ends with every one of a row of exchanges', async () => {
    for (const at of [0, 1, 2]) {
      const suite = await start()
      const row = [await ours(suite)]
      while (row.length < 3) row.push((await suite.exchanged(row.at(-1) ?? '')).access_token)
      const [jti] = row.slice(at).map((token) => String(claimsOf(token).jti))
      await suite.revocations.revoke({ type: 'jti', issuer, jti: jti ?? '', expiresAt: suite.seconds() + 300 })
      const reasons = await Promise.all(row.map(suite.reasonFor))
      expect(reasons).toEqual(row.map((_token, index) => (index >= at ? 'revoked_token' : 'good')))
    }
  })

  it('ends with the key that signed that one: what was forged with a stolen key is not washed', async () => {
    const suite = await start()
    const { access_token: token } = await suite.exchanged(await ours(suite, {}, testKeys.rs256))
    await suite.revocations.revoke({ type: 'signing_key', issuer, kid: testKeys.rs256.kid })
    expect(await suite.reasonFor(token)).toBe('revoked_key')
  })

  it('hands on what that one depends on, whatever a schema leaves of its claims', async () => {
    const suite = await start({ hasSchema: true })
    const from = await ours(suite, { client_credential: 'secret:1', refresh_family: 'f', exchanged_from: [{ iss: partner, jti: 'p' }] })
    const claims = claimsOf((await suite.exchanged(from)).access_token)
    expect(claims).toMatchObject({
      refresh_family: 'f',
      exchanged_from: [
        { iss: partner, jti: 'p' },
        { iss: issuer, jti: 'a', sub: 'ann' },
      ],
    })
    expect(claims.client_credential).toContain('secret:1')
    expect(await suite.exchanged(await ours(suite, { act: { sub: 'x' } }))).toMatchObject({ error: 'invalid_request' })
  })

  it('may be older than what is known of revocations: it was judged when it was exchanged', async () => {
    const suite = await start()
    const from = await ours(suite)
    suite.clock.advance(30)
    const later = suite.verifierWith(await suite.viewOf(memoryStores({ now: suite.clock.now })))
    const { access_token: token } = await suite.exchanged(from)
    const verdicts = await Promise.all([from, token].map((one) => later.verify(one)))
    expect(verdicts.map((one) => (one.ok ? 'good' : one.refusal.reason))).toEqual(['unprovable', 'good'])
  })
})

describe('a token that was exchanged for a JWT of a client', () => {
  it('ends by the id of that JWT, which names its issuer', async () => {
    const { exchanged, jwtOf, client, revocations, seconds, reasonFor } = await start()
    const token = await jwtOf(client.id, { claims: { jti: 'mine', iat: undefined } })
    const { access_token: made } = await exchanged(token, jwtType)
    expect(claimsOf(made).exchanged_from).toEqual([{ iss: client.id, jti: 'mine', sub: 'person-1', iat: seconds() }])
    await revocations.revoke({ type: 'jti', issuer: client.id, jti: 'mine', expiresAt: seconds() + 300 })
    expect(await reasonFor(made)).toBe('revoked_token')
  })

  it('is not issued where that JWT was revoked before, and the JWT is not used up', async () => {
    const { jwtOf, client, headers, revocations, seconds, outcomeOf } = await start()
    const token = await jwtOf(client.id, { claims: { jti: 'mine' } })
    const entry = { type: 'jti', issuer: client.id, jti: 'mine', expiresAt: seconds() + 300 } as const
    const parameters = { grant_type: exchange, subject_token: token, subject_token_type: jwtType }
    await revocations.revoke(entry)
    expect(await outcomeOf(parameters, { ...headers })).toBe('400 invalid_grant assertion_revoked')
    await revocations.reinstate(entry)
    expect(await outcomeOf(parameters, { ...headers })).toBe('200')
  })
})

describe('exchanged_from', () => {
  it('is for the endpoint alone', async () => {
    const { exchanged, foreign } = await start({ claims: () => ({ exchanged_from: [] }) })
    await expect(exchanged(await foreign())).rejects.toThrow('claims must not have exchanged_from')
  })

  it('of another form says nothing', () => {
    for (const value of [undefined, null, 'x', {}, [null, 1, [], {}, { iss: 1 }]]) expect(originsOf({ exchanged_from: value })).toEqual([])
  })

  it('of which members have another form says the rest', () => {
    const item = { iss: 'i', jti: 1, sub: null, kid: 'k', iat: '1', client_key: ['a', 1], refresh_family: {}, other: 'x' }
    expect(originsOf({ exchanged_from: [item] })).toEqual([{ iss: 'i', kid: 'k', client_key: ['a'] }])
  })
})
