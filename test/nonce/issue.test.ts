import { describe, expect, it } from 'vitest'
import { decoded, issued, recorded, secretOf, spending, startNonces, startsAt, watched } from './nonce-setup.js'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('a nonce', () => {
  it('is signed with HS512, names its type and its secret, and says no more than it must', async () => {
    const { nonces } = startNonces()
    const { header, claims } = decoded(await issued(nonces))
    expect(header).toEqual({ alg: 'HS512', typ: 'nonce+jwt', kid: 'a' })
    const { jti, ...rest } = claims
    expect(rest).toEqual({ iss: 'https://api.test', aud: 'form', iat: startsAt, exp: startsAt + 300 })
    expect(jti).toMatch(uuid)
  })

  it('has an nbf before its iat where that is asked for, to the second', async () => {
    const { nonces, clock } = startNonces({ notBeforeSkewSeconds: 1 })
    clock.advance(0.999)
    expect(decoded(await issued(nonces)).claims).toMatchObject({ iat: startsAt, nbf: startsAt - 1, exp: startsAt + 300 })
    clock.advance(0.001)
    expect(decoded(await issued(nonces)).claims).toMatchObject({ iat: startsAt + 1, nbf: startsAt, exp: startsAt + 301 })
  })

  it('is told with its id and its end', async () => {
    const { nonces } = startNonces()
    const outcome = await nonces.issue({ clientId: 'c' })
    if (!outcome.ok) throw new Error(outcome.refusal.reason)
    expect(decoded(outcome.token).claims).toMatchObject({ jti: outcome.jti, exp: outcome.expiresAt })
    expect(outcome.expiresAt).toBe(startsAt + 300)
  })

  it('takes time and randomness from the host', async () => {
    const { nonces } = startNonces({ randomUUID: () => 'chosen' })
    expect(decoded(await issued(nonces)).claims.jti).toBe('chosen')
  })

  it('has another id each time', async () => {
    const { nonces } = startNonces()
    const tokens = await Promise.all(Array.from({ length: 100 }, () => issued(nonces)))
    expect(new Set(tokens.map((token) => decoded(token).claims.jti)).size).toBe(100)
  })

  it('has the audience of the call, else the one that the function gives, else the constant one', async () => {
    const byFunction = { audience: ({ clientId }: { clientId: string }) => (clientId === 'pis' ? 'app' : 'form') }
    const { nonces } = startNonces(byFunction)
    expect(decoded(await issued(nonces, 'pis')).claims.aud).toBe('app')
    expect(decoded(await issued(nonces, 'msp')).claims.aud).toBe('form')
    expect(decoded(await issued(nonces, 'msp', { audience: 'app' })).claims.aud).toBe('app')
    expect(decoded(await issued(startNonces().nonces, 'msp', { audience: 'app' })).claims.aud).toBe('app')
  })

  it.each([undefined, '', 7, ['form']])('is not issued with the audience %j: nothing could take it', async (audience) => {
    const { nonces } = startNonces({ audience: () => audience as string })
    await expect(nonces.issue({ clientId: 'c' })).rejects.toThrow(TypeError)
  })

  it('carries further claims, those of the call over those of every nonce', async () => {
    const { nonces } = startNonces({ claims: ({ clientId }: { clientId: string }) => ({ sub: 'nonce', typ: 'access', for: clientId }) })
    const { claims } = decoded(await issued(nonces, 'c', { claims: { typ: 'other', step: 2 } }))
    expect(claims).toMatchObject({ sub: 'nonce', typ: 'other', for: 'c', step: 2 })
  })

  it.each(['iss', 'aud', 'iat', 'nbf', 'exp', 'jti', 'cnf'])(
    'does not let the host replace %s, neither silently nor at all',
    async (name) => {
      const { nonces, stores } = startNonces()
      const store = watched(stores.nonces)
      await expect(nonces.issue({ clientId: 'c', claims: { [name]: 1 } })).rejects.toThrow(TypeError)
      await expect(startNonces({ store, claims: () => ({ [name]: 1 }) }).nonces.issue({ clientId: 'c' })).rejects.toThrow(TypeError)
      expect(store.asked).toEqual([])
    },
  )

  it('is never one that spend would refuse for its sub', async () => {
    const { nonces } = startNonces()
    for (const sub of ['', 7, null]) await expect(nonces.issue({ clientId: 'c', claims: { sub } })).rejects.toThrow(TypeError)
    expect(await spending(nonces, await issued(nonces, 'c', { claims: { sub: 'user-1' } }))).toBe('spent')
  })

  it.each([undefined, '', 7, null])('is not issued to the client %j', async (clientId) => {
    await expect(startNonces().nonces.issue({ clientId: clientId as string })).rejects.toThrow(TypeError)
  })

  it('may live for a fraction of a second', async () => {
    const { nonces, clock } = startNonces({ lifetimeSeconds: 0.5, clockToleranceSeconds: 0 })
    const token = await issued(nonces)
    clock.advance(0.499)
    expect(await spending(nonces, token)).toBe('spent')
    clock.advance(0.001)
    expect(await spending(nonces, token, 'sms')).toBe('401 expired')
  })
})

describe('at issue', () => {
  it('a nonce is remembered before it is given out, in one call to the store', async () => {
    const { stores, clock } = startNonces()
    const store = watched(stores.nonces)
    const { nonces } = startNonces({ store, now: clock.now })
    const token = await issued(nonces)
    expect(store.asked).toEqual(['remember'])
    expect(await stores.nonces.spend(String(decoded(token).claims.jti), 'any')).toBe('spent')
  })

  it('the store is told the client, and to keep it for exactly the life, the tolerance and a minute', async () => {
    const told: unknown[] = []
    const store = { remember: async (...args: unknown[]) => void told.push(args), spend: async () => 'spent' }
    const { nonces } = startNonces({ store, lifetimeSeconds: 900, clockToleranceSeconds: 7, randomUUID: () => 'id' })
    await issued(nonces, 'client-7')
    expect(told).toEqual([['id', { clientId: 'client-7', ttlMs: 967_000 }]])
  })

  it('a nonce whose id is taken is not given out', async () => {
    const { nonces } = startNonces({ randomUUID: () => 'same' })
    await issued(nonces)
    await expect(nonces.issue({ clientId: 'c' })).rejects.toMatchObject({ reason: 'store_unavailable' })
  })
})

describe('the cap for a client', () => {
  function capped(limit: number): ReturnType<typeof startNonces> {
    const { stores, clock } = startNonces()
    const { nonces } = startNonces({
      store: stores.nonces,
      now: clock.now,
      maxIssuedPerClient: { limit, attempts: stores.attempts },
    })
    return { nonces, stores, clock }
  }

  it('admits so many in a life, refuses the next as too_many, and says when to come back', async () => {
    const { nonces, clock } = capped(2)
    await issued(nonces, 'a')
    clock.advance(10)
    await issued(nonces, 'a')
    const third = await nonces.issue({ clientId: 'a' })
    expect(third).toMatchObject({ ok: false, refusal: { reason: 'too_many', status: 429, retryAfterSeconds: 290 } })
    clock.advance(290)
    await issued(nonces, 'a')
  })

  it('holds for callers in parallel', async () => {
    const { nonces } = capped(3)
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => nonces.issue({ clientId: 'a' })))
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(3)
  })

  it('is of each client alone', async () => {
    const { nonces } = capped(1)
    await issued(nonces, 'a')
    await issued(nonces, 'b')
    expect(await nonces.issue({ clientId: 'a' })).toMatchObject({ ok: false })
  })

  it('remembers nothing of what it refuses, and tells it', async () => {
    const { stores } = startNonces()
    const store = watched(stores.nonces)
    const events = recorded('countersign:nonce')
    const { nonces } = startNonces({ store, maxIssuedPerClient: { limit: 1, attempts: stores.attempts } })
    await issued(nonces, 'a')
    await nonces.issue({ clientId: 'a' })
    expect(store.asked).toEqual(['remember'])
    expect(events).toEqual([
      { action: 'issue', outcome: 'issued', clientId: 'a', jti: expect.stringMatching(uuid) },
      { action: 'issue', outcome: 'too_many', clientId: 'a' },
    ])
  })

  it('is off unless asked for', async () => {
    const { nonces } = startNonces({ secrets: { current: secretOf('') } })
    for (let count = 0; count < 200; count += 1) await issued(nonces)
  })
})
