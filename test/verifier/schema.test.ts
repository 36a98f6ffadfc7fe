import { type Reason, Unavailable } from '@countersign/core'
import { type ClaimsSchema, createRevocations, requireScopes } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { answerTo, entryOf, issuer, recorded, startGuard, tokenOf } from './guard-setup.js'

type Validate = ClaimsSchema['~standard']['validate']

function schemaOf(validate: (claims: Record<string, unknown>) => unknown): ClaimsSchema {
  return { '~standard': { version: 1, vendor: 'test', validate: validate as Validate } }
}

const start = (schema: unknown) => startGuard({ issuers: { main: entryOf({ schema: schema as ClaimsSchema }) } })

async function claimsWith(schema: unknown, claims: Record<string, unknown> = {}): Promise<Readonly<Record<string, unknown>>> {
  const outcome = await start(schema).guard.verifier.verify(await tokenOf(claims))
  if (!outcome.ok) throw new Error(outcome.refusal.reason)
  return outcome.auth.claims
}

describe('a schema', () => {
  it('that finds issues refuses the token, at once or later', async () => {
    const token = await tokenOf()
    for (const validate of [() => ({ issues: [{ message: 'no' }] }), async () => ({ issues: [] })]) {
      const { guard } = start(schemaOf(validate))
      expect(await answerTo(guard, token)).toBe('401 schema')
      expect(await answerTo(guard, token)).toBe('401 schema')
    }
  })

  it('has the claims that it refuses named in events', async () => {
    const events = recorded('countersign:refused')
    const { guard } = start(z.object({ plan: z.enum(['free']), address: z.object({ zip: z.number(), city: z.string() }) }))
    await answerTo(guard, await tokenOf({ plan: 'secret', address: { zip: 'secret', city: 7 } }))
    const issues = [{ message: 'secret' }, { message: 'secret', path: [{ key: 'a' }, 0] }, null]
    await answerTo(start(schemaOf(() => ({ issues }))).guard, await tokenOf())
    expect(events.map(({ detail }) => detail)).toEqual([{ expected: 'schema: plan, address' }, { expected: 'schema: a' }])
  })

  it('is asked for a token whose other claims are good, once while the token is in the cache', async () => {
    const seen: unknown[] = []
    const { guard } = start(schemaOf((value) => seen.push(value) && { value }))
    const token = await tokenOf()
    for (const one of [token, token, await tokenOf({ exp: 1 }), await tokenOf({ aud: 'x' })]) await answerTo(guard, one)
    expect(seen).toEqual([expect.objectContaining({ iss: issuer })])
    expect(Object.isFrozen(seen[0])).toBe(true)
  })

  it('lays what it puts out over the claims, and leaves the rest there', async () => {
    const claims = await claimsWith(
      schemaOf(({ tenant }) => ({ value: { tenant: String(tenant).toUpperCase(), added: { list: [1] } } })),
      { tenant: 'a', other: 1 },
    )
    expect(claims).toMatchObject({ tenant: 'A', added: { list: [1] }, other: 1, sub: 'user-1' })
    expect([claims, claims.added, (claims.added as { list: unknown }).list].every((part) => Object.isFrozen(part))).toBe(true)
    expect(Object.getPrototypeOf(claims)).toBeNull()
  })

  it('cannot change registered claims, and so not how long a token is believed', async () => {
    const forged = { iss: 'x', sub: 'admin', aud: 'x', exp: 9e9, nbf: 0, iat: 0, jti: 'x', cnf: {} }
    const claims = await claimsWith(schemaOf(() => ({ value: forged })))
    expect(claims).toMatchObject({ iss: issuer, sub: 'user-1', exp: 1_800_000_300 })
    expect(claims).not.toHaveProperty('jti')
    expect(claims).not.toHaveProperty('cnf')
    const { guard, clock } = start(schemaOf(() => ({ value: forged })))
    const token = await tokenOf()
    expect(await answerTo(guard, token)).toBe('200 main')
    clock.advance(306)
    expect(await answerTo(guard, token)).toBe('401 expired')
  })

  it('cannot take a token out of a revocation', async () => {
    const revocations = createRevocations()
    const schema = schemaOf(() => ({ value: { client_id: 'renamed', azp: 'renamed', client_key: 'renamed' } }))
    const { guard } = startGuard({ revocations, issuers: { main: entryOf({ schema }) } })
    revocations.revoke({ type: 'client', issuer, clientId: 'app' })
    revocations.revoke({ type: 'client_key', issuer, thumbprint: 'tp' })
    expect(await answerTo(guard, await tokenOf({ client_id: 'app' }))).toBe('401 revoked_client')
    expect(await answerTo(guard, await tokenOf({ client_key: 'tp' }))).toBe('401 revoked_key')
    const outcome = await guard.verifier.verify(await tokenOf({ client_id: 'other' }))
    expect(outcome.ok && [outcome.auth.clientId, outcome.auth.claims.client_id]).toEqual(['other', 'renamed'])
  })

  it('may say what the scopes are', async () => {
    const { guard } = start(schemaOf(() => ({ value: { scope: ['from-schema'] } })))
    expect(await answerTo(guard, await tokenOf({ scope: 'from-token' }), requireScopes('from-schema'))).toBe('200 main')
  })

  it('may put out a member named __proto__, which is one like any other', async () => {
    const claims = await claimsWith(schemaOf(() => ({ value: JSON.parse('{"__proto__":{"admin":true}}') })))
    expect(claims.admin).toBeUndefined()
    expect(Object.hasOwn(claims, '__proto__')).toBe(true)
  })

  it("leaves objects of the host's alone that are more than data", async () => {
    class Tenant {
      hits = 0
    }
    const tenant = new Tenant()
    const { guard } = start(schemaOf(() => ({ value: { tenant, seen: new Map(), at: new Date(0), bytes: new Uint8Array(2) } })))
    expect(await answerTo(guard, await tokenOf())).toBe('200 main')
    tenant.hits += 1
    expect(Object.isFrozen(tenant)).toBe(false)
  })

  it.each<[string, (claims: Record<string, unknown>) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['answers nothing', () => undefined],
    ['puts out a text', () => ({ value: 'x' })],
    ['puts out null', () => ({ value: null })],
    ['puts out a list', () => ({ value: [] })],
    ['answers neither a value nor issues', () => ({})],
  ])('that %s is a fault of ours, never a 401', async (_what, validate) => {
    const { guard } = start(schemaOf(validate))
    await expect(answerTo(guard, await tokenOf())).rejects.toBeInstanceOf(Error)
  })

  it('that cannot tell is 503', async () => {
    const { guard } = start(schemaOf(() => Promise.reject(new Unavailable('store_unavailable'))))
    expect(await answerTo(guard, await tokenOf())).toBe('503 store_unavailable')
  })

  it('tells events which claim it was, and nothing of what stands there', async () => {
    const events = recorded('countersign:refused')
    const { guard } = start(schemaOf(() => ({ issues: [{ message: 'user-1 is no good', path: ['sub'] }] })))
    await answerTo(guard, await tokenOf())
    expect(events).toMatchObject([{ reason: 'schema' satisfies Reason, via: 'main', detail: { expected: 'schema: sub' } }])
  })
})

describe('a schema of zod', () => {
  const person = z.object({ tenant: z.string().min(2).toLowerCase(), roles: z.array(z.string()).default([]), iat: z.number() })

  it('refuses what does not fit', async () => {
    const { guard } = start(person)
    for (const claims of [{}, { tenant: 7 }, { tenant: 'x' }]) expect(await answerTo(guard, await tokenOf(claims))).toBe('401 schema')
  })

  it('transforms, fills in, and need not know every claim', async () => {
    expect(await claimsWith(person, { tenant: 'ABC', department: 'x' })).toMatchObject({ tenant: 'abc', roles: [], department: 'x' })
    expect(await claimsWith(z.strictObject({ tenant: z.string() }).loose(), { tenant: 'ABC' })).toMatchObject({ tenant: 'ABC' })
    expect(await claimsWith(z.record(z.string(), z.unknown()))).toMatchObject({ sub: 'user-1' })
  })

  it('may ask something', async () => {
    const known = person.refine(async ({ tenant }) => tenant === 'abc')
    const { guard } = start(known)
    expect(await answerTo(guard, await tokenOf({ tenant: 'ABC' }))).toBe('200 main')
    expect(await answerTo(guard, await tokenOf({ tenant: 'DEF' }))).toBe('401 schema')
  })
})
