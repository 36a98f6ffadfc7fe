import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, startApp } from './nuance-app.js'
import {
  type Answer,
  basic,
  belisle,
  errorOf,
  exchange,
  ping,
  refusalOf,
  send,
  signed,
  subjectClaims,
  subjectHeader,
  tokenPath,
} from './nuance-requests.js'
import { keyOf, rsaPair, type SeedFile, seedClient, writeSeed } from './nuance-seed.js'

const pair = rsaPair()
/** Ids of this family come with their colons escaped, and are sent like that. */
const escaped = { id: 'appID%3AMIX%3Ageo%3Aqa', secret: 'se%3Acret+1' }
const colons = { id: 'appID:MIX:geo:us', secret: 'se:cret+1' }
const running: { app: App; seed: SeedFile } = {} as never

beforeAll(async () => {
  running.seed = await writeSeed(
    seedClient({ keys: [keyOf('k1', pair)] }),
    seedClient({ client_id: escaped.id, client_secret: escaped.secret, name: 'MIX', sites: ['1', '2'] }),
    seedClient({ client_id: colons.id, client_secret: colons.secret, name: 'MIX2', sites: [] }),
  )
  running.app = await startApp({ SEED_FILE: running.seed.path })
})
afterAll(async () => {
  await running.app?.end()
  await running.seed?.remove()
})

const ofClient = (form: Readonly<Record<string, string>> = {}, as = belisle): Promise<Answer> =>
  send(running.app, tokenPath, { headers: basic(as.id, as.secret), form: { grant_type: 'client_credentials', ...form } })

describe('client_credentials', () => {
  it('answers with the same members, for the client itself', async () => {
    const { status, body } = await ofClient({ client_id: 'belisle' })
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'jti', 'scope', 'sites', 'token_type'])
    expect(body).toMatchObject({ token_type: 'bearer', scope: 'read', sites: ['306'] })
    expect(body.expires_in).toBeLessThanOrEqual(7199)
    expect(body.expires_in).toBeGreaterThanOrEqual(7198)
    expect((await ping(running.app, body.access_token)).body).toEqual({ subject: 'belisle', client: 'belisle', sites: ['306'] })
  })

  it('knows one scope, which is also what a request gets that asks for none', async () => {
    expect((await ofClient({ scope: 'read' })).body).toMatchObject({ scope: 'read' })
    for (const scope of [' read', 'read ', 'read  read']) expect((await ofClient({ scope })).body).toMatchObject({ scope: 'read' })
    for (const scope of ['write', 'read write', 'READ', 'read\tread']) {
      const { text, status } = await ofClient({ scope })
      expect([scope, status, text]).toEqual([scope, 400, '{"error":"invalid_scope","error_description":"Invalid scope"}'])
    }
  })

  it('takes ids with escapes as they are registered, and colons as they are escaped', async () => {
    expect((await ofClient({}, escaped)).body).toMatchObject({ sites: ['1', '2'] })
    expect((await ofClient({ client_id: escaped.id }, escaped)).status).toBe(200)
    const written = { id: encodeURIComponent(colons.id), secret: encodeURIComponent(colons.secret) }
    expect((await ofClient({}, written)).body).toMatchObject({ sites: [] })
    expect(errorOf(await ofClient({}, { ...escaped, secret: 'se:cret 1' }))).toBe('401 invalid_client')
    expect(errorOf(await ofClient({}, colons))).toBe('401 invalid_client')
  })
})

describe('a client that is not let in', () => {
  const full = '{"error":"unauthorized","error_description":"Full authentication is required to access this resource"}'
  const bad = '{"error":"invalid_client","error_description":"Bad client credentials"}'
  const form = { grant_type: 'client_credentials' }

  it.each<[name: string, headers: Readonly<Record<string, string>>, form: Readonly<Record<string, string>>, text: string]>([
    ['says nothing', {}, form, full],
    ['says its id alone', {}, { ...form, client_id: 'belisle' }, full],
    ['says the id of nobody', {}, { ...form, client_id: 'x' }, full],
    ['says its secret in the form', {}, { ...form, client_id: 'belisle', client_secret: belisle.secret }, full],
    ['sends a bearer', { authorization: 'Bearer x' }, form, full],
    ['says a wrong secret', basic('belisle', 'wrong'), form, bad],
    ['is unknown', basic('stranger', belisle.secret), form, bad],
    ['sends no base64', { authorization: 'Basic !' }, form, bad],
    ['sends no colon', { authorization: `Basic ${Buffer.from('belisle').toString('base64')}` }, form, bad],
  ])('%s', async (_name, headers, sent, text) => {
    const answer = await send(running.app, tokenPath, { headers, form: sent })
    expect([answer.status, answer.text]).toEqual([401, text])
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth2/client"')
    expect([answer.headers.get('cache-control'), answer.headers.get('pragma')]).toEqual(['no-store', 'no-cache'])
  })

  it('is told apart in the log, if it is known', async () => {
    expect(await refusalOf(running.app, () => ofClient({}, { ...belisle, secret: 'x' }))).toBe('401 invalid_client wrong_secret')
    expect(await refusalOf(running.app, () => ofClient({}, { ...belisle, id: 'x' }))).toBe('401 invalid_client unknown_client')
  })
})

describe('a request that is none', () => {
  it('names no grant type, or another one', async () => {
    const headers = basic(belisle.id, belisle.secret)
    const none = await send(running.app, tokenPath, { headers, form: { scope: 'read' } })
    expect([none.status, none.text]).toEqual([400, '{"error":"invalid_request","error_description":"Missing grant type"}'])
    for (const type of ['password', 'refresh_token', 'authorization_code', 'x'])
      expect(errorOf(await ofClient({ grant_type: type }))).toBe('400 unsupported_grant_type')
  })

  it('lacks what the exchange needs', async () => {
    const exchanged = (form: object): Promise<Answer> => exchange(running.app, 'x', { form })
    expect(errorOf(await exchanged({ subject_token: '' }))).toBe('400 invalid_request')
    expect(errorOf(await exchanged({ subject_token_type: '' }))).toBe('400 invalid_request')
  })

  it('repeats a parameter, is no form, is too large', async () => {
    const headers = { ...basic(belisle.id, belisle.secret), 'content-type': 'application/x-www-form-urlencoded' }
    const post = (body: string, type = headers['content-type']): Promise<Response> =>
      fetch(running.app.url + tokenPath, { method: 'POST', headers: { ...headers, 'content-type': type }, body })
    const twice = await post('grant_type=client_credentials&grant_type=client_credentials')
    expect([twice.status, ((await twice.json()) as { error: string }).error]).toEqual([400, 'invalid_request'])
    expect((await post('{"grant_type":"client_credentials"}', 'application/json')).status).toBe(415)
    expect((await post(`grant_type=client_credentials&x=${'x'.repeat(70_000)}`)).status).toBe(413)
  })

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('has the method %s', async (method) => {
    const answer = await send(running.app, `${tokenPath}?grant_type=client_credentials`, {
      method,
      headers: basic(belisle.id, belisle.secret),
    })
    expect([answer.status, answer.body.error]).toEqual([405, 'method_not_allowed'])
    expect([answer.headers.get('allow'), answer.headers.get('content-type')]).toEqual(['POST', 'application/json'])
  })

  it('sends nothing at all, and not even a media type', async () => {
    const answer = await send(running.app, tokenPath, { method: 'POST', headers: basic(belisle.id, belisle.secret) })
    expect([answer.status, answer.body.error, answer.body.error_description]).toEqual([400, 'invalid_request', 'Missing grant type'])
  })

  it('puts parameters into the query, where they count for nothing', async () => {
    const answer = await send(running.app, `${tokenPath}?grant_type=client_credentials`, {
      headers: basic(belisle.id, belisle.secret),
      form: {},
    })
    expect(answer.body.error_description).toBe('Missing grant type')
  })
})

describe('what RFC 8693 knows besides', () => {
  it('is tolerated: client_id, scope, requested_token_type, audience', async () => {
    const token = signed(pair.privateKey, subjectClaims(), subjectHeader('k1'))
    const form = {
      client_id: 'belisle',
      scope: 'read',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'https://nuance.example/reporting/v3',
    }
    expect((await exchange(running.app, token, { form })).status).toBe(200)
  })
})

describe('the report route', () => {
  it('takes a bearer and nothing else', async () => {
    const none = await send(running.app, '/reporting/v3/ping')
    expect([none.status, none.body.error, none.body.error_description]).toEqual([
      401,
      'unauthorized',
      'Full authentication is required to access this resource',
    ])
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="oauth2/resource"')
    const client = await send(running.app, '/reporting/v3/ping', { headers: basic(belisle.id, belisle.secret) })
    expect(errorOf(client)).toBe('401 unauthorized')
  })

  it('takes no subject token, no forgery and no token of somebody else', async () => {
    const { body } = await ofClient()
    const [header, claims = '', signature] = body.access_token.split('.')
    const other = JSON.stringify({ ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), sub: 'sacha.belisle' })
    const subjectToken = signed(pair.privateKey, subjectClaims(), subjectHeader('k1'))
    const forged = [header, Buffer.from(other).toString('base64url'), signature].join('.')
    for (const token of ['x', subjectToken, forged]) {
      const answer = await ping(running.app, token)
      expect(errorOf(answer)).toBe('401 invalid_token')
      expect(answer.headers.get('www-authenticate')).toContain('Bearer realm="oauth2/resource", error="invalid_token"')
      expect(answer.text).not.toContain(token)
    }
  })

  it('has no other method, and there is nothing beside it', async () => {
    expect(errorOf(await send(running.app, '/reporting/v3/ping', { method: 'POST' }))).toBe('405 method_not_allowed')
    expect(errorOf(await send(running.app, '/reporting/v3/pong'))).toBe('404 not_found')
  })
})

it('its JWKS holds the key of its access tokens, and nothing private', async () => {
  const { body, headers } = await send(running.app, '/oauth-server/.well-known/jwks.json')
  expect(headers.get('content-type')).toContain('application/jwk-set+json')
  expect(body.keys).toHaveLength(1)
  expect(Object.keys(body.keys[0] ?? {})).not.toContain('d')
})

it('a path that cannot be read is a 400 in the words of the API', async () => {
  const answer = await send(running.app, '/oauth-server/clients/%ff/keys', { headers: basic(belisle.id, belisle.secret) })
  expect(errorOf(answer)).toBe('400 invalid_request')
})
