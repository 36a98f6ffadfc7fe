import type { WireRequest } from '@countersign/core'
import { optional } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, bearer, replyTo, startGuard, tokenOf, withHeader } from './guard-setup.js'

const nothing: WireRequest = { method: 'GET', url: '/', headers: {}, rawHeaders: [] }
const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('the Authorization header', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('is read with the scheme written %s', async (scheme) => {
    const { guard } = startGuard()
    expect(await answerTo(guard, withHeader(`${scheme} ${await tokenOf()}`))).toBe('200 main')
  })

  it('may have several spaces before the token, and some after it', async () => {
    const { guard } = startGuard()
    expect(await answerTo(guard, withHeader(`Bearer     ${await tokenOf()}  `))).toBe('200 main')
  })

  it.each<[string, string, string]>([
    ['only the scheme', 'Bearer', '401 no_credentials'],
    ['the scheme and spaces', 'Bearer    ', '401 no_credentials'],
    ['two tokens', 'Bearer TOKEN TOKEN', '400 malformed_request'],
    ['something after the token', 'Bearer TOKEN x', '400 malformed_request'],
    ['a parameter after the token', 'Bearer TOKEN, realm="x"', '400 malformed_request'],
    ['two credentials joined by a comma', 'Bearer TOKEN,Bearer TOKEN', '400 malformed_request'],
    ['a tab before the token', 'Bearer\tTOKEN', '401 scheme'],
    ['a tab behind the token', 'Bearer TOKEN\t', '401 malformed'],
    ['a quoted token', 'Bearer "TOKEN"', '401 malformed'],
    ['a space before the scheme', ' Bearer TOKEN', '401 scheme'],
    ['no space after the scheme', 'BearerTOKEN', '401 scheme'],
    ['a token without scheme', 'TOKEN', '401 scheme'],
    ['an empty field', '', '401 scheme'],
    ['Basic', 'Basic dXNlcjpwYXNz', '401 scheme'],
    ['DPoP', 'DPoP TOKEN', '401 confirmation'],
    ['dpop without a token', 'dpop', '401 confirmation'],
  ])('with %s is refused', async (_what, field, answer) => {
    const { guard } = startGuard()
    const request = withHeader(field.replaceAll('TOKEN', await tokenOf()))
    expect(await answerTo(guard, request)).toBe(answer)
    // Bad credentials are never anonymous.
    expect(await answerTo(guard, request, optional())).toBe(answer)
  })

  it('absent is 401, or anonymous where the route allows that', async () => {
    const { guard } = startGuard()
    expect(await answerTo(guard, nothing)).toBe('401 no_credentials')
    expect(await answerTo(guard, nothing, optional())).toBe('anonymous')
  })

  it('twice is 400 though Node shows one of them', async () => {
    const { guard } = startGuard()
    const token = await tokenOf()
    for (const second of [`Bearer ${token}`, 'Basic dXNlcjpwYXNz', '']) {
      const rawHeaders = ['Host', 'api.test', 'authorization', `Bearer ${token}`, 'AUTHORIZATION', second]
      const request = { headers: { authorization: `Bearer ${token}` }, rawHeaders }
      expect(await answerTo(guard, request)).toBe('400 malformed_request')
      expect(await answerTo(guard, request, optional())).toBe('400 malformed_request')
    }
  })

  it('is read without raw headers too, as a text or a list', async () => {
    const { guard } = startGuard()
    const authorization = `Bearer ${await tokenOf()}`
    expect(await answerTo(guard, { headers: { authorization } })).toBe('200 main')
    expect(await answerTo(guard, { headers: { authorization }, rawHeaders: [] })).toBe('200 main')
    expect(await answerTo(guard, { headers: { authorization: [authorization] } })).toBe('200 main')
    expect(await answerTo(guard, { headers: { authorization: [authorization, authorization] } })).toBe('400 malformed_request')
    expect(await answerTo(guard, { headers: { authorization: [] } })).toBe('401 no_credentials')
  })

  it('counts when earlier middleware of the host set it', async () => {
    const { guard } = startGuard()
    const rawHeaders = ['Cookie', 'session=1']
    const set = (authorization: string): WireRequest => ({ headers: { authorization }, rawHeaders })
    expect(await answerTo(guard, set(`Bearer ${await tokenOf()}`))).toBe('200 main')
    expect(await answerTo(guard, set('Bearer x'), optional())).toBe('401 malformed')
  })

  it('that earlier middleware of the host replaced or removed is as the host left it', async () => {
    const { guard } = startGuard()
    const rawHeaders = ['Authorization', `Bearer ${await tokenOf({ sub: 'sent' })}`]
    const replaced = await guard.check({ headers: { authorization: `Bearer ${await tokenOf({ sub: 'session' })}` }, rawHeaders })
    expect(replaced.ok && replaced.auth?.subject).toBe('session')
    expect(await answerTo(guard, { headers: {}, rawHeaders })).toBe('401 no_credentials')
    expect(await answerTo(guard, { headers: { authorization: 'Bearer x' }, rawHeaders }, optional())).toBe('401 malformed')
    // Two were sent: whichever the host looked at, something else looked at the other.
    expect(await answerTo(guard, { headers: {}, rawHeaders: [...rawHeaders, ...rawHeaders] }, optional())).toBe('400 malformed_request')
  })

  it('is read in linear time', async () => {
    const { guard } = startGuard()
    const startedAt = performance.now()
    for (const field of [
      `Bearer${' '.repeat(60_000)}x y`,
      `Bearer ${'a '.repeat(60_000)}`,
      `Bearer ${'a.'.repeat(60_000)}`,
      ' '.repeat(60_000),
    ])
      expect(await answerTo(guard, withHeader(field))).toMatch(/^40[01] /)
    expect(performance.now() - startedAt).toBeLessThan(500)
  })
})

describe('a token in the query', () => {
  const ask = (token: string, parameters = `access_token=${token}`): WireRequest => ({ ...nothing, url: `/me?x=1&${parameters}` })

  it('is 400 by default, also where anonymous requests are admitted or a header is there', async () => {
    const { guard } = startGuard()
    const token = await tokenOf()
    expect(await answerTo(guard, ask(token))).toBe('400 malformed_request')
    expect(await answerTo(guard, ask(token), optional())).toBe('400 malformed_request')
    expect(await answerTo(guard, { ...bearer(token), url: `/?access_token=${token}` })).toBe('400 malformed_request')
    expect(await answerTo(guard, ask('', 'access_token'))).toBe('400 malformed_request')
    expect(await answerTo(guard, ask('', `access%5Ftoken=${token}`))).toBe('400 malformed_request')
    expect((await replyTo(guard, ask(token))).headers['www-authenticate']).toContain('error="invalid_request"')
  })

  it('is only the parameter of exactly that name', async () => {
    const { guard } = startGuard()
    for (const parameters of ['Access_Token=x', 'access_token_hint=x', 'my_access_token=x', 'q=access_token', 'access_token%20=x', 'q=%zz'])
      expect(await answerTo(guard, ask('', parameters), optional())).toBe('anonymous')
    expect(await answerTo(guard, { ...nothing, url: '/access_token=x' }, optional())).toBe('anonymous')
  })

  it('is taken where the host opted in, once and alone', async () => {
    const { guard } = startGuard({ tokenFrom: { query: true } })
    const token = await tokenOf()
    expect(await answerTo(guard, ask(token))).toBe('200 main')
    expect(await answerTo(guard, ask('', `access%5Ftoken=${token}`))).toBe('200 main')
    expect(await answerTo(guard, { ...bearer(token), url: `/?access_token=${token}` })).toBe('400 malformed_request')
    expect(await answerTo(guard, ask('', `access_token=${token}&access_token=${token}`))).toBe('400 malformed_request')
    expect(await answerTo(guard, ask(''))).toBe('400 malformed_request')
    expect(await answerTo(guard, ask(''), optional())).toBe('400 malformed_request')
    expect(await answerTo(guard, ask('x'), optional())).toBe('401 malformed')
  })
})

describe('a token in the body', () => {
  const post = (body: unknown, headers: WireRequest['headers'] = form): WireRequest => ({ method: 'POST', url: '/', headers, body })

  it('is a field like any other by default', async () => {
    const { guard } = startGuard()
    expect(await answerTo(guard, post({ access_token: await tokenOf() }))).toBe('401 no_credentials')
  })

  it('is taken from a parsed form where the host opted in, once and alone', async () => {
    const { guard } = startGuard({ tokenFrom: { body: true } })
    const token = await tokenOf()
    const request = post({ access_token: token })
    expect(await answerTo(guard, request)).toBe('200 main')
    expect(await answerTo(guard, post(Object.assign(Object.create(null), { access_token: token })))).toBe('200 main')
    const charset = { 'content-type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' }
    expect(await answerTo(guard, post({ access_token: token }, charset))).toBe('200 main')
    expect(await answerTo(guard, { ...request, headers: { ...form, authorization: `Bearer ${token}` } })).toBe('400 malformed_request')
    expect(await answerTo(guard, { ...request, url: `/?access_token=${token}` })).toBe('400 malformed_request')
  })

  it.each<[string, unknown]>([
    ['a list', ['a', 'b']],
    ['a list of one', ['a']],
    ['an object', { a: 'b' }],
    ['a number', 7],
    ['null', null],
    ['empty', ''],
  ])('that is %s makes the request malformed', async (_what, value) => {
    const { guard } = startGuard({ tokenFrom: { body: true } })
    expect(await answerTo(guard, post({ access_token: value }), optional())).toBe('400 malformed_request')
  })

  it.each<[string, unknown, WireRequest['headers']]>([
    ['in JSON', { access_token: 'x' }, { 'content-type': 'application/json' }],
    ['in a form of several parts', { access_token: 'x' }, { 'content-type': 'multipart/form-data' }],
    ['in a type that only begins like a form', { access_token: 'x' }, { 'content-type': 'application/x-www-form-urlencoded-not' }],
    ['without a type', { access_token: 'x' }, {}],
    ['that is inherited', Object.create({ access_token: 'x' }), form],
    ['in a body that was not parsed', 'access_token=x', form],
  ])('%s is none', async (_what, body, headers) => {
    const { guard } = startGuard({ tokenFrom: { body: true } })
    expect(await answerTo(guard, post(body, headers), optional())).toBe('anonymous')
  })

  it('is none in a request whose body has no meaning (RFC 6750 §2.2)', async () => {
    const { guard } = startGuard({ tokenFrom: { body: true } })
    expect(await answerTo(guard, { ...post({ access_token: await tokenOf() }), method: 'GET' })).toBe('401 no_credentials')
  })
})
