import { introspection } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, recorded, replyTo, startsAt } from '../verifier/guard-setup.js'
import { from, good, startIntrospection } from './setup.js'

describe('what an introspection endpoint says of a token', () => {
  it.each(['hydra', 'keycloak', 'spring', 'plain'] as const)('is understood in the words of %s', async (shape) => {
    const { guard } = await startIntrospection({}, {}, { shape })
    const admission = await guard.check(from('192.0.2.1', good))
    expect(admission).toMatchObject({
      ok: true,
      auth: { via: 'main', subject: 'user-1', clientId: 'app', scopes: ['read', 'write'], expiresAt: startsAt + 300 },
    })
  })

  it('is understood for a token of Hydra, which has a dot', async () => {
    const { guard, fake } = await startIntrospection({ recognise: { prefix: 'ory_at_' } }, {}, { shape: 'hydra' })
    const token = 'ory_at_6gVqkB8.m9xJ0D-_'
    fake.activate(token)
    expect(await answerTo(guard, token)).toBe('200 main')
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['active: false', { active: false }, '401 inactive'],
    ['another issuer', { iss: 'https://other.test' }, '401 unknown_issuer'],
    ['no issuer', { iss: undefined }, '200 main'],
    ['another audience', { aud: 'https://other.test' }, '401 audience'],
    ['an audience that begins alike', { aud: ['https://api.test.evil'] }, '401 audience'],
    ['no audience', { aud: undefined }, '401 audience'],
    ['an expiry that is over', { exp: startsAt - 60 }, '401 expired'],
    ['no expiry', { exp: undefined }, '200 main'],
    ['a beginning that is ahead', { nbf: startsAt + 60 }, '401 not_yet_valid'],
    ['an expiry that is a string', { exp: '1800000300' }, '401 claims'],
    ['members that are null', { nbf: null, username: null }, '200 main'],
    ['a refresh token, by its use', { token_use: 'refresh_token' }, '401 token_type'],
    ['a refresh token, by its type', { typ: 'Refresh' }, '401 token_type'],
    ['a token type in other case', { token_type: 'bEaReR' }, '200 main'],
    ['another token type', { token_type: 'mac' }, '401 token_type'],
    ['a token type that is no string', { token_type: 7 }, '401 token_type'],
    ['a key that nobody proves', { cnf: { jkt: 'x' }, token_type: 'DPoP' }, '401 confirmation'],
    ['DPoP without a key', { token_type: 'DPoP' }, '401 confirmation'],
  ])('%s', async (_what, members, expected) => {
    const { guard, fake } = await startIntrospection()
    fake.activate(good, members)
    expect(await answerTo(guard, good)).toBe(expected)
  })
})

describe('an endpoint that gives no answer that can be used', () => {
  it.each<[string, Parameters<Awaited<ReturnType<typeof startIntrospection>>['fake']['behave']>[0]]>([
    ['active as a string', { kind: 'document', body: { active: 'true', aud: 'https://api.test' } }],
    ['active as a number', { kind: 'document', body: { active: 1 } }],
    ['no active', { kind: 'document', body: { sub: 'user-1', aud: 'https://api.test' } }],
    ['active: null', { kind: 'document', body: { active: null } }],
    ['active twice', { kind: 'document', body: '{"active":false,"active":true,"aud":"https://api.test"}' }],
    ['an array', { kind: 'document', body: [{ active: true, aud: 'https://api.test' }] }],
    ['HTML', { kind: 'document', body: '<html>Sign in</html>', contentType: 'text/html' }],
    ['nothing', { kind: 'document', body: '' }],
    ['10 MB', { kind: 'document', body: `{"active":true,"x":"${'x'.repeat(10_000_000)}"}` }],
    ['401', { kind: 'fail', status: 401 }],
    ['403', { kind: 'fail', status: 403 }],
    ['404', { kind: 'fail', status: 404 }],
    ['500', { kind: 'fail', status: 500 }],
    ['a redirect', { kind: 'redirect', location: '/introspect', status: 307 }],
    ['a hang', { kind: 'hang' }],
    ['a drip', { kind: 'drip', intervalMs: 50 }],
    ['a closed connection', { kind: 'close' }],
    ['half an answer', { kind: 'truncate' }],
  ])('%s is 503 with Retry-After, and an event, and never a 401', async (_what, behaviour) => {
    const { guard, fake } = await startIntrospection({ timeoutSeconds: 0.5 })
    const events = recorded('countersign:introspected')
    fake.behave(behaviour)
    const reply = await replyTo(guard, from('192.0.2.1', good))
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(reply.headers['www-authenticate']).toBeUndefined()
    expect(events).toMatchObject([{ via: 'main', outcome: 'failed' }])
    expect(JSON.stringify({ reply, events })).not.toContain(good)
    fake.behave(undefined)
    expect(await answerTo(guard, good)).toBe('200 main')
  })

  it('tells how long to wait, within bounds', async () => {
    const { guard, fake } = await startIntrospection()
    fake.behave({ kind: 'fail', status: 503, headers: { 'retry-after': '7' } })
    expect(await replyTo(guard, from('192.0.2.1', good))).toMatchObject({ status: 503, headers: { 'retry-after': '7' } })
    fake.behave({ kind: 'fail', status: 429, headers: { 'retry-after': '86400' } })
    expect(await replyTo(guard, from('192.0.2.1', good))).toMatchObject({ status: 503, headers: { 'retry-after': '60' } })
  })

  it('is named by ready() as degraded, and ready() is ok again with it', async () => {
    const { guard, fake } = await startIntrospection()
    fake.behave({ kind: 'fail', status: 401 })
    expect(await guard.ready()).toMatchObject({ ok: true, degraded: ['main'] })
    fake.behave(undefined)
    expect(await guard.ready()).toMatchObject({ ok: true, degraded: [] })
  })

  it('must be https', () => {
    expect(() =>
      introspection({
        issuer: 'https://login.test',
        endpoint: 'http://login.test/introspect',
        authentication: { method: 'bearer', token: () => 'x' },
        recognise: { prefix: 'op_' },
        audience: null,
        maxCacheSeconds: 0,
      }),
    ).toThrow('introspection: endpoint must be https, or http on loopback')
  })
})
