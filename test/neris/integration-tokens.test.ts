import { createRemoteJWKSet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { integrations, startNeris } from './neris-app.js'
import { askToken, claimsOf, encodings, send, textIn } from './neris-requests.js'

const { rotating, plain, named } = integrations
const credentials = { grant_type: 'client_credentials' }

describe.each(encodings)('client_credentials as %s', (as) => {
  it('gives a token that we signed, and all four members of the answer', async () => {
    const app = await startNeris()
    expect((await askToken(app, credentials, { as, basic: rotating, path: '/v1/token/' })).status).toBe(200)
    const answer = await askToken(app, credentials, { as, basic: rotating })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.type).toMatch(/^application\/json/)
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      expires_in: 3600,
      token_type: 'bearer',
    })
    const jwks = createRemoteJWKSet(new URL(`${app.url}/.well-known/jwks.json`))
    const { payload, protectedHeader } = await jwtVerify(textIn(answer, 'access_token'), jwks, { issuer: 'https://neris.example/v1' })
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'at+jwt' })
    expect(payload).toMatchObject({ sub: rotating.id, client_id: rotating.id, aud: 'https://neris.example/v1' })
  })

  it('says null where the client gets no refresh token, so that clients ask for a new token instead', async () => {
    const app = await startNeris()
    const answer = await askToken(app, credentials, { as, basic: plain })
    expect(answer.status).toBe(200)
    expect(answer.body).toHaveProperty('refresh_token', null)
  })

  it('takes the secret as it is, to the first colon and without decoding anything', async () => {
    const app = await startNeris()
    for (const basic of [rotating, plain, named]) expect((await askToken(app, credentials, { as, basic })).status).toBe(200)
    const decoded = { ...rotating, secret: decodeURIComponent(rotating.secret.replaceAll('+', ' ')) }
    for (const basic of [decoded, { ...plain, secret: 's' }, { ...rotating, secret: encodeURIComponent(rotating.secret) }]) {
      const answer = await askToken(app, credentials, { as, basic })
      expect([answer.status, answer.body?.error]).toEqual([401, 'invalid_client'])
    }
  })

  it('a wrong secret and an unknown client are one answer', async () => {
    const app = await startNeris()
    const wrong = await askToken(app, credentials, { as, basic: { ...plain, secret: 'wrong' } })
    const unknown = await askToken(app, credentials, { as, basic: { id: 'nobody', secret: 'wrong' } })
    expect([wrong.status, wrong.text]).toEqual([401, unknown.text])
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic /)
    expect(wrong.body).toEqual({ error: 'invalid_client', error_description: expect.any(String), detail: expect.any(String) })
  })

  it('takes id and secret in the body as well, as they are', async () => {
    const app = await startNeris()
    for (const { id, secret } of [rotating, plain]) {
      const inBody = { client_id: id, client_secret: secret }
      const answer = await askToken(app, { ...credentials, ...inBody }, { as })
      expect(answer.status).toBe(200)
      expect(claimsOf(textIn(answer, 'access_token'))).toMatchObject({ sub: id, client_id: id })
      const wrong = await askToken(app, { ...credentials, ...inBody, client_secret: `${secret}x` }, { as })
      expect([wrong.status, wrong.body?.error]).toEqual([401, 'invalid_client'])
      const twice = await askToken(app, { ...credentials, ...inBody }, { as, basic: plain })
      expect([twice.status, twice.body?.error]).toEqual([400, 'invalid_request'])
    }
    const { id, secret } = rotating
    const { body } = await askToken(app, { ...credentials, client_id: id, client_secret: secret }, { as })
    const refreshed = { grant_type: 'refresh_token', refresh_token: String(body?.refresh_token), client_id: id, client_secret: secret }
    expect((await askToken(app, refreshed, { as })).status).toBe(200)
  })

  it('without Basic it is a clear 401, also with the secret in the fields for people', async () => {
    const app = await startNeris()
    const misplaced = { ...credentials, username: plain.id, password: plain.secret }
    for (const fields of [credentials, misplaced]) {
      const answer = await askToken(app, fields, { as })
      expect([answer.status, answer.body?.error]).toEqual([401, 'invalid_client'])
      expect(answer.body?.detail).toMatch(/Basic/)
    }
  })

  it('generate_refresh_token: false gives none, true gives none either where the policy says so', async () => {
    const app = await startNeris()
    const ask = (basic: typeof rotating | typeof plain, wanted: unknown) =>
      askToken(app, { ...credentials, generate_refresh_token: wanted as string }, { as, basic })
    expect((await ask(rotating, as === 'json' ? false : 'false')).body).toHaveProperty('refresh_token', null)
    expect((await ask(rotating, as === 'json' ? true : 'true')).body?.refresh_token).toEqual(expect.any(String))
    expect((await ask(plain, as === 'json' ? true : 'true')).body).toHaveProperty('refresh_token', null)
    expect((await ask(rotating, 'perhaps')).body).toEqual({
      detail: [{ loc: ['body', 'generate_refresh_token'], msg: expect.any(String), type: 'bool_parsing' }],
    })
  })
})

describe.each(encodings)('the refresh of an integration as %s', (as) => {
  it('gives a new access and a new refresh token each time, without an end', async () => {
    const app = await startNeris()
    const seen = new Set<string>()
    let refresh = textIn(await askToken(app, credentials, { basic: rotating }), 'refresh_token')
    for (let round = 0; round < 5; round += 1) {
      const answer = await askToken(app, { grant_type: 'refresh_token', refresh_token: refresh }, { as, basic: rotating })
      expect([answer.status, answer.body?.expires_in, answer.body?.token_type]).toEqual([200, 3600, 'bearer'])
      refresh = textIn(answer, 'refresh_token')
      seen.add(refresh).add(textIn(answer, 'access_token'))
    }
    expect(seen.size).toBe(10)
  })

  it('is refused without Basic, with that of another client, and where the policy is none', async () => {
    const app = await startNeris()
    const refresh_token = textIn(await askToken(app, credentials, { basic: rotating }), 'refresh_token')
    const fields = { grant_type: 'refresh_token', refresh_token }
    for (const how of [{}, { basic: named }, { basic: plain }]) {
      const answer = await askToken(app, fields, { as, ...how })
      expect([answer.status, answer.body?.error]).toEqual([401, 'invalid_grant'])
    }
    expect((await askToken(app, fields, { as, basic: rotating })).status).toBe(200)
  })

  it('a dead refresh token is 401 for every call, and locks nobody out', async () => {
    const app = await startNeris()
    const fields = { grant_type: 'refresh_token', refresh_token: 'r1.dead' }
    for (let call = 0; call < 30; call += 1) {
      const answer = await askToken(app, fields, { as, basic: rotating, headers: {} })
      expect([answer.status, answer.body?.error]).toEqual([401, 'invalid_grant'])
    }
    expect((await askToken(app, credentials, { as, basic: rotating })).status).toBe(200)
  })
})

it('a Bearer of anybody, or an empty one, changes nothing at the token endpoint', async () => {
  const app = await startNeris()
  const other = textIn(await askToken(app, credentials, { basic: plain }), 'access_token')
  for (const authorization of [`Bearer ${other}`, 'Bearer ', 'Bearer nonsense']) {
    const person = await send(`${app.url}/v1/token`, {
      form: { grant_type: 'password', username: 'plain@x.org', password: 'Correct-horse-2' },
      headers: { authorization },
    })
    expect(person.status).toBe(200)
    expect(claimsOf(textIn(person, 'access_token')).username).toBe('plain@x.org')
  }
})
