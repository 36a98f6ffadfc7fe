import { type Refusal, refuse, Unavailable, type WireRequest } from '@countersign/core'
import { publicJwkOf, signToken, testKeys } from '@countersign/testkit'
import { optional, requireClaims, requireScopes, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, audience, bearer, claimsOf, entryOf, issuer, startGuard, tokenOf } from './guard-setup.js'

const nothing = (): WireRequest => ({ method: 'GET', url: '/', headers: {} })
/** A requirement with that answer, whatever its type. */
const answering = (answer: unknown) => (): undefined => answer as undefined

describe('what a guard gives', () => {
  it('is what the token says, frozen to the bottom', async () => {
    const { guard } = startGuard()
    const claims = { client_id: 'app', nested: { list: [{ a: 1 }] }, toString: 'x' }
    const admission = await guard.check(bearer(await tokenOf(claims)))
    if (!admission.ok || admission.anonymous) throw new Error('the request was not admitted')
    const { auth } = admission
    expect(auth).toMatchObject({
      via: 'main',
      issuer,
      subject: 'user-1',
      clientId: 'app',
      scopes: ['read', 'write'],
      expiresAt: 1_800_000_300,
      kid: testKeys.es256.kid,
    })
    const nested = auth.claims.nested as typeof claims.nested
    const parts = [auth, auth.claims, auth.scopes, nested, nested.list, nested.list[0]]
    expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true))
    expect(Object.getPrototypeOf(Object.getPrototypeOf(auth.claims) ?? null)).toBeNull()
    expect(auth.claims.toString).toBe('x')
    expect('constructor' in auth.claims).toBe(false)
  })

  it.each<[string, Record<string, unknown>, string | undefined]>([
    ['client_id before azp', { client_id: 'a', azp: 'b' }, 'a'],
    ['azp before cid', { azp: 'b', cid: 'c' }, 'b'],
    ['cid', { cid: 'c' }, 'c'],
    ['nothing of another type', { client_id: 7, azp: ['a'] }, undefined],
  ])('names the client by %s', async (_what, claims, clientId) => {
    const { guard } = startGuard()
    const outcome = await guard.verifier.verify(await tokenOf(claims))
    expect(outcome.ok && outcome.auth.clientId).toBe(clientId)
  })

  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['a text', { scope: 'a b' }, ['a', 'b']],
    ['a text with more spaces', { scope: ' a  b ' }, ['a', 'b']],
    ['a list', { scope: ['a', 'b'] }, ['a', 'b']],
    ['scp', { scope: undefined, scp: 'a b' }, ['a', 'b']],
    ['a list in scp', { scope: undefined, scp: ['a'] }, ['a']],
    ['a list with other things', { scope: ['a', 7, null, { b: 1 }] }, ['a']],
    ['an object', { scope: { a: true } }, []],
    ['true', { scope: true }, []],
    ['nothing', { scope: undefined }, []],
  ])('reads scopes from %s', async (_what, claims, scopes) => {
    const { guard } = startGuard()
    const outcome = await guard.verifier.verify(await tokenOf(claims))
    expect(outcome.ok && outcome.auth.scopes).toEqual(scopes)
  })

  it('has the scopes that the entry reads, and no letters of a text for scopes', async () => {
    const own = startGuard({ issuers: { main: entryOf({ scopes: (claims) => claims.roles as string[] }) } })
    expect(await answerTo(own.guard, await tokenOf({ roles: ['admin'] }), requireScopes('admin'))).toBe('200 main')
    expect(await answerTo(own.guard, await tokenOf({ roles: [] }), requireScopes('read'))).toBe('403 insufficient_scope')
    for (const roles of ['admin', undefined, { admin: true }, [7]])
      await expect(answerTo(own.guard, await tokenOf({ roles }), requireScopes('a'))).rejects.toBeInstanceOf(TypeError)
  })
})

describe('trust', () => {
  const b = 'https://b.test'
  const issuers = {
    a: entryOf(),
    b: staticKeys({ issuer: b, audience, algorithms: ['ES256'], keys: publicJwkOf(testKeys.es256Other) }),
  }

  it('is per issuer: a key of one is nothing under the name of the other', async () => {
    const { guard } = startGuard({ issuers })
    const signed = (iss: string, key: typeof testKeys.es256, kid = key.kid) =>
      signToken({ claims: claimsOf({ iss }), key, header: { kid } })
    expect(await answerTo(guard, await signed(issuer, testKeys.es256))).toBe('200 a')
    expect(await answerTo(guard, await signed(b, testKeys.es256Other))).toBe('200 b')
    expect(await answerTo(guard, await signed(b, testKeys.es256))).toBe('401 unknown_key')
    expect(await answerTo(guard, await signed(b, testKeys.es256, testKeys.es256Other.kid))).toBe('401 signature')
    expect(await answerTo(guard, await signed(issuer, testKeys.es256Other, testKeys.es256.kid))).toBe('401 signature')
    expect(await answerTo(guard, await signToken({ claims: claimsOf({ iss: b }), key: testKeys.es256, header: { kid: undefined } }))).toBe(
      '401 signature',
    )
  })

  it.each<[string, unknown, string]>([
    ['a slash at the end', `${issuer}/`, '401 unknown_issuer'],
    ['other case', 'https://Issuer.test', '401 unknown_issuer'],
    ['no scheme', 'issuer.test', '401 unknown_issuer'],
    ['another scheme', 'http://issuer.test', '401 unknown_issuer'],
    ['a port', `${issuer}:443`, '401 unknown_issuer'],
    ['space before it', ` ${issuer}`, '401 unknown_issuer'],
    ['more after it', `${issuer}.evil.test`, '401 unknown_issuer'],
    ['a name of Object.prototype', '__proto__', '401 unknown_issuer'],
    ['another such name', 'constructor', '401 unknown_issuer'],
    ['nothing', '', '401 unknown_issuer'],
    ['no iss', undefined, '401 claims'],
    ['a list', [issuer], '401 claims'],
    ['a list of two', [issuer, b], '401 claims'],
    ['an object', { [issuer]: true }, '401 claims'],
    ['null', null, '401 claims'],
  ])('is for the exact issuer: not for one with %s', async (_what, iss, answer) => {
    const { guard } = startGuard({ issuers })
    expect(await answerTo(guard, await tokenOf({ iss }))).toBe(answer)
  })

  it.each<[string, unknown]>([
    ['another', 'https://api.test.evil'],
    ['a part', 'https://api'],
    ['a slash at the end', `${audience}/`],
    ['none', undefined],
    ['an empty list', []],
    ['others only', ['https://a.test', 'https://b.test']],
    ['several in one text', `${audience} https://b.test`],
  ])('is for the exact audience: not %s', async (_what, aud) => {
    const { guard } = startGuard()
    expect(await answerTo(guard, await tokenOf({ aud }))).toBe('401 audience')
  })

  it('is for one of several audiences, on either side', async () => {
    const { guard } = startGuard({ issuers: { main: entryOf({ audience: ['https://other.test', audience] }) } })
    expect(await answerTo(guard, await tokenOf({ aud: ['https://x.test', audience] }))).toBe('200 main')
    const open = startGuard({ issuers: { main: entryOf({ audience: null }) } })
    expect(await answerTo(open.guard, await tokenOf({ aud: undefined }))).toBe('200 main')
  })
})

describe('a requirement', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['false', false],
    ['true', true],
    ['a text', 'no'],
    ['an object', { reason: 'forbidden', status: 403 }],
    ['an error', new Error('no')],
    ['a promise of false', Promise.resolve(false)],
  ])('that answers %s is a fault of ours and admits nobody', async (_what, answer) => {
    const { guard } = startGuard()
    const request = bearer(await tokenOf())
    await expect(guard.check(request, answering(answer))).rejects.toBeInstanceOf(TypeError)
    expect(() => guard.authOf(request)).toThrow()
  })

  it('that throws or rejects is a fault of ours and admits nobody', async () => {
    const { guard } = startGuard()
    const fault = new Error('broken')
    const throwing = (): never => {
      throw fault
    }
    for (const requirement of [throwing, () => Promise.reject(fault)]) {
      const request = bearer(await tokenOf())
      await expect(guard.check(request, requirement)).rejects.toBe(fault)
      expect(() => guard.authOf(request)).toThrow()
    }
  })

  it('that cannot tell is 503, thrown or rejected or answered', async () => {
    const { guard } = startGuard()
    const outage = new Unavailable('store_unavailable')
    const throwing = (): never => {
      throw outage
    }
    for (const requirement of [throwing, () => Promise.reject(outage), () => refuse('store_unavailable')]) {
      const request = bearer(await tokenOf())
      expect(await answerTo(guard, request, requirement)).toBe('503 store_unavailable')
      expect(() => guard.authOf(request)).toThrow()
    }
  })

  it('is judged in order, and none after the first refusal', async () => {
    const { guard } = startGuard()
    const judged: string[] = []
    const saying = (name: string, answer?: Refusal) => async (): Promise<Refusal | undefined> => {
      judged.push(name)
      return answer
    }
    expect(await answerTo(guard, await tokenOf(), saying('a'), saying('b', refuse('forbidden')), saying('c'))).toBe('403 forbidden')
    expect(judged).toEqual(['a', 'b'])
  })

  it("sees the host's own request and the clock of the guard", async () => {
    const { guard, clock } = startGuard()
    clock.advance(0.5)
    const host = { params: { id: '7' } }
    const seen: unknown[] = []
    const requirement = (_auth: unknown, request: unknown, context: unknown): undefined => void seen.push(request, context)
    await guard.check({ ...bearer(await tokenOf()), frameworkRequest: host }, requirement)
    expect(seen).toEqual([host, { now: 1_800_000_000.5 }])
    expect(seen[0]).toBe(host)
  })

  it('that is no function is a fault of ours, whatever the token', async () => {
    const { guard } = startGuard()
    for (const request of [nothing(), bearer(await tokenOf())])
      for (const requirement of [null, 'read', { scopes: ['read'] }])
        await expect(guard.check(request, requirement as never)).rejects.toBeInstanceOf(TypeError)
  })

  it('is judged on every request, also for a token in the cache', async () => {
    const { guard } = startGuard()
    const token = await tokenOf()
    expect(await answerTo(guard, token)).toBe('200 main')
    expect(await answerTo(guard, token, requireScopes('other'))).toBe('403 insufficient_scope')
    expect(await answerTo(guard, token)).toBe('200 main')
  })
})

describe('optional()', () => {
  it('admits a request without credentials, whatever else is required, and judges all others in full', async () => {
    const { guard } = startGuard()
    const demanding = requireClaims(() => false)
    expect(await answerTo(guard, nothing(), optional(), demanding)).toBe('anonymous')
    expect(await answerTo(guard, nothing(), demanding, optional())).toBe('anonymous')
    expect(await answerTo(guard, await tokenOf(), optional(), demanding)).toBe('403 forbidden')
    expect(await answerTo(guard, await tokenOf(), optional())).toBe('200 main')
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['expired', { exp: 1 }, '401 expired'],
    ['of a stranger', { iss: 'https://evil.test' }, '401 unknown_issuer'],
    ['for somebody else', { aud: 'x' }, '401 audience'],
  ])('does not make a token %s anonymous', async (_what, claims, answer) => {
    const { guard } = startGuard()
    expect(await answerTo(guard, await tokenOf(claims), optional())).toBe(answer)
  })
})
