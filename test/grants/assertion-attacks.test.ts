import { memoryStores } from '@countersign/core/memory'
import { createKeyRegistry } from '@countersign/keys'
import { fixedClock, malformedTokens, publicJwkOf, renameKey, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { type Changes, clientAssertionType, exchangeOf, issuer } from './assertion-setup.js'
import { type AssertionUse, assertionUses, everyMethod, everyUse, usesSetup } from './assertion-uses.js'

async function start(use: AssertionUse, changes: Parameters<AssertionUse['client']>[1] = {}) {
  const suite = usesSetup()
  const client = await use.client(suite, changes)
  const tokenWith = ({ claims, ...rest }: Changes = {}, id = client.id) =>
    suite.jwtOf(id, { claims: { ...use.claims(id), ...claims }, ...rest })
  const present = (token: string, as = client) => suite.outcomeOf(...use.request(token, as))
  return { ...suite, client, tokenWith, present }
}

describe.each(assertionUses)('$name', (use) => {
  const refusal = (reason: string): string => `${use.refusal} ${reason}`

  it('that is good is accepted once', async () => {
    const { tokenWith, present } = await start(use)
    const token = await tokenWith()
    expect([await present(token), await present(token)]).toEqual(['200', refusal('assertion_replayed')])
  })

  const seconds = 1000
  it.each<[string, Record<string, unknown>, string]>([
    ['for another audience', { aud: 'https://other.example' }, 'assertion_audience'],
    ['for us and somebody else, who could pass it on', { aud: [issuer, 'https://other.example'] }, 'assertion_audience'],
    ['for our token endpoint', { aud: `${issuer}/token` }, 'assertion_audience'],
    ['for nobody', { aud: undefined }, 'assertion_audience'],
    ['for an empty list', { aud: [] }, 'assertion_audience'],
    ['of another issuer', { iss: 'somebody' }, 'assertion_issuer'],
    ['without an end', { exp: undefined }, 'assertion_malformed'],
    ['with a number as its subject', { sub: 5 }, 'assertion_malformed'],
    ['that lives too long', { life: 301 }, 'assertion_life'],
    ['that lives for ever', { life: 1e12 }, 'assertion_life'],
    ['that lives too long and does not say since when', { life: 306.5, iat: undefined }, 'assertion_life'],
    ['back-dated, so that it lives too long', { iat: -10, life: 300 }, 'assertion_life'],
    ['that expired', { iat: -100, life: -10 }, 'assertion_expired'],
    ['not valid yet', { nbf: 10 }, 'assertion_not_yet_valid'],
    ['issued in the future', { iat: 10 }, 'assertion_issued_in_future'],
    ['without a jti', { jti: undefined }, 'assertion_jti'],
    ['with an empty jti', { jti: '' }, 'assertion_jti'],
    ['bound to a key', { cnf: { jkt: 'x' } }, 'assertion_bound'],
  ])('%s is refused', async (_what, { life, iat, nbf, ...claims }, reason) => {
    const { tokenWith, present, clock } = await start(use)
    const now = clock.now() / seconds
    const times = {
      ...(typeof life === 'number' && { exp: now + life }),
      ...(typeof iat === 'number' && { iat: now + iat }),
      ...(typeof nbf === 'number' && { nbf: now + nbf }),
      ...(reason === 'assertion_life' && iat === undefined && life === 306.5 && { iat: undefined }),
    }
    const answer = await present(await tokenWith({ claims: { ...claims, ...times } }))
    // An assertion of somebody else names somebody else, or nobody.
    const ofNobody = ['401 invalid_client no_authentication', '400 invalid_grant unknown_client']
    expect(
      use.name === 'an assertion' && ['assertion_issuer', 'assertion_malformed'].includes(reason)
        ? [...ofNobody, refusal(reason)]
        : [refusal(reason)],
    ).toContain(answer)
  })

  it('is refused where it is of another type of JWT', async () => {
    const { tokenWith, present } = await start(use)
    for (const typ of ['at+jwt', 'logout+jwt', 'dpop+jwt', 'secevent+jwt'])
      expect(await present(await tokenWith({ typ }))).toBe(refusal('assertion_type'))
    const others = {
      'a subject token': 'client-authentication+jwt',
      'an assertion': 'client-authentication+jwt',
      'a client assertion': 'authorization-grant+jwt',
    }
    const typ = Object.entries(others).find(([name]) => name === use.name)?.[1] ?? ''
    expect(await present(await tokenWith({ typ }))).toBe(refusal('assertion_type'))
  })

  it('is refused with delegation inside, if it stands for somebody', async () => {
    const { tokenWith, present } = await start(use)
    for (const name of ['act', 'may_act']) {
      const answer = await present(await tokenWith({ claims: { [name]: { sub: 'x' } } }))
      expect(answer).toBe(use.name === 'a client assertion' ? '200' : refusal('assertion_delegated'))
    }
  })

  it('that is malformed, or signed in another way, is refused, with HS256 and every text of the public key too', async () => {
    const { tokenWith, present, clock } = await start(use)
    const key = renameKey(testKeys.rs256, { kid: 'k1' })
    const families = ['segments', 'header', 'algorithm', 'signature', 'key confusion']
    const rows = malformedTokens(await tokenWith(), key, { now: clock.now }).filter(({ family }) => families.includes(family))
    expect(rows.filter(({ family }) => family === 'key confusion').length).toBeGreaterThan(15)
    const accepted: string[] = []
    for (const { family, name, token } of rows) {
      const answer = await present(token)
      const isRefused = /^(40[01]|413) invalid_(request|client|grant)/.test(answer)
      const isExact = family !== 'key confusion' || answer === refusal('assertion_algorithm')
      if (!isRefused || !isExact) accepted.push(`${family}: ${name}: ${answer}`)
    }
    expect(accepted).toEqual([])
  })

  it('is verified with the keys of its own client only', async () => {
    const { registry, tokenWith, present, client, keyed } = await start(use)
    const other = await keyed({}, testKeys.es256)
    await registry.clientKeys.register({ owner: other.id, kid: 'theirs', jwk: publicJwkOf(testKeys.es256Other) })
    // The kid of another client, an unknown one, and a kid that two clients have.
    expect(await present(await tokenWith({ kid: 'theirs', key: testKeys.es256Other }))).toBe(refusal('assertion_key_unknown'))
    expect(await present(await tokenWith({ kid: 'nobody' }))).toBe(refusal('assertion_key_unknown'))
    expect(await present(await tokenWith({ key: testKeys.es256 }))).toBe(refusal('assertion_key_unknown'))
    expect(await present(await tokenWith({ key: testKeys.rs256Other }))).toBe(refusal('assertion_signature'))
    expect(await present(await tokenWith(), client)).toBe('200')
  })

  it('needs no kid: it is tried with every key of the client that fits, and with no other', async () => {
    const { registry, tokenWith, present, client } = await start(use)
    expect(await present(await tokenWith({ omitKid: true }))).toBe('200')
    await registry.clientKeys.register({ owner: client.id, kid: 'k2', jwk: publicJwkOf(testKeys.rs256Other, { kid: undefined }) })
    expect(await present(await tokenWith({ omitKid: true }))).toBe('200')
    expect(await present(await tokenWith({ omitKid: true, key: testKeys.rs256Other }))).toBe('200')
    await registry.clientKeys.revoke(client.id, 'k2')
    expect(await present(await tokenWith({ omitKid: true, key: testKeys.rs256Other }))).toBe(refusal('assertion_signature'))
    expect(await present(await tokenWith({ omitKid: true, key: testKeys.es256 }))).toBe(refusal('assertion_key_unknown'))
  })

  it('is signed with the algorithm of the key and no other of its type', async () => {
    const { tokenWith, present } = await start(use)
    for (const alg of ['RS384', 'RS512', 'PS256'] as const) {
      const token = await tokenWith({ key: renameKey(testKeys.rs256, { alg }) })
      expect(await present(token)).toBe(refusal('assertion_key_unknown'))
    }
  })

  it('is refused with a key that is not valid yet, or not any more, with the reason', async () => {
    const { registry, tokenWith, present, client, clock } = await start(use)
    const now = clock.now() / seconds
    const { es256, es256Other, es384, es512 } = testKeys
    const owner = client.id
    const { clientKeys } = registry
    await clientKeys.register({ owner, kid: 'late', jwk: publicJwkOf(es256), notBefore: now + 60, expiresAt: now + 120 })
    await clientKeys.register({ owner, kid: 'retired', jwk: publicJwkOf(es256Other) })
    await clientKeys.register({ owner, kid: 'revoked', jwk: publicJwkOf(es384) })
    await clientKeys.retire(owner, 'retired')
    await clientKeys.revoke(owner, 'revoked')
    expect(await present(await tokenWith({ kid: 'late', key: es256 }))).toBe(refusal('assertion_key_not_yet_valid'))
    clock.advance(60)
    expect(await present(await tokenWith({ kid: 'late', key: es256 }))).toBe('200')
    clock.advance(60)
    expect(await present(await tokenWith({ kid: 'late', key: es256 }))).toBe(refusal('assertion_key_expired'))
    expect(await present(await tokenWith({ kid: 'retired', key: es256Other }))).toBe(refusal('assertion_key_retired'))
    expect(await present(await tokenWith({ kid: 'revoked', key: es384 }))).toBe(refusal('assertion_key_revoked'))
    expect(await present(await tokenWith({ kid: 'none', key: es512 }))).toBe(refusal('assertion_key_unknown'))
  })

  it('is refused with a key whose possession was not shown', async () => {
    const clock = fixedClock()
    const stores = memoryStores({ now: clock.now })
    const registry = createKeyRegistry({ issuer, store: stores.keys, now: clock.now, requirePossession: true })
    const suite = usesSetup({ clock, allStores: stores, registry })
    const client = await use.client(suite)
    const token = await suite.jwtOf(client.id, { claims: use.claims(client.id) })
    expect(await suite.outcomeOf(...use.request(token, client))).toBe(refusal('assertion_key_pending'))
  })

  it('has an id of its own client: one with the same jti of another client works', async () => {
    const { tokenWith, present, jwtOf, ...suite } = await start(use)
    const other = await use.client({ ...suite, jwtOf }, {}, testKeys.es256)
    const jti = 'same'
    expect(await present(await tokenWith({ claims: { jti } }))).toBe('200')
    const theirs = await jwtOf(other.id, { key: testKeys.es256, claims: { ...use.claims(other.id), jti } })
    expect(await present(theirs, other)).toBe('200')
    expect(await present(await tokenWith({ claims: { jti } }))).toBe(refusal('assertion_replayed'))
  })

  it('is remembered until no clock believes it any more', async () => {
    const { tokenWith, present, clock } = await start(use)
    const now = clock.now() / seconds
    const token = await tokenWith({ claims: { exp: now + 300 } })
    expect(await present(token)).toBe('200')
    clock.advance(299)
    expect(await present(token)).toMatch(/assertion_replayed$/)
    clock.advance(5.5)
    expect(await present(token)).toMatch(/assertion_(replayed|expired)$/)
    clock.advance(1)
    expect(await present(token)).toBe(refusal('assertion_expired'))
  })

  it('that was signed before the store began to remember is refused', async () => {
    const suite = usesSetup()
    const client = await use.client(suite)
    const before = await suite.jwtOf(client.id, { claims: use.claims(client.id) })
    const stores = memoryStores({ now: suite.clock.now })
    const { claim } = stores.replay
    Object.assign(suite.stores.replay, { claim })
    suite.clock.advance(2)
    expect(await suite.outcomeOf(...use.request(before, client))).toBe(refusal('assertion_unprovable'))
  })

  it('is an outage, and not refused, while store or keys are down', async () => {
    const { tokenWith, present, stores, registry } = await start(use)
    const token = await tokenWith()
    const { claim } = stores.replay
    const { find } = registry.clientKeys
    const down = async (): Promise<never> => Promise.reject(new Error('down'))
    Object.assign(stores.replay, { claim: down })
    expect(await present(token)).toBe('503 temporarily_unavailable unavailable')
    Object.assign(stores.replay, { claim })
    Object.assign(registry.clientKeys, { find: down })
    expect(await present(token)).toBe('503 temporarily_unavailable unavailable')
    Object.assign(registry.clientKeys, { find })
    expect(await present(token)).toBe('200')
  })

  it('of a locked client is refused', async () => {
    const { tokenWith, present, client, clients } = await start(use)
    await clients.lock(client.id)
    const refusedAs = use.name === 'an assertion' ? use.refusal : '401 invalid_client'
    expect(await present(await tokenWith())).toBe(`${refusedAs} locked_client`)
  })
})

describe('a JWT', () => {
  it.each(assertionUses)('that was $name is used up: it is none of the others any more', async (first) => {
    const suite = usesSetup({ grants: everyUse })
    const client = await suite.keyed({ authMethods: everyMethod })
    const token = await suite.jwtOf(client.id, { claims: { sub: client.id } })
    expect(await suite.outcomeOf(...first.request(token, client))).toBe('200')
    for (const { request, refusal } of assertionUses)
      expect(await suite.outcomeOf(...request(token, client))).toBe(`${refusal} assertion_replayed`)
  })

  it('cannot authenticate the client and be its subject token in one request', async () => {
    const suite = usesSetup({ grants: everyUse })
    const client = await suite.keyed({ authMethods: everyMethod })
    const token = await suite.jwtOf(client.id, { claims: { sub: client.id } })
    const twice = { ...exchangeOf(token), client_assertion: token, client_assertion_type: clientAssertionType }
    expect(await suite.outcomeOf(twice)).toBe('400 invalid_request assertion_replayed')
  })

  it('of two clients that go by one name has an id of its own', async () => {
    const suite = usesSetup()
    const [subjectToken] = assertionUses
    const answers: string[] = []
    for (const key of [testKeys.es256, testKeys.rs256]) {
      const client = await suite.keyed({ assertion: { issuer: 'BELISLE' } }, key)
      const token = await suite.jwtOf(client.id, { key, claims: { iss: 'BELISLE', jti: 'same' } })
      if (subjectToken) answers.push(await suite.outcomeOf(...subjectToken.request(token, client)))
    }
    expect(answers).toEqual(['200', '200'])
  })
})
