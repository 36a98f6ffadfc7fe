import { refuse, Unavailable } from '@countersign/core'
import { fromIssuers, optional, requireAnyScope, requireAuthentication, requireClaims, requireScopes } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, bearer, entryOf, recorded, startGuard, startsAt, tokenOf } from './guard-setup.js'

const loose = (make: (...values: never[]) => unknown, ...values: readonly unknown[]): (() => unknown) => {
  return () => make(...(values as never[]))
}

describe('a requirement that was not called', () => {
  it.each([
    ['requireScopes', requireScopes],
    ['optional', optional],
  ])('%s admits nobody, and its error holds nothing of the token', async (_name, uncalled) => {
    const { guard } = startGuard()
    const check = guard.check(bearer(await tokenOf({ sub: 'somebody' })), uncalled as never)
    await expect(check).rejects.toThrow(TypeError)
    await expect(check).rejects.not.toThrow(/somebody/)
  })
})

describe('requireScopes', () => {
  it.each<[string, string]>([
    ['a b', '200 main'],
    ['b a c', '200 main'],
    ['a', '403 insufficient_scope'],
    ['b', '403 insufficient_scope'],
    ['ab', '403 insufficient_scope'],
    ['a:x b', '403 insufficient_scope'],
    ['A B', '403 insufficient_scope'],
    ['', '403 insufficient_scope'],
  ])('demands every one of a and b of the scope %j', async (scope, answer) => {
    const { guard } = startGuard()
    expect(await answerTo(guard, await tokenOf({ scope }), requireScopes('a', 'b'))).toBe(answer)
  })
})

describe('requireAnyScope', () => {
  it('demands one of them', async () => {
    const { guard } = startGuard()
    for (const [scope, answer] of [
      ['a', '200 main'],
      ['x b', '200 main'],
      ['ab', '403 insufficient_scope'],
      [undefined, '403 insufficient_scope'],
    ])
      expect(await answerTo(guard, await tokenOf({ scope }), requireAnyScope('a', 'b'))).toBe(answer)
  })
})

describe('scopes of a requirement', () => {
  it.each<[string, readonly unknown[]]>([
    ['none', []],
    ['an empty one', ['']],
    ['two in one text', ['a b']],
    ['a quote', ['a"b']],
    ['a backslash', ['a\\b']],
    ['a line break', ['a\nb']],
    ['a line break at the end', ['a\n']],
    ['a list instead of several', [['a', 'b']]],
    ['a number', [7]],
    ['undefined', [undefined]],
  ])('are scope-tokens: not %s', (_what, scopes) => {
    expect(loose(requireScopes, ...scopes)).toThrow(TypeError)
    expect(loose(requireAnyScope, ...scopes)).toThrow(TypeError)
  })

  it('may be any printable character but those', () => {
    expect(() => requireScopes('https://api.test/read.all', 'aws.cognito:x', '!#[]~')).not.toThrow()
  })
})

describe('requireAuthentication', () => {
  it.each<[string, object, Record<string, unknown>, string]>([
    ['the acr', { acr: 'urn:mfa' }, { acr: 'urn:mfa' }, '200 main'],
    ['one of several', { acr: ['urn:mfa', 'urn:hw'] }, { acr: 'urn:hw' }, '200 main'],
    ['another acr', { acr: 'urn:mfa' }, { acr: 'urn:pwd' }, '401 insufficient_authentication'],
    ['part of the acr', { acr: 'urn:mfa' }, { acr: 'urn:mfa:sms' }, '401 insufficient_authentication'],
    ['no acr', { acr: 'urn:mfa' }, {}, '401 insufficient_authentication'],
    ['a list for acr', { acr: 'urn:mfa' }, { acr: ['urn:mfa'] }, '401 insufficient_authentication'],
    ['a recent sign-in', { maxAgeSeconds: 60 }, { auth_time: startsAt - 60 }, '200 main'],
    ['an older one', { maxAgeSeconds: 60 }, { auth_time: startsAt - 60.5 }, '401 insufficient_authentication'],
    ['one a little ahead', { maxAgeSeconds: 60 }, { auth_time: startsAt + 60 }, '200 main'],
    ['one far ahead', { maxAgeSeconds: 60 }, { auth_time: startsAt + 61 }, '401 insufficient_authentication'],
    ['an old one in milliseconds', { maxAgeSeconds: 60 }, { auth_time: (startsAt - 1e6) * 1000 }, '401 insufficient_authentication'],
    ['no sign-in', { maxAgeSeconds: 60 }, {}, '401 insufficient_authentication'],
    ['a sign-in as text', { maxAgeSeconds: 60 }, { auth_time: String(startsAt) }, '401 insufficient_authentication'],
    ['both', { acr: 'a', maxAgeSeconds: 60 }, { acr: 'a', auth_time: startsAt }, '200 main'],
    ['the acr without the sign-in', { acr: 'a', maxAgeSeconds: 60 }, { acr: 'a' }, '401 insufficient_authentication'],
  ])('with %s', async (_what, options, claims, answer) => {
    const { guard } = startGuard()
    expect(await answerTo(guard, await tokenOf(claims), requireAuthentication(options))).toBe(answer)
  })

  it('judges the age on every request', async () => {
    const { guard, clock } = startGuard()
    const token = await tokenOf({ auth_time: startsAt })
    expect(await answerTo(guard, token, requireAuthentication({ maxAgeSeconds: 60 }))).toBe('200 main')
    clock.advance(61)
    expect(await answerTo(guard, token, requireAuthentication({ maxAgeSeconds: 60 }))).toBe('401 insufficient_authentication')
    expect(await answerTo(guard, token)).toBe('200 main')
  })

  it.each<[string, object | undefined]>([
    ['nothing', {}],
    ['an empty list', { acr: [] }],
    ['an empty acr', { acr: '' }],
    ['an acr with a space', { acr: 'a b' }],
    ['an acr with a line break', { acr: 'a\n' }],
    ['an acr that is no text', { acr: [7] }],
    ['a negative age', { maxAgeSeconds: -1 }],
    ['options that are missing', undefined],
    ['half a second', { maxAgeSeconds: 0.5 }],
    ['an age as text', { maxAgeSeconds: '60' }],
  ])('does not demand %s', (_what, options) => {
    expect(loose(requireAuthentication, options)).toThrow(TypeError)
  })
})

describe('requireClaims', () => {
  it('needs a function', () => {
    expect(loose(requireClaims, { role: 'admin' })).toThrow(TypeError)
  })

  it.each<[string, unknown, string]>([
    ['true', true, '200 main'],
    ['a promise of true', Promise.resolve(true), '200 main'],
    ['false', false, '403 forbidden'],
    ['a promise of false', Promise.resolve(false), '403 forbidden'],
    ['a refusal', refuse('wrong_issuer'), '403 wrong_issuer'],
    ['a promise of a refusal', Promise.resolve(refuse('insufficient_authentication')), '401 insufficient_authentication'],
    ['an outage', refuse('store_unavailable'), '503 store_unavailable'],
    ['undefined', undefined, '403 forbidden'],
    ['null', null, '403 forbidden'],
    ['1', 1, '403 forbidden'],
    ['a text', 'yes', '403 forbidden'],
    ['a list', ['admin'], '403 forbidden'],
    ['an object', { ok: true }, '403 forbidden'],
  ])('takes the answer %s', async (_what, answer, expected) => {
    const { guard } = startGuard()
    const requirement = requireClaims(() => answer as boolean)
    expect(await answerTo(guard, await tokenOf(), requirement)).toBe(expected)
  })

  it('gives its function the auth and the request', async () => {
    const { guard } = startGuard()
    const host = { params: { id: 'user-1' } }
    const own = requireClaims((auth, request: typeof host) => auth.subject === request.params.id)
    expect(await guard.check({ ...bearer(await tokenOf()), frameworkRequest: host }, own as never)).toMatchObject({ ok: true })
    expect(await guard.check({ ...bearer(await tokenOf({ sub: 'b' })), frameworkRequest: host }, own as never)).toMatchObject({ ok: false })
  })

  it('is 503 where its function meets an outage, and a fault of ours for everything else that it throws', async () => {
    const { guard } = startGuard()
    const token = await tokenOf()
    const throwing = (error: unknown) =>
      requireClaims(() => {
        throw error
      })
    expect(await answerTo(guard, token, throwing(new Unavailable('store_unavailable')))).toBe('503 store_unavailable')
    await expect(answerTo(guard, token, throwing(new TypeError('x of undefined')))).rejects.toThrow('x of undefined')
  })

  it('is no substring match: a claim that only contains what is wanted is what the function makes of it', async () => {
    const { guard } = startGuard()
    const admins = requireClaims((auth) => auth.claims.role === 'admin')
    expect(await answerTo(guard, await tokenOf({ role: 'not-admin' }), admins)).toBe('403 forbidden')
    expect(await answerTo(guard, await tokenOf({ role: ['admin'] }), admins)).toBe('403 forbidden')
  })
})

describe('fromIssuers', () => {
  it('demands one of the entries, and tells events which', async () => {
    const refused = recorded('countersign:refused')
    const { guard } = startGuard({ issuers: { main: entryOf(), other: entryOf({ issuer: 'https://other.test' }) } })
    const token = await tokenOf()
    expect(await answerTo(guard, token, fromIssuers('other', 'main'))).toBe('200 main')
    expect(await answerTo(guard, token, fromIssuers('other'))).toBe('403 wrong_issuer')
    expect(refused).toMatchObject([{ reason: 'wrong_issuer', via: 'main', detail: { expected: 'other', received: 'main' } }])
    expect(loose(fromIssuers)).toThrow(TypeError)
  })
})
