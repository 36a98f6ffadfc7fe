import { publicJwkOf, signToken, testKeys } from '@countersign/testkit'
import { type IssuerEntry, staticKeys, type TenantOptions } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, audience, claimsOf, entryOf, type Guarded, recorded, startGuard, tokenOf } from './guard-setup.js'

const prefix = 'https://login.test/'
const tenant = (name: string): string => `${prefix}${name}/v2.0`

function tenantEntry(issuer: string | readonly string[]): IssuerEntry {
  return staticKeys({ issuer, audience, algorithms: ['ES256'], keys: publicJwkOf(testKeys.es256) })
}

interface Directory extends Guarded {
  /** Every question to the host, in order. */
  readonly asked: readonly string[]
  /** What the host answers; by default an entry, the same object every time. */
  answer: (issuer: string) => Promise<IssuerEntry | undefined> | IssuerEntry | undefined
}

function startDirectory(options: Partial<TenantOptions> = {}): Directory {
  const asked: string[] = []
  const entries = new Map<string, IssuerEntry>()
  const directory = {
    asked,
    answer: (issuer: string): Promise<IssuerEntry | undefined> | IssuerEntry | undefined => {
      const entry = entries.get(issuer) ?? tenantEntry(issuer)
      entries.set(issuer, entry)
      return entry
    },
  }
  const resolve = async (issuer: string): Promise<IssuerEntry | undefined> => {
    asked.push(issuer)
    return directory.answer(issuer)
  }
  const guarded = startGuard({ resolveIssuer: { via: 'tenant', prefixes: [prefix], resolve, ...options } as never })
  return Object.assign(directory, guarded)
}

const tokenFrom = (iss: string): Promise<string> => tokenOf({ iss, exp: 1_800_100_000 })
const down = (): Promise<never> => Promise.reject(new Error('the directory is down'))

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
  ])('not for %j', async (iss) => {
    const { guard, asked } = startDirectory()
    expect(await answerTo(guard, await tokenFrom(iss))).toBe('401 unknown_issuer')
    expect(asked).toEqual([])
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
  it('that is yes is remembered for ttlSeconds, and keeps its keys when it is the same again', async () => {
    const { guard, clock, asked } = startDirectory({ ttlSeconds: 10 })
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

  it('that is no is remembered for negativeTtlSeconds', async () => {
    const directory = startDirectory({ negativeTtlSeconds: 10 })
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
    const directory = startDirectory({ ttlSeconds: 10 })
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
    directory.answer = () => undefined
    directory.clock.advance(10)
    expect(await answerTo(directory.guard, token)).toBe('401 unknown_issuer')
  })

  it('that is another entry replaces the old one, for tokens in the cache too', async () => {
    const directory = startDirectory({ ttlSeconds: 10 })
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

describe('questions', () => {
  it('of one issuer are one while it is open', async () => {
    const directory = startDirectory()
    const token = await tokenFrom(tenant('a'))
    const answers = await Promise.all(Array.from({ length: 50 }, () => answerTo(directory.guard, token)))
    expect(new Set(answers)).toEqual(new Set(['200 tenant']))
    expect(directory.asked).toHaveLength(1)
  })

  it('that are open are bounded: the rest is told to come again', async () => {
    const directory = startDirectory()
    directory.answer = () => new Promise(() => undefined)
    const tokens = await Promise.all(Array.from({ length: 70 }, (_, at) => tokenFrom(tenant(`t${at}`))))
    const settled: string[] = []
    for (const token of tokens) void answerTo(directory.guard, token).then((answer) => settled.push(answer))
    await new Promise((resolve) => setImmediate(resolve))
    expect(directory.asked).toHaveLength(64)
    expect(settled).toEqual(Array.from({ length: 6 }, () => '503 key_source_unavailable'))
  })

  it('that nobody answers end as an outage, and do not keep their place', async () => {
    const directory = startDirectory({ timeoutSeconds: 0.05 })
    const answer = directory.answer
    directory.answer = () => new Promise(() => undefined)
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(directory.guard, token)).toBe('503 key_source_unavailable')
    directory.answer = answer
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
  })
})

describe('while the host cannot answer', () => {
  it('an unknown tenant is 503, and is asked for again', async () => {
    const directory = startDirectory()
    const answer = directory.answer
    const token = await tokenFrom(tenant('a'))
    directory.answer = down
    expect(await answerTo(directory.guard, token)).toBe('503 key_source_unavailable')
    directory.answer = answer
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
  })

  it('a function that throws at once is an outage too', async () => {
    const { guard } = startGuard({
      resolveIssuer: {
        via: 'tenant',
        prefixes: [prefix],
        resolve: () => {
          throw new Error('not even a promise')
        },
      } as never,
    })
    expect(await answerTo(guard, await tokenFrom(tenant('a')))).toBe('503 key_source_unavailable')
  })

  it('a known tenant is believed for staleIfErrorSeconds, and asked for every few seconds only', async () => {
    const directory = startDirectory({ ttlSeconds: 10, staleIfErrorSeconds: 20 })
    const { guard, clock, asked } = directory
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(guard, token)).toBe('200 tenant')
    directory.answer = down
    clock.advance(10)
    for (let request = 0; request < 5; request++) expect(await answerTo(guard, token)).toBe('200 tenant')
    expect(asked).toHaveLength(2)
    clock.advance(19.9)
    expect(await answerTo(guard, token)).toBe('200 tenant')
    clock.advance(0.2)
    expect(await answerTo(guard, token)).toBe('503 key_source_unavailable')
  })

  it('a tenant that was believed too long is asked for again, and is back at the next yes', async () => {
    const directory = startDirectory({ ttlSeconds: 10, staleIfErrorSeconds: 0 })
    const answer = directory.answer
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
    directory.answer = down
    directory.clock.advance(10)
    expect(await answerTo(directory.guard, token)).toBe('503 key_source_unavailable')
    directory.answer = answer
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
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
    const { guard, clock, asked } = startDirectory({ maxIssuers: 2, ttlSeconds: 10 })
    const [a, b, c] = (await Promise.all(['a', 'b', 'c'].map((name) => tokenFrom(tenant(name))))) as [string, string, string]
    for (const token of [a, b]) await answerTo(guard, token)
    clock.advance(10)
    for (const token of [a, c, a]) expect(await answerTo(guard, token)).toBe('200 tenant')
    expect(asked.map((iss) => iss.slice(prefix.length, prefix.length + 1))).toEqual(['a', 'b', 'a', 'c'])
  })
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
