import { createGuard, introspection, type Recognition } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerTo, entryOf, issuer as jwtIssuer, startsAt, tokenOf } from '../verifier/guard-setup.js'
import { good, optionsOf, startFake } from './setup.js'

const entry = (recognise: Recognition, issuer = 'https://login.test') =>
  introspection({
    issuer,
    endpoint: 'https://login.test/introspect',
    authentication: { method: 'bearer', token: () => 'x' },
    recognise,
    audience: null,
    maxCacheSeconds: 0,
  })

describe('a token belongs to one entry, by its syntax', () => {
  it.each<[string, readonly Recognition[], string]>([
    [
      'one prefix twice',
      [{ prefix: 'a_' }, { prefix: 'a_' }],
      'createGuard: issuers.e1 must not recognise tokens of issuers.e0, got the prefix "a_" in both',
    ],
    [
      'a prefix that begins another one',
      [{ prefix: 'a_b' }, { prefix: ['x_', 'a_'] }],
      'createGuard: issuers.e1 must not recognise tokens of issuers.e0, got the prefix "a_b" in both',
    ],
    ['two functions', [() => true, () => false], 'createGuard: issuers.e1 must not recognise tokens of issuers.e0, got a function in both'],
    [
      'one iss twice',
      [{ jwtIssuer: 'https://a.test' }, { jwtIssuer: 'https://a.test' }],
      'createGuard: issuers must not have an iss twice, got "https://a.test" in "e0" and in "e1"',
    ],
  ])('%s is refused at the start', (_what, recognitions, message) => {
    const issuers = Object.fromEntries(recognitions.map((one, at) => [`e${at}`, entry(one)]))
    expect(() => createGuard({ issuers })).toThrow(new TypeError(message))
  })

  it('an iss of an entry of JWTs cannot be another one’s', () => {
    expect(() => createGuard({ issuers: { jwts: entryOf(), other: entry({ jwtIssuer }) } })).toThrow(
      new TypeError(`createGuard: issuers must not have an iss twice, got "${jwtIssuer}" in "jwts" and in "other"`),
    )
  })

  it.each(['e', 'ey', 'eyJ', 'eyJhbGciOi', 'ewog', 'Iy', 'Cg', 'CQ', 'Cns', 'DQ'].filter((one) => one !== 'Iy'))(
    'a prefix that a JWT can begin with is refused: %s',
    (prefix) => {
      expect(() => entry({ prefix })).toThrow(
        new TypeError(`introspection: recognise.prefix must not be how a JWT can begin, got "${prefix}"`),
      )
    },
  )

  it.each(['x', 'ory_at_', 'cs_', 'ID_', 'v1.', 'gho_', 'eZ'])('any other prefix is accepted: %s', (prefix) => {
    expect(() => entry({ prefix })).not.toThrow()
  })

  it('prefixes first, then JWTs by iss, then the function, which sees no JWT', async () => {
    const seen: string[] = []
    const fake = await startFake({ now: () => startsAt * 1000 })
    const opaque = (recognise: Recognition) => introspection(optionsOf(fake, { recognise, audience: null }))
    const guard = createGuard({
      now: () => startsAt * 1000,
      issuers: {
        jwts: entryOf(),
        byPrefix: opaque({ prefix: 'op_' }),
        byIss: introspection({
          ...optionsOf(fake, { audience: null }),
          issuer: 'https://login.test',
          recognise: { jwtIssuer: 'https://login.test' },
        }),
        byFunction: opaque((token) => {
          seen.push(token)
          return token.length === 20
        }),
      },
    })
    onTestFinished(() => guard.close())
    const theirs = await tokenOf({ iss: 'https://login.test' })
    for (const token of [good, theirs, 'x'.repeat(20)]) fake.activate(token)
    expect(await answerTo(guard, await tokenOf())).toBe('200 jwts')
    expect(await answerTo(guard, good)).toBe('200 byPrefix')
    expect(await answerTo(guard, theirs)).toBe('200 byIss')
    expect(await answerTo(guard, 'x'.repeat(20))).toBe('200 byFunction')
    expect(await answerTo(guard, 'x'.repeat(21))).toBe('401 malformed')
    expect(await answerTo(guard, await tokenOf({ iss: 'https://unknown.test' }))).toBe('401 unknown_issuer')
    expect(seen).toEqual(['x'.repeat(20), 'x'.repeat(21)])
    expect(guard.verifier.issuers()).toEqual([jwtIssuer, 'https://login.test'])
  })

  it('is found anew when entries change in a running guard', async () => {
    const fake = await startFake({ now: () => startsAt * 1000 })
    fake.activate(good)
    const issuers: Record<string, ReturnType<typeof introspection>> = {
      main: introspection(optionsOf(fake, { recognise: { prefix: 'zz_' } })),
    }
    const guard = createGuard({ now: () => startsAt * 1000, issuers })
    onTestFinished(() => guard.close())
    expect(await answerTo(guard as never, good)).toBe('401 malformed')
    guard.verifier.setIssuer('main', introspection(optionsOf(fake)))
    expect(await answerTo(guard as never, good)).toBe('200 main')
    expect(() => guard.verifier.setIssuer('other', introspection(optionsOf(fake)))).toThrow(TypeError)
  })
})
