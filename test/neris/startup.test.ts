import { describe, expect, it } from 'vitest'
import { integrations, people, seed, writeSeed } from './neris-app.js'
import { failToStart, startApp } from './neris-process.js'
import { askToken, send, textIn } from './neris-requests.js'
import { answerMail, password } from './sign-in.js'

describe('the example as a program', () => {
  it('says what it does without settings, prints codes, serves, and ends on SIGTERM', async () => {
    const file = await writeSeed()
    const app = await startApp({ SEED_FILE: file.path })
    expect(app.output()).toMatch(/memory of this process/)
    expect(app.output()).toMatch(/no COGNITO_USER_POOL_ID/)
    const session = textIn(await password(app, people.mail), 'session')
    expect((await answerMail(app, { session, code: await app.codeFor(people.mail.username) })).status).toBe(200)
    expect((await askToken(app, { grant_type: 'client_credentials' }, { basic: integrations.plain })).status).toBe(200)
    expect(await app.end()).toBe(0)
    await file.remove()
  })

  it('takes null for what a seed does not say', async () => {
    const basic = { id: 'cid', secret: 's:ec' }
    const nothing = { title: null, type: null, refresh: null }
    const file = await writeSeed({
      users: [{ ...people.plain, mfa: null, totp_secret: null, entities: null }],
      integrations: [{ client_id: basic.id, client_secret: basic.secret, entity_id: 'VN00000001', ...nothing }],
      enrollments: null,
    })
    const app = await startApp({ SEED_FILE: file.path })
    expect((await password(app, people.plain)).status).toBe(200)
    expect((await askToken(app, { grant_type: 'client_credentials' }, { basic })).body).toHaveProperty('refresh_token', expect.any(String))
    expect(await app.end()).toBe(0)
    await file.remove()
  })

  it('starts without a seed, too', async () => {
    const app = await startApp()
    expect((await send(`${app.url}/v1/health`)).status).toBe(200)
    expect((await password(app, people.mail)).status).toBe(401)
    const second = await failToStart({ PORT: new URL(app.url).port })
    expect([second.code, second.output]).toEqual([1, expect.stringMatching(/^PORT: .*EADDRINUSE/m)])
    expect(await app.end()).toBe(0)
  })

  it('ends on SIGTERM while a request is under way', async () => {
    const app = await startApp()
    const hanging = fetch(`${app.url}/v1/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) }),
      duplex: 'half',
    }).catch(() => undefined)
    await send(`${app.url}/v1/health`)
    expect(await app.end()).toBe(0)
    await hanging
  })
})

describe('with settings that cannot be, it ends with a message and a code', () => {
  it.each<[env: NodeJS.ProcessEnv, message: RegExp]>([
    [{ PORT: 'http' }, /^PORT is /m],
    [{ PORT: '70000' }, /^PORT is /m],
    [{ APP_SECRET: 'short' }, /^APP_SECRET is too short/m],
    [{ STORE_PREFIX: 'a b' }, /^STORE_PREFIX is /m],
    [{ REDIS_URL: 'http://127.0.0.1' }, /^REDIS_URL is a URL/m],
    [{ DATABASE_URL: 'postgres' }, /^DATABASE_URL is a URL/m],
    [{ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, /^DATABASE_URL cannot be used/m],
    [{ SMTP_URL: 'mail' }, /^SMTP_URL is a URL/m],
    [{ COGNITO_ENDPOINT: 'http://127.0.0.1:1' }, /^COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID/m],
    [{ COGNITO_USER_POOL_ID: 'us-east-2_x' }, /^COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID/m],
    [{ COGNITO_USER_POOL_ID: 'nonsense', COGNITO_CLIENT_ID: 'x' }, /userPoolId/],
    [{ SEED_FILE: '/no/such/file' }, /^SEED_FILE cannot be read/m],
  ])('%j', async (env, message) => {
    const { code, output } = await failToStart(env)
    expect(code).toBe(1)
    expect(output).toMatch(message)
    expect(output).not.toMatch(/^listening/m)
  })

  const [first] = seed.integrations
  it.each<[what: string, document: unknown, message: RegExp]>([
    ['that is no JSON', '{', /^SEED_FILE is no seed: it is not JSON$/m],
    ['with an entity that is none', { users: [{ username: 'u', password: 'p', entities: ['X1'] }] }, /an entity looks like VN00000001/],
    [
      'with two users of one name',
      { users: [seed.users[0], { ...seed.users[0], username: 'U@X.ORG' }] },
      /^SEED_FILE: two users have one name$/m,
    ],
    ['with an app and no secret for it', { users: [{ username: 'u', password: 'p', mfa: 'software_token_mfa' }] }, /no totp_secret$/m],
    ['with two integrations of one id', { integrations: [first, first] }, /^SEED_FILE: two integrations have one client_id$/m],
    ['with another refresh', { integrations: [{ ...first, refresh: 'sometimes' }] }, /refresh/],
    [
      'with an enrollment of nobody',
      { enrollments: [{ entity_id: 'FD00000001', client_id: '7a0b4e1c-7a55-4f52-9d0c-2b8d5a0e0001' }] },
      /^SEED_FILE: the enrollment of .* unknown_integration$/m,
    ],
  ])('a SEED_FILE %s', async (_what, document, message) => {
    const { code, output } = await failToStart({}, document)
    expect(code).toBe(1)
    expect(output).toMatch(message)
    expect(output).not.toContain('    at ')
  })
})
