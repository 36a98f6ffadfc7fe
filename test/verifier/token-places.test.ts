import type { WireRequest } from '@countersign/core'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import {
  cloudflareAccess,
  googleIap,
  optional,
  type ProxyEntry,
  protectedResourceMetadata,
  sameOrigin,
  type TokenPlaces,
  tokenFrom,
} from '@countersign/verifier'
import express from 'express'
import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { answerTo, recorded, startGuard, startsAt, tokenOf } from './guard-setup.js'

const token = await tokenOf()
const other = await tokenOf({ sub: 'user-2' })
const csrf = sameOrigin('https://app.test')
const cookie = { name: 'token', csrf }

const sent = (headers: Readonly<Record<string, string>>, changes: Partial<WireRequest> = {}): WireRequest => ({
  method: 'GET',
  url: '/',
  headers,
  ...changes,
})
const answer = (places: TokenPlaces, asked: WireRequest): Promise<string> => answerTo(startGuard({ tokenFrom: places }).guard, asked)

describe('a token in a header field', () => {
  const places: TokenPlaces = { header: 'X-Forwarded-Access-Token' }

  it.each([
    ['in lower case', { 'x-forwarded-access-token': token }, '200 main'],
    ['in any case', { 'X-FORWARDED-access-token': token }, '200 main'],
    ['with space around it', { 'x-forwarded-access-token': ` ${token} ` }, '200 main'],
    ['beside an Authorization field that is not named', { 'x-forwarded-access-token': token, authorization: `Basic ${other}` }, '200 main'],
    ['in Authorization, which is not named', { authorization: `Bearer ${token}` }, '401 no_credentials'],
    ['with a scheme', { 'x-forwarded-access-token': `Bearer ${token}` }, '400 malformed_request'],
    ['twice, joined by Node', { 'x-forwarded-access-token': `${token}, ${other}` }, '400 malformed_request'],
    ['twice in two spellings', { 'x-forwarded-access-token': token, 'X-Forwarded-Access-Token': token }, '400 malformed_request'],
    ['empty, as proxies send it', { 'x-forwarded-access-token': '' }, '401 no_credentials'],
    ['that is not a token', { 'x-forwarded-access-token': 'undefined' }, '401 malformed'],
  ])('%s', async (_what, headers, expected) => {
    expect(await answer(places, sent(headers))).toBe(expected)
  })

  it('in one of several fields, and never in two', async () => {
    const both: TokenPlaces = { header: ['authorization', 'x-token'] }
    expect(await answer(both, sent({ authorization: `Bearer ${token}` }))).toBe('200 main')
    expect(await answer(both, sent({ 'x-token': token }))).toBe('200 main')
    expect(await answer(both, sent({ 'x-token': token, authorization: `Bearer ${token}` }))).toBe('400 malformed_request')
  })

  it('is not what RFC 9728 calls the header', () => {
    const { guard } = startGuard({ tokenFrom: places, resource: 'https://api.test', metadata: {} })
    const [route] = protectedResourceMetadata(guard)
    return expect(route?.endpoint({ headers: {} }).then(({ body }) => JSON.parse(String(body)))).resolves.toMatchObject({
      bearer_methods_supported: [],
    })
  })
})

describe('a token in a cookie', () => {
  const unsafe = { method: 'POST' }

  it.each([
    ['alone', { cookie: `token=${token}` }, {}, '200 main'],
    ['among others, in quotation marks', { Cookie: `a=1; token="${token}" ; b=2` }, {}, '200 main'],
    ['of a similar name', { cookie: `xtoken=${token}; token2=${token}` }, {}, '401 no_credentials'],
    ['twice', { cookie: `token=${token}; token=${other}` }, {}, '400 malformed_request'],
    ['empty', { cookie: 'token=' }, {}, '401 no_credentials'],
    ['of the own site, in a POST', { cookie: `token=${token}`, 'sec-fetch-site': 'same-origin' }, unsafe, '200 main'],
    ['of the own origin, in a POST', { cookie: `token=${token}`, origin: 'https://app.test' }, unsafe, '200 main'],
    ['of another site, in a POST', { cookie: `token=${token}`, origin: 'https://evil.test' }, unsafe, '400 malformed_request'],
    ['of nobody knows whom, in a POST', { cookie: `token=${token}` }, unsafe, '400 malformed_request'],
    ['without a method', { cookie: `token=${token}` }, { method: undefined }, '400 malformed_request'],
    ['of another site, beside a token in the header', { cookie: 'token=x', authorization: `Bearer ${token}` }, unsafe, '200 main'],
  ])('%s', async (_what, headers, changes, expected) => {
    expect(await answer({ cookie }, sent(headers as Record<string, string>, changes))).toBe(expected)
  })

  it('is not looked at beside a bad token in the header', async () => {
    expect(await answer({ cookie }, sent({ cookie: `token=${token}`, authorization: 'Bearer x' }))).toBe('401 malformed')
  })

  it('is not anonymous where it is bad, and asks csrf with the request of the framework', async () => {
    const seen: unknown[] = []
    const { guard } = startGuard({
      tokenFrom: { cookie: { name: 'token', csrf: ({ frameworkRequest }) => seen.push(frameworkRequest) > 0 } },
    })
    const frameworkRequest = {}
    expect(await answerTo(guard, sent({ cookie: 'token=x' }), optional())).toBe('401 malformed')
    expect(await answerTo(guard, sent({ cookie: 'a=b' }), optional())).toBe('anonymous')
    expect(await answerTo(guard, sent({ cookie: `token=${token}` }, { method: 'DELETE', frameworkRequest }))).toBe('200 main')
    expect(seen).toEqual([frameworkRequest])
  })

  it('needs true or false of csrf: a promise admits nobody', async () => {
    const places = { cookie: { name: 'token', csrf: (async () => true) as unknown as () => boolean } }
    await expect(answer(places, sent({ cookie: `token=${token}` }, { method: 'POST' }))).rejects.toThrow(
      'tokenFrom.cookie.csrf must return true or false, got object',
    )
  })

  it('tells why in the event, and nothing of it to the client', async () => {
    const events = recorded('countersign:refused')
    await answer({ cookie }, sent({ cookie: `token=${token}` }, { method: 'POST' }))
    expect(events).toMatchObject([
      { detail: { expected: 'a request that csrf of tokenFrom.cookie accepts', received: 'one that it does not accept' } },
    ])
  })
})

describe('tokenFrom as a requirement', () => {
  it('takes the place of the option of the guard, for one route', async () => {
    const { guard } = startGuard({ tokenFrom: { header: 'x-token' } })
    const asked = sent({}, { url: `/?access_token=${token}` })
    expect(await answerTo(guard, asked, tokenFrom({ query: true }))).toBe('200 main')
    expect(await answerTo(guard, asked)).toBe('400 malformed_request')
    expect(await answerTo(guard, sent({ 'x-token': token }), tokenFrom({ query: true }))).toBe('401 no_credentials')
    expect(guard.claimedSender(asked, tokenFrom({ query: true }))?.subject).toBe('user-1')
    expect(guard.claimedSender(asked)).toBeUndefined()
  })

  it('works in protect on Express and Koa', async () => {
    const { guard } = startGuard()
    const app = express().get('/', onExpress.protect(guard, onExpress.tokenFrom({ header: 'x-token' })), (req, res) => {
      res.json(onExpress.authOf(guard, req).subject)
    })
    await request(app).get('/').set('X-Token', token).expect(200, '"user-1"')
    await request(app).get('/').set('authorization', `Bearer ${token}`).expect(401)
    const koa = new Koa().use(onKoa.protect(guard, onKoa.tokenFrom({ cookie }))).use((ctx) => {
      ctx.body = onKoa.authOf(guard, ctx).subject
    })
    await request(koa.callback()).get('/').set('cookie', `token=${token}`).expect(200, 'user-1')
    await request(koa.callback()).post('/').set('cookie', `token=${token}`).expect(400)
  })
})

describe('requests of other forms', () => {
  it('Request and Headers of Fetch have every place', async () => {
    const { guard } = startGuard({ tokenFrom: { header: 'X-Token', cookie } })
    expect(await answerTo(guard, new Request('https://api.test/', { headers: { 'X-TOKEN': token } }) as never)).toBe('200 main')
    const headers = new Headers([
      ['cookie', `token=${token}`],
      ['sec-fetch-site', 'same-origin'],
    ])
    expect(await answerTo(guard, { method: 'POST', url: '/', headers } as never)).toBe('200 main')
    headers.set('sec-fetch-site', 'cross-site')
    expect(await answerTo(guard, { method: 'POST', url: '/', headers } as never)).toBe('400 malformed_request')
  })

  it.each([
    ['a Map', new Map([['x-token', token]])],
    ['pairs', [['x-token', token]]],
    ['nothing', undefined],
  ])('header fields in %s are a clear error', async (_what, headers) => {
    const { guard } = startGuard({ tokenFrom: { header: 'x-token' } })
    await expect(answerTo(guard, { method: 'GET', url: '/', headers } as never)).rejects.toThrow('must be a record of header fields')
  })
})

describe('proxies that sign in people', () => {
  const served =
    (urls: string[], key = testKeys.es256) =>
    async (url: string | URL) => {
      urls.push(String(url))
      return Response.json({ keys: [publicJwkOf(key)] })
    }
  const startProxy = (entry: ProxyEntry, urls: string[], key = testKeys.es256) =>
    startGuard({ issuers: { proxy: entry }, tokenFrom: entry.tokenFrom, fetch: served(urls, key) }).guard

  it('Cloudflare Access: its field, its issuer and its keys', async () => {
    const urls: string[] = []
    const guard = startProxy(cloudflareAccess({ team: 'example', audience: 'aud-tag' }), urls, testKeys.rs256)
    const claims = { iss: 'https://example.cloudflareaccess.com', aud: ['aud-tag'], email: 'ann@example.org' }
    const good = await tokenOf(claims, {}, testKeys.rs256)
    expect(await answerTo(guard, sent({ 'Cf-Access-Jwt-Assertion': good }))).toBe('200 proxy')
    expect(urls).toEqual(['https://example.cloudflareaccess.com/cdn-cgi/access/certs'])
    const elsewhere = await tokenOf({ ...claims, aud: ['another-app'] }, {}, testKeys.rs256)
    expect(await answerTo(guard, sent({ 'cf-access-jwt-assertion': elsewhere }))).toBe('401 audience')
    expect(await answerTo(guard, sent({ authorization: `Bearer ${good}` }))).toBe('401 no_credentials')
  })

  it('Google IAP: its field, its issuer, its keys and 30 s for clocks', async () => {
    const urls: string[] = []
    const aud = '/projects/1/apps/example'
    const guard = startProxy(googleIap({ audience: aud }), urls)
    const claims = { iss: 'https://cloud.google.com/iap', aud }
    expect(await answerTo(guard, sent({ 'x-goog-iap-jwt-assertion': await tokenOf({ ...claims, exp: startsAt - 29 }) }))).toBe('200 proxy')
    expect(urls).toEqual(['https://www.gstatic.com/iap/verify/public_key-jwk'])
    expect(await answerTo(guard, sent({ 'x-goog-iap-jwt-assertion': await tokenOf({ ...claims, exp: startsAt - 31 }) }))).toBe(
      '401 expired',
    )
    expect(await answerTo(guard, sent({ 'x-goog-iap-jwt-assertion': await tokenOf({ iss: claims.iss }) }))).toBe('401 audience')
  })
})
