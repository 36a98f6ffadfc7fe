import { Unavailable } from '@countersign/core'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { optional, requireScopes, signingKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, audience, bearer, entryOf, issuer, recorded, startGuard, startsAt, tokenOf, withHeader } from './guard-setup.js'

const nothing = { method: 'GET', url: '/', headers: {} }

describe('an admitted request', () => {
  it('is told with its entry, its issuer and whether the cache answered', async () => {
    const events = recorded('countersign:accepted')
    const { guard } = startGuard()
    const token = await tokenOf()
    for (let round = 0; round < 2; round++) await guard.check(bearer(token), requireScopes('read'))
    const durationMs = expect.any(Number)
    expect(events).toEqual([
      { via: 'main', issuer, cached: false, durationMs },
      { via: 'main', issuer, cached: true, durationMs },
    ])
    expect(events.every((event) => event.durationMs >= 0 && event.durationMs < 1000)).toBe(true)
  })

  it('without credentials is told apart', async () => {
    const events = [recorded('countersign:accepted'), recorded('countersign:refused'), recorded('countersign:anonymous')]
    const { guard } = startGuard()
    await guard.check(nothing, optional())
    expect(events).toEqual([[], [], [{ durationMs: expect.any(Number) }]])
  })

  it('is told when a verifier is asked without HTTP', async () => {
    const [accepted, refused] = [recorded('countersign:accepted'), recorded('countersign:refused')]
    const { guard } = startGuard()
    await guard.verifier.verify(await tokenOf())
    await guard.verifier.verify('x')
    expect([accepted.length, refused.length]).toEqual([1, 1])
    expect(refused[0]).toMatchObject({
      reason: 'malformed',
      via: undefined,
      cached: false,
      detail: { received: 'one segment: an opaque token?' },
    })
  })
})

describe('a refused request', () => {
  it.each<[string, () => Promise<string>, object]>([
    [
      'expired',
      () => tokenOf({ exp: startsAt - 100 }),
      { via: 'main', detail: { expected: 'exp less than 5 s ago (clockToleranceSeconds)', received: 'exp 100 s ago' } },
    ],
    ['unknown_issuer', () => tokenOf({ iss: 'https://x.test' }), { via: undefined, detail: { received: 'https://x.test' } }],
    ['audience', () => tokenOf({ aud: ['a', 'b'] }), { via: 'main', detail: { expected: audience, received: 'a b' } }],
    ['token_type', () => tokenOf({}, { typ: 'id+jwt' }), { via: 'main', detail: { expected: 'at+jwt jwt ', received: 'id+jwt' } }],
    ['algorithm', () => tokenOf({}, {}, testKeys.rs256), { via: 'main', detail: { expected: 'ES256', received: 'RS256' } }],
    [
      'unknown_key',
      () => tokenOf({}, { kid: 'other' }),
      { via: 'main', detail: { expected: 'ES256: test-es256', received: 'kid other, ES256' } },
    ],
    ['signature', () => tokenOf({}, { kid: testKeys.es256.kid }, testKeys.es256Other), { via: 'main', detail: undefined }],
    ['insufficient_scope', () => tokenOf({ scope: '' }), { via: 'main' }],
    [
      'malformed',
      async () => 'x.y',
      { via: undefined, detail: { expected: expect.stringContaining('compact JWS'), received: '2 segments' } },
    ],
  ])('is told with its reason: %s', async (reason, token, event) => {
    const events = recorded('countersign:refused')
    const { guard } = startGuard()
    await guard.check(bearer(await token()), requireScopes('read'))
    expect(events).toEqual([expect.objectContaining({ reason, cached: false, durationMs: expect.any(Number), ...event })])
  })

  it.each<[string, string, string]>([
    ['no_credentials', '', 'no_credentials'],
    ['scheme', 'Basic x', 'scheme'],
    ['malformed_request', 'Bearer a b', 'malformed_request'],
  ])('is told before a token was read: %s', async (_what, field, reason) => {
    const events = recorded('countersign:refused')
    const { guard } = startGuard()
    await guard.check(field === '' ? nothing : withHeader(field))
    expect(events).toMatchObject([{ reason, via: undefined, cached: false }])
  })

  it('says that the cache answered when it did', async () => {
    const events = recorded('countersign:refused')
    const { guard, clock } = startGuard()
    const token = await tokenOf()
    await guard.check(bearer(token))
    await guard.check(bearer(token), requireScopes('other'))
    clock.advance(400)
    await guard.check(bearer(token))
    expect(events.map(({ reason, cached }) => [reason, cached])).toEqual([
      ['insufficient_scope', true],
      ['expired', true],
    ])
  })

  it('tells at most 200 characters of what was sent, and never the token', async () => {
    const events = recorded('countersign:refused')
    const { guard } = startGuard()
    const long = 'x'.repeat(3000)
    const tokens = [tokenOf({ iss: long }), tokenOf({ aud: long }), tokenOf({ aud: Array.from({ length: 300 }, () => 'long-one') })]
    for (const token of await Promise.all([
      ...tokens,
      tokenOf({}, { typ: long }),
      tokenOf({ exp: 1 }),
      Promise.resolve('junk.junk.junk'),
    ])) {
      await guard.check(bearer(token))
      expect(JSON.stringify(events.at(-1))).not.toContain(token.slice(-20))
    }
    expect(events.map(({ reason }) => reason)).toEqual(['unknown_issuer', 'audience', 'audience', 'token_type', 'expired', 'malformed'])
    for (const { detail } of events) for (const text of Object.values(detail ?? {})) expect(text.length).toBeLessThanOrEqual(200)
  })
})

describe('the issuer of a tenant', () => {
  it('that anybody made up is told with at most 200 characters', async () => {
    const events = recorded('countersign:issuer')
    const resolveIssuer = { via: 'tenant', prefixes: ['https://login.test/'], resolve: async () => undefined }
    const { guard } = startGuard({ resolveIssuer } as never)
    await guard.check(bearer(await tokenOf({ iss: `https://login.test/${'x'.repeat(4000)}` })))
    expect(events.map(({ outcome, issuer: named }) => [outcome, named?.length])).toEqual([['unknown', 200]])
  })
})

describe('an outage', () => {
  const outage = new Unavailable('key_source_unavailable', { cause: new Error('down') })
  const keys = { find: () => Promise.reject(outage), isCurrent: () => true, ready: async () => undefined, close: () => undefined }

  it('of keys is told with the entry and the cause', async () => {
    const events = recorded('countersign:refused')
    const { guard } = startGuard({ issuers: { own: signingKeys({ issuer, audience, algorithms: ['ES256'], keys }) } })
    expect(await answerTo(guard, await tokenOf())).toBe('503 key_source_unavailable')
    await expect(guard.verifier.verify(await tokenOf())).rejects.toBe(outage)
    const event = { reason: 'key_source_unavailable', via: 'own', detail: undefined, cause: outage.cause }
    expect(events).toMatchObject([event, event])
  })

  it('of a requirement or of revocations is told with the entry too', async () => {
    const events = recorded('countersign:refused')
    const store = new Unavailable('store_unavailable')
    const state = { down: false }
    const check = (): undefined => {
      if (state.down) throw new Unavailable('revocation_unavailable')
    }
    const { guard } = startGuard({ revocations: { check } })
    const token = await tokenOf()
    await guard.check(bearer(token), () => Promise.reject(store))
    state.down = true
    await guard.check(bearer(token))
    expect(events.map(({ reason, via }) => [reason, via])).toEqual([
      ['store_unavailable', 'main'],
      ['revocation_unavailable', 'main'],
    ])
  })
})

it('a request that fails by a fault of ours has no outcome to tell', async () => {
  const events = [recorded('countersign:accepted'), recorded('countersign:refused')]
  const { guard } = startGuard()
  await expect(guard.check(bearer(await tokenOf()), () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(events).toEqual([[], []])
})

it('two guards tell of themselves by the names of their entries', async () => {
  const events = recorded('countersign:accepted')
  const key = publicJwkOf(testKeys.es256)
  for (const name of ['a', 'b']) {
    const { guard } = startGuard({ issuers: { [name]: entryOf({ keys: key }) } })
    await guard.check(bearer(await tokenOf()))
  }
  expect(events.map(({ via }) => via)).toEqual(['a', 'b'])
})
