import { publicJwkOf, signToken, testKeys } from '@countersign/testkit'
import { type IssuerEntry, oidc, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, audience, claimsOf, entryOf, recorded, startGuard, tokenOf } from './guard-setup.js'
import { down, prefix, startDirectory, tenant, tenantEntry, tokenFrom } from './tenants-setup.js'

describe('which issuers the host is asked for', () => {
  it.each([
    'https://login.test',
    'https://login.test.evil.test/a',
    'https://login.testing/a',
    'http://login.test/a',
    'https://Login.test/a',
    'HTTPS://login.test/a',
    ' https://login.test/a',
    'https://evil.test/https://login.test/a',
    'login.test/a',
    '',
    // What is fetched for these would not stand where the prefix says.
    'https://login.test/../evil',
    'https://login.test/a/%2E%2e/evil',
    'https://login.test/a\\..\\evil',
    'https://login.test/a/.\t./evil',
    'https://login.test/open?redirect=',
    'https://login.test/a#',
    'https://login.test/a ',
    'https://login.test/a\r\nb',
  ])('not for %j', async (iss) => {
    const { guard, asked } = startDirectory()
    expect(await answerTo(guard, await tokenFrom(iss))).toBe('401 unknown_issuer')
    expect(asked).toEqual([])
  })

  it('not for one whose keys would be fetched from beside the prefix', async () => {
    const fetched: unknown[] = []
    const evil = 'https://login.test/ours/../theirs'
    const { guard } = startGuard({
      fetch: (async (url) =>
        fetched.push(url) && Response.json({ issuer: evil, jwks_uri: 'https://login.test/theirs/keys', keys: [] })) as typeof fetch,
      resolveIssuer: {
        via: 'tenant',
        prefixes: ['https://login.test/ours/'],
        resolve: async (iss: string) => oidc({ issuer: iss, algorithms: ['ES256'], audience }),
      } as never,
    })
    expect(await answerTo(guard, await tokenFrom(evil))).toBe('401 unknown_issuer')
    expect(fetched).toEqual([])
  })

  it('for those with a prefix, and for those that are listed exactly', async () => {
    const { guard, asked } = startDirectory({ issuers: ['https://other.test/a', 'urn:tenant:b'] })
    for (const iss of [tenant('a'), 'https://other.test/a', 'urn:tenant:b'])
      expect(await answerTo(guard, await tokenFrom(iss))).toBe('200 tenant')
    for (const iss of ['https://other.test/ab', 'https://other.test/', 'urn:tenant:'])
      expect(await answerTo(guard, await tokenFrom(iss))).toBe('401 unknown_issuer')
    expect(asked).toEqual([tenant('a'), 'https://other.test/a', 'urn:tenant:b'])
  })

  it('not for an issuer that has an entry of its own', async () => {
    const { guard, asked } = startDirectory({ issuers: ['https://issuer.test'] })
    expect(await answerTo(guard, await tokenOf())).toBe('200 main')
    expect(asked).toEqual([])
  })
})

describe('an answer of the host', () => {
  it('that is yes is remembered for maxCacheSeconds, and keeps its keys when it is the same again', async () => {
    const { guard, clock, asked } = startDirectory({ maxCacheSeconds: 10 })
    const token = await tokenFrom(tenant('a'))
    for (const seconds of [0, 5, 4.9]) {
      clock.advance(seconds)
      expect(await answerTo(guard, token)).toBe('200 tenant')
    }
    expect(asked).toHaveLength(1)
    clock.advance(0.2)
    expect(await answerTo(guard, token)).toBe('200 tenant')
    expect(asked).toHaveLength(2)
  })

  it('is not remembered longer when the clock was ahead at first', async () => {
    const directory = startDirectory({ maxCacheSeconds: 10, negativeCacheSeconds: 10 })
    const { guard, clock, answer } = directory
    const token = await tokenOf({ iss: tenant('a'), iat: undefined, exp: 1_900_000_000 })
    clock.advance(1_000_000)
    expect(await answerTo(guard, token)).toBe('200 tenant')
    directory.answer = () => undefined
    clock.advance(-999_000)
    expect(await answerTo(guard, token)).toBe('401 unknown_issuer')
    directory.answer = answer
    clock.advance(-900)
    expect(await answerTo(guard, token)).toBe('200 tenant')
    directory.answer = down
    clock.advance(-10)
    expect(await answerTo(guard, token)).toBe('503 key_source_unavailable')
  })

  it('that is no is remembered for negativeCacheSeconds', async () => {
    const directory = startDirectory({ negativeCacheSeconds: 10 })
    const { guard, clock, asked } = directory
    const answer = directory.answer
    directory.answer = () => undefined
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(guard, token)).toBe('401 unknown_issuer')
    directory.answer = answer
    clock.advance(9.9)
    expect(await answerTo(guard, token)).toBe('401 unknown_issuer')
    expect(asked).toHaveLength(1)
    clock.advance(0.2)
    expect(await answerTo(guard, token)).toBe('200 tenant')
  })

  it('that is no ends the belief in a tenant, for tokens in the cache too', async () => {
    const directory = startDirectory({ maxCacheSeconds: 10 })
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
    directory.answer = () => undefined
    directory.clock.advance(10)
    expect(await answerTo(directory.guard, token)).toBe('401 unknown_issuer')
  })

  it('that is another entry replaces the old one, for tokens in the cache too', async () => {
    const directory = startDirectory({ maxCacheSeconds: 10 })
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
    directory.answer = (issuer) =>
      staticKeys({ issuer, audience, algorithms: ['ES256'], keys: { ...publicJwkOf(testKeys.es256Other), kid: testKeys.es256.kid } })
    directory.clock.advance(10)
    expect(await answerTo(directory.guard, token)).toBe('401 signature')
  })

  it('that does not name the issuer is a fault of ours, and nobody is admitted', async () => {
    const directory = startDirectory()
    directory.answer = () => tenantEntry(tenant('b'))
    await expect(answerTo(directory.guard, await tokenFrom(tenant('a')))).rejects.toBeInstanceOf(TypeError)
    directory.answer = () => ({ issuer: tenant('a') }) as never
    await expect(answerTo(directory.guard, await tokenFrom(tenant('a')))).rejects.toBeInstanceOf(TypeError)
  })

  it('counts for the issuer that was asked for only, though the entry names more', async () => {
    const directory = startDirectory()
    directory.answer = (issuer) => (issuer === tenant('a') ? tenantEntry([tenant('a'), tenant('b')]) : undefined)
    expect(await answerTo(directory.guard, await tokenFrom(tenant('a')))).toBe('200 tenant')
    expect(await answerTo(directory.guard, await tokenFrom(tenant('b')))).toBe('401 unknown_issuer')
  })

  it('judges a token by the tenant that it names: a key of one is nothing for another', async () => {
    const directory = startDirectory()
    const keyOf = (issuer: string) => (issuer === tenant('a') ? testKeys.es256 : testKeys.es256Other)
    directory.answer = (issuer) => staticKeys({ issuer, audience, algorithms: ['ES256'], keys: publicJwkOf(keyOf(issuer)) })
    for (const [claimed, signer, answer] of [
      ['a', 'a', '200 tenant'],
      ['b', 'b', '200 tenant'],
      ['a', 'b', '401 unknown_key'],
      ['b', 'a', '401 unknown_key'],
    ] as const) {
      const token = await signToken({ claims: claimsOf({ iss: tenant(claimed) }), key: keyOf(tenant(signer)) })
      expect(await answerTo(directory.guard, token)).toBe(answer)
    }
  })
})

describe('memory', () => {
  it('is bounded: the oldest tenant goes and is asked for when it comes back', async () => {
    const { guard, asked } = startDirectory({ maxIssuers: 2 })
    const tokens = await Promise.all(['a', 'b', 'c'].map((name) => tokenFrom(tenant(name))))
    for (const token of [...tokens, ...tokens.slice(1)]) expect(await answerTo(guard, token)).toBe('200 tenant')
    expect(asked).toHaveLength(3)
    expect(await answerTo(guard, tokens[0] as string)).toBe('200 tenant')
    expect(asked).toHaveLength(4)
  })

  it('of refusals is bounded too', async () => {
    const directory = startDirectory({ maxIssuers: 2 })
    directory.answer = () => undefined
    const tokens = await Promise.all(['a', 'b', 'c'].map((name) => tokenFrom(tenant(name))))
    for (const token of [...tokens, tokens[2] as string]) await answerTo(directory.guard, token)
    expect(directory.asked).toHaveLength(3)
    await answerTo(directory.guard, tokens[0] as string)
    expect(directory.asked).toHaveLength(4)
  })

  it('holds a tenant that is asked for again in its new place', async () => {
    const { guard, clock, asked } = startDirectory({ maxIssuers: 2, maxCacheSeconds: 10 })
    const [a, b, c] = (await Promise.all(['a', 'b', 'c'].map((name) => tokenFrom(tenant(name))))) as [string, string, string]
    for (const token of [a, b]) await answerTo(guard, token)
    clock.advance(10)
    for (const token of [a, c, a]) expect(await answerTo(guard, token)).toBe('200 tenant')
    expect(asked.map((iss) => iss.slice(prefix.length, prefix.length + 1))).toEqual(['a', 'b', 'a', 'c'])
  })
})

it('a tenant that is replaced, denied or evicted has its keys closed', async () => {
  const closed: string[] = []
  const counted = (issuer: string): IssuerEntry => {
    const { rule, sources } = tenantEntry(issuer)
    const close = (): void => void closed.push(issuer.slice(prefix.length, prefix.length + 1))
    return { rule, sources: sources.map((source) => ({ ...source, open: (context) => ({ ...source.open(context), close }) })) }
  }
  const directory = startDirectory({ maxIssuers: 2, maxCacheSeconds: 10 })
  directory.answer = counted
  const [a, b, c] = (await Promise.all(['a', 'b', 'c'].map((name) => tokenFrom(tenant(name))))) as [string, string, string]
  for (const token of [a, b]) await answerTo(directory.guard, token)
  directory.clock.advance(10)
  await answerTo(directory.guard, a)
  expect(closed).toEqual(['a'])
  directory.answer = () => undefined
  await answerTo(directory.guard, b)
  expect(closed).toEqual(['a', 'b'])
  directory.answer = counted
  for (const token of [c, await tokenFrom(tenant('d'))]) await answerTo(directory.guard, token)
  expect(closed).toEqual(['a', 'b', 'a'])
  await directory.guard.close()
  expect(closed).toEqual(['a', 'b', 'a', 'c', 'd'])
})

describe('what is told', () => {
  it('of a tenant: found, not believed, could not be told', async () => {
    const events = recorded('countersign:issuer')
    const directory = startDirectory()
    const answer = directory.answer
    for (const one of [answer, () => undefined, down]) {
      directory.answer = one
      await answerTo(directory.guard, await tokenFrom(tenant(String(directory.asked.length))))
    }
    expect(events.map(({ outcome, via, issuer }) => [outcome, via, issuer])).toEqual([
      ['resolved', 'tenant', tenant('0')],
      ['unknown', 'tenant', tenant('1')],
      ['failed', 'tenant', tenant('2')],
    ])
    expect(events[2]?.cause).toBeInstanceOf(Error)
  })

  it('of a token: the name of the tenants and the exact issuer', async () => {
    const { guard } = startDirectory()
    const outcome = await guard.verifier.verify(await tokenFrom(tenant('a')))
    expect(outcome).toMatchObject({ ok: true, auth: { via: 'tenant', issuer: tenant('a') } })
  })
})

it('an entry of the guard is believed before any tenant, also when it is set later', async () => {
  const { guard } = startDirectory()
  const token = await tokenFrom(tenant('a'))
  expect(await answerTo(guard, token)).toBe('200 tenant')
  guard.verifier.setIssuer('own', entryOf({ issuer: tenant('a') }))
  expect(await answerTo(guard, await tokenOf({ iss: tenant('a'), jti: 'another' }))).toBe('200 own')
})
