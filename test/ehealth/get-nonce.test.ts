import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from '../redis/redis-servers.js'
import { type App, startApp } from './ehealth-app.js'
import { type Answer, errorOf, type Sent, send } from './ehealth-requests.js'
import { clients, type SeedFile, writeSeed } from './ehealth-seed.js'

interface Submitted {
  readonly client_id?: unknown
  readonly client_secret?: unknown
}

const path = '/oauth/nonce'
const query = (submitted: Submitted): string => new URLSearchParams(submitted as Record<string, string>).toString()
const asHeaders = (submitted: Submitted): Record<string, string> =>
  Object.fromEntries(Object.entries(submitted).map(([name, value]) => [name.replace('_', '-'), String(value)]))

/** Where the published versions put the fields. */
const places: Readonly<Record<string, (submitted: Submitted) => Sent>> = {
  'GET with a JSON body': (submitted) => ({ path, body: submitted }),
  'POST with a JSON body': (submitted) => ({ method: 'POST', path, body: submitted }),
  'GET with a query': (submitted) => ({ path: `${path}?${query(submitted)}` }),
  'POST with a query': (submitted) => ({ method: 'POST', path: `${path}?${query(submitted)}` }),
  'GET with headers': (submitted) => ({ path, headers: asHeaders(submitted) }),
  'POST with headers': (submitted) => ({ method: 'POST', path, headers: asHeaders(submitted) }),
}

const validation =
  '422 validation_failed Validation failed. You can find validators description at our API Manifest: http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/errors.'
const field = (entry: string, rule: string, description: string): object => ({
  entry_type: 'json_data_property',
  entry,
  rules: [{ rule, params: [], description }],
})
const secretMissing = field('$.client_secret', 'required', 'required property client_secret was not present')
const { msp, pis, blocked, bare } = clients

/** The table of checks, in its order: what is submitted, status, type and message, and the fields of a 422. */
const rows: readonly (readonly [name: string, submitted: Submitted, error: string, invalid?: object])[] = [
  ['no client_id', {}, validation, field('$.client_id', 'required', "can't be blank")],
  ['a secret alone', { client_secret: pis.secrets[0] }, validation, field('$.client_id', 'required', "can't be blank")],
  ['an empty client_id', { client_id: '' }, validation, field('$.client_id', 'required', "can't be blank")],
  ['a client_id of spaces', { client_id: ' ' }, validation, field('$.client_id', 'required', "can't be blank")],
  ['a client_id that is no UUID', { client_id: 'msp' }, validation, field('$.client_id', 'cast', 'is invalid')],
  ['a UUID with more after it', { client_id: `${msp.id}0` }, validation, field('$.client_id', 'cast', 'is invalid')],
  ['an unknown client', { client_id: '99999999-9999-4999-8999-999999999999' }, '404 not_found Client is not found.'],
  [
    'an unknown client with a secret that exists',
    { client_id: '99999999-9999-4999-8999-999999999999', client_secret: pis.secrets[0] },
    '404 not_found Client is not found.',
  ],
  ['a blocked client', { client_id: blocked.id, client_secret: blocked.secrets[0] }, '401 access_denied Client is blocked'],
  ['a blocked client without its secret', { client_id: blocked.id }, '401 access_denied Client is blocked'],
  ['a blocked client with a wrong secret', { client_id: blocked.id, client_secret: 'x' }, '401 access_denied Client is blocked'],
  ['no secret of a TRUSTED_PIS', { client_id: pis.id }, validation, secretMissing],
  ['an empty secret of a TRUSTED_PIS', { client_id: pis.id, client_secret: '' }, validation, secretMissing],
  ['a wrong secret', { client_id: pis.id, client_secret: 'pis-secret-3' }, '401 invalid_client Invalid client id or secret.'],
  ['a secret cut short', { client_id: pis.id, client_secret: 'pis-secret-' }, '401 invalid_client Invalid client id or secret.'],
  ['the secret of another client', { client_id: pis.id, client_secret: msp.secrets[0] }, '401 invalid_client Invalid client id or secret.'],
  ['a secret of a client without any', { client_id: bare.id, client_secret: 'x' }, '401 invalid_client Invalid client id or secret.'],
  [
    'a wrong secret of a client that needs none',
    { client_id: msp.id, client_secret: 'x' },
    '401 invalid_client Invalid client id or secret.',
  ],
  [
    'the secret of another client from a client that needs none',
    { client_id: msp.id, client_secret: pis.secrets[0] },
    '401 invalid_client Invalid client id or secret.',
  ],
]

const issued: readonly (readonly [name: string, submitted: Submitted, audience: string])[] = [
  ['a client that needs no secret', { client_id: msp.id }, 'mithril-login'],
  ['such a client with its secret', { client_id: msp.id, client_secret: msp.secrets[0] }, 'mithril-login'],
  ['a TRUSTED_PIS with its first secret', { client_id: pis.id, client_secret: pis.secrets[0] }, 'trusted-client'],
  ['a TRUSTED_PIS with its second secret', { client_id: pis.id, client_secret: pis.secrets[1] }, 'trusted-client'],
  ['a client_id in upper case', { client_id: pis.id.toUpperCase(), client_secret: pis.secrets[0] }, 'trusted-client'],
]

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const part = (token: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>

describeWithServers('GET and POST /oauth/nonce', () => {
  const running: { app?: App; redis?: OwnServer; seed?: SeedFile } = {}
  const ask = (sent: Sent): Promise<Answer> => send(running.app as App, sent)

  beforeAll(async () => {
    running.seed = await writeSeed()
    running.redis = await startServer()
    running.app = await startApp({ SEED_FILE: running.seed.path, REDIS_URL: `redis://127.0.0.1:${running.redis.port}` })
  })
  afterAll(async () => {
    await running.app?.end()
    await running.redis?.remove()
    await running.seed?.remove()
  })

  describe.each(Object.entries(places))('%s', (_place, sentAs) => {
    it.each(rows.map(([name, submitted, error, invalid]) => [name, submitted, error, invalid] as const))(
      'refuses %s',
      async (_name, submitted, error, invalid) => {
        const answer = await ask(sentAs(submitted))
        expect(errorOf(answer)).toBe(error)
        expect(answer.envelope.error?.invalid).toEqual(invalid === undefined ? undefined : [invalid])
        expect(answer.envelope.data).toBeUndefined()
        expect(answer.envelope.meta).toEqual({
          code: answer.status,
          url: `${running.app?.url}${path}`,
          type: 'object',
          request_id: expect.stringMatching(uuid),
        })
      },
    )

    it.each(issued)('issues one to %s', async (_name, submitted, audience) => {
      const before = Math.floor(Date.now() / 1000)
      const { status, envelope, headers } = await ask(sentAs(submitted))
      expect(status).toBe(200)
      expect(headers['cache-control']).toBe('no-store')
      expect(envelope).toEqual({
        meta: { code: 200, url: `${running.app?.url}${path}`, type: 'object', request_id: expect.stringMatching(uuid) },
        data: { token: expect.any(String) },
      })
      const token = String(envelope.data?.token)
      expect(part(token, 0)).toEqual({ alg: 'HS512', typ: 'JWT' })
      const { iat, nbf, exp, jti, nonce, ...rest } = part(token, 1)
      // The subject is the nonce itself, not the word.
      expect(rest).toEqual({ iss: 'EHealth', aud: audience, sub: nonce, typ: 'access' })
      expect(iat).toBeGreaterThanOrEqual(before)
      expect(iat).toBeLessThanOrEqual(Date.now() / 1000)
      expect([nbf, exp]).toEqual([Number(iat) - 1, Number(iat) + 900])
      for (const id of [jti, nonce]) expect(id).toMatch(uuid)
      expect(jti).not.toBe(nonce)
    })
  })

  it.each<[name: string, submitted: Submitted, error: string]>([
    ['a client_id that is a number', { client_id: 7 }, validation],
    ['a client_id in a list', { client_id: [msp.id] }, validation],
    ['a client_id that is an object', { client_id: { toString: msp.id } }, validation],
    ['a secret that is a number', { client_id: pis.id, client_secret: 7 }, '401 invalid_client Invalid client id or secret.'],
    ['a secret in a list', { client_id: pis.id, client_secret: [pis.secrets[0]] }, '401 invalid_client Invalid client id or secret.'],
    ['a secret that is null', { client_id: pis.id, client_secret: null }, validation],
  ])('refuses %s in a body', async (_name, submitted, error) => {
    expect(errorOf(await ask({ method: 'POST', path, body: submitted }))).toBe(error)
  })

  it('takes the body before the query, and the query before a header', async () => {
    const unknown = '99999999-9999-4999-8999-999999999999'
    const header = { 'client-id': unknown }
    expect((await ask({ path: `${path}?client_id=${unknown}`, headers: header, body: { client_id: msp.id } })).status).toBe(200)
    expect((await ask({ path: `${path}?client_id=${msp.id}`, headers: header, body: {} })).status).toBe(200)
    expect((await ask({ path: `${path}?client_id=${unknown}`, headers: { 'client-id': msp.id } })).status).toBe(404)
  })

  it('issues another nonce every time, and ignores X-Custom-PSK', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask({ path: `${path}?client_id=${msp.id}`, headers: { 'x-custom-psk': 'x' } })),
    )
    expect(new Set(answers.map(({ envelope }) => part(String(envelope.data?.token), 1).jti)).size).toBe(20)
  })

  it.each<[name: string, sent: Sent, error: string]>([
    ['a body that is no JSON', { method: 'POST', path, body: '{"client_id":' }, '400 request_malformed'],
    ['a body with a member twice', { method: 'POST', path, body: `{"client_id":"x","client_id":"${msp.id}"}` }, '400 request_malformed'],
    ['a body that is too large', { method: 'POST', path, body: { client_id: 'x'.repeat(200_000) } }, '413 request_too_large'],
    [
      'a body in an unknown charset',
      { method: 'POST', path, body: '{}', headers: { 'content-type': 'application/json; charset=x' } },
      '415 content_type_invalid',
    ],
    ['another path', { path: '/oauth/nonces' }, '404 not_found'],
    ['another method', { method: 'DELETE', path }, '404 not_found'],
  ])('answers %s in the envelope too', async (_name, sent, error) => {
    expect(errorOf(await ask(sent))).toContain(error)
  })

  it('does not repeat a secret of the query in its answer', async () => {
    const { envelope } = await ask({ path: `${path}?${query({ client_id: pis.id, client_secret: 'wrong-and-secret' })}` })
    expect(JSON.stringify(envelope)).not.toContain('wrong-and-secret')
  })

  it('gives the request id of the caller back where it is one', async () => {
    const asked = async (id: string): Promise<string> => (await ask({ path, headers: { 'x-request-id': id } })).envelope.meta.request_id
    expect(await asked('trace-1.A_b')).toBe('trace-1.A_b')
    for (const id of ['<script>', 'x'.repeat(65)]) expect(await asked(id)).toMatch(uuid)
  })
})
