import { describe, expect, it, vi } from 'vitest'
import { tokenRequests } from '../../examples/neris/src/token-request.js'
import { integrations, people, startNeris } from './neris-app.js'
import { type Answer, askToken, encodings, send } from './neris-requests.js'

const field = (name: string): object => ({ loc: ['body', name], msg: 'Field required', type: 'missing' })

describe('what is malformed at the token endpoint is 422 as FastAPI words it', () => {
  it.each(encodings)('without a grant_type, as %s', async (as) => {
    const app = await startNeris()
    const first = await askToken(app, { username: 'u' }, { as })
    expect([first.status, first.body]).toEqual([422, { detail: [field('grant_type')] }])
    const empty = await askToken(app, { grant_type: '' }, { as, basic: integrations.plain })
    expect([empty.status, empty.body]).toEqual([422, { detail: [field('grant_type')] }])
  })

  it.each(encodings)('without what the grant needs, as %s', async (as) => {
    const app = await startNeris()
    const nothing = await askToken(app, { grant_type: 'password' }, { as })
    expect([nothing.status, nothing.body]).toEqual([422, { detail: [field('username'), field('password')] }])
    const refresh = await askToken(app, { grant_type: 'refresh_token' }, { as, basic: integrations.rotating })
    expect([refresh.status, refresh.body]).toEqual([422, { detail: [field('refresh_token')] }])
  })

  it.each<[what: string, json: unknown, detail: object]>([
    ['a list', [1], { loc: ['body'], type: 'json_invalid' }],
    ['a text', 'x', { loc: ['body'], type: 'json_invalid' }],
    ['null', null, { loc: ['body'], type: 'json_invalid' }],
    [
      'an operator of a database',
      { grant_type: 'password', username: { $gt: '' }, password: 'x' },
      { loc: ['body', 'username'], type: 'string_type' },
    ],
    ['a list for a text', { grant_type: ['password'] }, { loc: ['body', 'grant_type'], type: 'string_type' }],
    ['a number', { grant_type: 'password', username: 1, password: 'x' }, { loc: ['body', 'username'], type: 'string_type' }],
  ])('JSON that is %s', async (_what, json, detail) => {
    const app = await startNeris()
    const answer = await send(`${app.url}/v1/token`, { method: 'POST', json })
    expect(answer.status).toBe(422)
    expect(answer.body).toMatchObject({ detail: [detail] })
  })

  it.each<[what: string, text: string, type: string]>([
    ['no JSON', '{"grant_type":', 'application/json'],
    ['a form with an escape that is none', 'grant_type=%zz', 'application/x-www-form-urlencoded'],
    ['a form with a field twice', 'grant_type=password&grant_type=password', 'application/x-www-form-urlencoded'],
    ['a form with brackets', 'grant_type=password&username[$gt]=&password=x', 'application/x-www-form-urlencoded'],
  ])('%s', async (_what, text, type) => {
    const app = await startNeris()
    const answer = await send(`${app.url}/v1/token`, { method: 'POST', text, headers: { 'content-type': type } })
    expect([answer.status, answer.body?.detail]).toEqual([422, [expect.objectContaining({ loc: ['body'] })]])
  })

  it('a field twice is text for who answers a challenge', async () => {
    const app = await startNeris()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    for (const text of ['grant_type=email_otp&session=a&session=b&email_otp=1', 'grant_type=email_otp&grant_type=email_otp']) {
      const answer = await send(`${app.url}/v1/token`, { method: 'POST', text, headers })
      expect([answer.status, answer.type, answer.body]).toEqual([422, 'text/plain; charset=utf-8', undefined])
    }
  })

  it('nothing at all', async () => {
    const app = await startNeris()
    const answer = await send(`${app.url}/v1/token`, { method: 'POST' })
    expect([answer.status, answer.body]).toEqual([422, { detail: [field('grant_type')] }])
  })

  it('names of a prototype are nothing special, and null is not sent', async () => {
    const app = await startNeris()
    const text = '{"__proto__":{"grant_type":"password"},"constructor":"x","refresh_token":null}'
    const answer = await send(`${app.url}/v1/token`, { method: 'POST', text, headers: { 'content-type': 'application/json' } })
    expect([answer.status, answer.body]).toEqual([422, { detail: [field('grant_type')] }])
    const dead = await send(`${app.url}/v1/token`, { json: { grant_type: 'refresh_token', refresh_token: null } })
    expect([dead.status, dead.body]).toEqual([422, { detail: [field('refresh_token')] }])
  })
})

describe.each(encodings)('what is well-formed and wrong, as %s', (as) => {
  const expectError = (answer: Answer, status: number, error: string): void => {
    expect([answer.status, answer.body]).toEqual([status, { error, error_description: expect.any(String), detail: expect.any(String) }])
  }

  it('has error, error_description and detail', async () => {
    const app = await startNeris()
    const { plain } = integrations
    const credentials = { grant_type: 'client_credentials' }
    expectError(await askToken(app, { grant_type: 'authorization_code' }, { as }), 400, 'unsupported_grant_type')
    expectError(await askToken(app, { grant_type: 'password', ...people.plain }, { as, basic: plain }), 400, 'unauthorized_client')
    expectError(await askToken(app, { ...credentials, scope: 'everything' }, { as, basic: plain }), 400, 'invalid_scope')
    expectError(await askToken(app, { ...credentials, client_id: 'x', client_secret: 'y' }, { as, basic: plain }), 400, 'invalid_request')
    expectError(await askToken(app, { grant_type: 'refresh_token', refresh_token: 'x' }, { as }), 401, 'invalid_grant')
    expectError(await askToken(app, credentials, { as }), 401, 'invalid_client')
  })

  it('a Basic header that is none is 401', async () => {
    const app = await startNeris()
    for (const authorization of ['Basic', 'Basic %%%', `Basic ${Buffer.from('no colon').toString('base64')}`])
      expectError(await askToken(app, { grant_type: 'client_credentials' }, { as, headers: { authorization } }), 401, 'invalid_client')
  })

  it('too many requests are 429 with the time to wait, and text for who answers a challenge', async () => {
    const app = await startNeris()
    app.pool.throttle(1)
    const throttled = await askToken(app, { grant_type: 'password', ...people.plain }, { as })
    expect([throttled.status, throttled.body?.detail]).toEqual([429, expect.any(String)])
    expect(Number(throttled.headers.get('retry-after'))).toBeGreaterThan(0)
    const challenge = await askToken(app, { grant_type: 'password', ...people.mail }, { as })
    app.pool.throttle(1)
    const session = String(challenge.body?.session)
    const answer = await askToken(app, { grant_type: 'email_otp', session, email_otp: app.code() }, { as })
    expect([answer.status, answer.type, answer.body]).toEqual([429, 'text/plain; charset=utf-8', undefined])
    // The session outlives it.
    expect((await askToken(app, { grant_type: 'email_otp', session, email_otp: app.code() }, { as })).status).toBe(200)
  })

  it('an outage of Cognito is 503, never a 401, and text for who answers a challenge', async () => {
    const app = await startNeris()
    const challenge = await askToken(app, { grant_type: 'password', ...people.mail }, { as })
    const { refresh_token } = (await askToken(app, { grant_type: 'password', ...people.plain }, { as })).body as Record<string, string>
    await app.pool.stop()
    const person = await askToken(app, { grant_type: 'password', ...people.plain }, { as })
    expect([person.status, person.body?.detail]).toEqual([503, expect.any(String)])
    expect((await askToken(app, { grant_type: 'refresh_token', refresh_token: refresh_token ?? '' }, { as })).status).toBe(503)
    const session = String(challenge.body?.session)
    const answer = await askToken(app, { grant_type: 'email_otp', session, email_otp: app.code() }, { as })
    expect([answer.status, answer.type, answer.body]).toEqual([503, 'text/plain; charset=utf-8', undefined])
    expect((await askToken(app, { grant_type: 'client_credentials' }, { as, basic: integrations.plain })).status).toBe(200)
  })
})

it('another media type is 415, a body of more than 64 KiB 413, another method 405, another path 404', async () => {
  const app = await startNeris()
  const url = `${app.url}/v1/token`
  const xml = await send(url, { method: 'POST', text: '<x/>', headers: { 'content-type': 'application/xml' } })
  expect([xml.status, xml.body?.detail]).toEqual([415, expect.any(String)])
  for (const as of encodings) {
    const large = await askToken(app, { grant_type: 'password', username: 'u', password: 'x'.repeat(70_000) }, { as })
    expect([large.status, large.body?.detail]).toEqual([413, expect.any(String)])
  }
  const got = await send(url)
  expect([got.status, got.body, got.headers.get('allow')]).toEqual([405, { detail: 'Method Not Allowed' }, 'POST'])
  expect((await send(`${app.url}/v1/nothing`)).body).toEqual({ detail: 'Not Found' })
})

it('a fault of the program is text for who answers a challenge, and an error for the host otherwise', async () => {
  const logged = vi.spyOn(console, 'error').mockReturnValue(undefined)
  const endpoint = tokenRequests(async () => Promise.reject(new Error('a fault')))
  const ask = (body: object) => endpoint({ method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const answer = await ask({ grant_type: 'email_otp', session: 's', email_otp: '1' })
  expect([answer.status, answer.headers['content-type'], answer.body]).toEqual([
    500,
    'text/plain; charset=utf-8',
    'Internal Server Error\n',
  ])
  await expect(ask({ grant_type: 'client_credentials' })).rejects.toThrow('a fault')
  expect(logged).toHaveBeenCalledTimes(1)
  logged.mockRestore()
})
