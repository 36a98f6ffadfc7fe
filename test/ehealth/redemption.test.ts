import { createHmac } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from '../redis/redis-servers.js'
import { type App, startApp } from './ehealth-app.js'
import { errorOf, loginBody, nonceOf, redeemAtLogin, redeemBySms, send } from './ehealth-requests.js'
import { clients, type SeedFile, signerKey, writeSeed } from './ehealth-seed.js'

const secret = 'secret-of-the-test-'.padEnd(64, '.')
const { msp, pis } = clients
const jwtInvalid = '401 jwt_invalid JWT is invalid.'

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The token with other claims or header, signed with the secret of the app. */
function resigned(token: string, claims: object, header: object = {}): string {
  const [head, body] = token
    .split('.')
    .map((segment, index) => (index < 2 ? (JSON.parse(Buffer.from(segment, 'base64url').toString()) as object) : {}))
  const input = `${encode({ ...head, ...header })}.${encode({ ...body, ...claims })}`
  return `${input}.${createHmac('sha512', secret).update(input).digest('base64url')}`
}

describeWithServers('redemption of a nonce', () => {
  const running: { app: App; redis: OwnServer; seed: SeedFile } = {} as never

  beforeAll(async () => {
    running.seed = await writeSeed()
    running.redis = await startServer()
    const REDIS_URL = `redis://127.0.0.1:${running.redis.port}`
    running.app = await startApp({ SEED_FILE: running.seed.path, JWT_SECRET: secret, REDIS_URL })
  })
  afterAll(async () => {
    await running.app.end()
    await running.redis.remove()
    await running.seed.remove()
  })

  describe('as a bearer at /api/sms_verifications', () => {
    it('works once', async () => {
      const token = await nonceOf(running.app)
      const answer = await redeemBySms(running.app, token)
      expect(answer.status).toBe(200)
      expect(answer.envelope.data).toMatchObject({ factor: '+380670000000', type: 'SMS' })
      expect(errorOf(await redeemBySms(running.app, token))).toBe(jwtInvalid)
    })

    it('works for nonces of both audiences', async () => {
      expect((await redeemBySms(running.app, await nonceOf(running.app, pis))).status).toBe(200)
    })

    it.each([
      ['no header', undefined],
      ['another scheme', 'Basic abc'],
      ['Bearer alone', 'Bearer '],
      ['two tokens', 'Bearer a b'],
    ])('refuses %s', async (_name, authorization) => {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await send(running.app, { method: 'POST', path: '/api/sms_verifications', headers, body: { factor: 'f', type: 't' } })
      expect(errorOf(answer)).toBe('401 access_denied Missing or invalid Authorization header.')
    })

    it.each<[name: string, body: object, entries: readonly string[]]>([
      ['no fields', {}, ['$.factor required', '$.type required']],
      ['an empty factor', { factor: '', type: 'SMS' }, ['$.factor required']],
      ['a type that is no text', { factor: '+380', type: 7 }, ['$.type cast']],
    ])('refuses %s and spends nothing', async (_name, body, entries) => {
      const token = await nonceOf(running.app)
      const answer = await redeemBySms(running.app, token, body)
      expect(errorOf(answer)).toContain('422 validation_failed')
      const invalid = answer.envelope.error?.invalid as { entry: string; rules: { rule: string }[] }[]
      expect(invalid.map(({ entry, rules }) => `${entry} ${rules[0]?.rule}`)).toEqual(entries)
      expect((await redeemBySms(running.app, token)).status).toBe(200)
    })
  })

  describe('at /auth/login', () => {
    it('gives an access token, and works once', async () => {
      const token = await nonceOf(running.app)
      const before = Date.now() / 1000
      const { status, envelope } = await redeemAtLogin(running.app, token)
      expect(status).toBe(201)
      expect(envelope.meta.code).toBe(201)
      expect(envelope.data).toEqual({
        id: expect.any(String),
        name: 'access_token',
        value: expect.stringMatching(/^[\w-]{43}$/),
        expires_at: expect.any(Number),
        user_id: 'user-person',
        details: { grant_type: 'digital_signature', client_id: msp.id, scope: 'a:read b:write' },
      })
      expect(envelope.data?.expires_at).toBeGreaterThan(before)
      expect(errorOf(await redeemAtLogin(running.app, token))).toBe(jwtInvalid)
    })

    it('is another purpose than the text message: each once, in either order', async () => {
      for (const steps of [
        [redeemBySms, redeemAtLogin],
        [redeemAtLogin, redeemBySms],
      ]) {
        const token = await nonceOf(running.app)
        for (const step of steps) expect((await step(running.app, token)).status).toBeLessThan(300)
        for (const step of steps) expect(errorOf(await step(running.app, token))).toBe(jwtInvalid)
      }
    })

    it('takes the nonce of its own client only, which another one does not use up', async () => {
      const token = await nonceOf(running.app)
      expect(errorOf(await redeemAtLogin(running.app, token, { client_id: pis.id }))).toBe(jwtInvalid)
      expect((await redeemAtLogin(running.app, token, { client_id: msp.id.toUpperCase() })).status).toBe(201)
    })

    it('says that the wrapper is missing, and not that the JSON is corrupt', async () => {
      const { token: fields } = await loginBody('x')
      for (const body of [fields, {}, { token: null }, { token: [] }, { token: 'x' }]) {
        const answer = await send(running.app, { method: 'POST', path: '/auth/login', body })
        expect(errorOf(answer)).toBe('400 request_malformed Malformed request. The body needs an object "token".')
      }
    })

    it('says that grant_type is missing', async () => {
      for (const value of [undefined, '', null]) {
        const answer = await redeemAtLogin(running.app, 'x', { grant_type: value })
        expect(answer.status).toBe(422)
        expect(answer.envelope.error?.message).toBe('Request must include grant_type.')
      }
    })

    const stranger = '99999999-9999-4999-8999-999999999999'
    it.each<[name: string, changes: object, error: string]>([
      ['another grant_type', { grant_type: 'password' }, '422 validation_failed'],
      ['no client_id', { client_id: undefined }, '422 validation_failed'],
      ['a client_id that is no UUID', { client_id: 'x' }, '422 validation_failed'],
      ['no signed_content', { signed_content: undefined }, '422 validation_failed'],
      ['signed_content that is no base64', { signed_content: '%%%' }, '422 validation_failed'],
      ['signed_content that is no JWS', { signed_content: 'AAAA' }, '422 validation_failed'],
      ['no signed_content_encoding', { signed_content_encoding: undefined }, '422 validation_failed'],
      ['another encoding', { signed_content_encoding: 'hex' }, '422 validation_failed'],
      ['a scope that is no text', { scope: 7 }, '422 validation_failed'],
      ['an unknown client', { client_id: stranger }, '404 not_found Client is not found.'],
      ['a blocked client', { client_id: clients.blocked.id }, '401 access_denied Client is blocked'],
    ])('refuses %s and spends nothing', async (_name, changes, error) => {
      const token = await nonceOf(running.app)
      expect(errorOf(await redeemAtLogin(running.app, token, changes))).toContain(error)
      expect((await redeemAtLogin(running.app, token)).status).toBe(201)
    })

    it.each<[name: string, signing: Parameters<typeof redeemAtLogin>[3], error: string]>([
      ['content that somebody else signed', { key: signerKey('blocked') }, '422 validation_failed'],
      ['content of a signer that is not registered', { kid: 'nobody' }, '422 validation_failed'],
      ['content without a nonce', { content: { other: 1 } }, '422 validation_failed'],
      ['content whose nonce is no text', { content: { jwt: 7 } }, '422 validation_failed'],
      ['a signer who is no user', { kid: 'unknown', key: signerKey('unknown') }, '404 not_found User is not found.'],
      ['a blocked user', { kid: 'blocked', key: signerKey('blocked') }, '403 forbidden User is blocked.'],
    ])('refuses %s and spends nothing', async (_name, signing, error) => {
      const token = await nonceOf(running.app)
      expect(errorOf(await redeemAtLogin(running.app, token, {}, signing))).toContain(error)
      expect((await redeemAtLogin(running.app, token)).status).toBe(201)
    })

    it('refuses a body that cannot be read, in the envelope', async () => {
      const sent = { method: 'POST', path: '/auth/login' }
      expect(errorOf(await send(running.app, { ...sent, body: '{' }))).toContain('400 request_malformed')
      expect(errorOf(await send(running.app, { ...sent, body: '[]' }))).toContain('400 request_malformed')
      expect(errorOf(await send(running.app, sent))).toContain('415 content_type_invalid')
      const form = { body: 'token=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
      expect(errorOf(await send(running.app, { ...sent, ...form }))).toContain('415 content_type_invalid')
    })
  })

  const refused: readonly (readonly [name: string, forge: (token: string) => string, error: string])[] = [
    ['that is none', () => 'nonsense', jwtInvalid],
    ['with another signature', (token) => `${token.slice(0, -4)}AAAA`, jwtInvalid],
    ['without a signature', (token) => `${token.split('.').slice(0, 2).join('.')}.`, jwtInvalid],
    ['that was never issued, although it is signed right', (token) => resigned(token, { jti: 'forged' }), jwtInvalid],
    ['of another issuer', (token) => resigned(token, { iss: 'EHealth2' }), jwtInvalid],
    ['with a kid that nobody knows', (token) => resigned(token, {}, { kid: 'x' }), jwtInvalid],
    ['that is not valid yet', (token) => resigned(token, { nbf: 4e9 }), jwtInvalid],
    ['that is expired', (token) => resigned(token, { exp: 1_600_000_000 }), '401 jwt_expired JWT expired'],
    ['for another audience', (token) => resigned(token, { aud: 'other' }), '401 jwt_aud_invalid JWT is not permitted for this action'],
    ['for no audience', (token) => resigned(token, { aud: undefined }), '401 jwt_aud_invalid JWT is not permitted for this action'],
  ]

  it.each(refused)('a nonce %s is refused at both places, and the right one stays good', async (_name, forge, error) => {
    const token = await nonceOf(running.app)
    const forged = forge(token)
    expect(errorOf(await redeemBySms(running.app, forged))).toBe(error)
    expect(errorOf(await redeemAtLogin(running.app, forged))).toBe(error)
    expect((await redeemBySms(running.app, token)).status).toBe(200)
    expect((await redeemAtLogin(running.app, token)).status).toBe(201)
  })

  it('the log tells apart what the wire does not, without a token', async () => {
    const token = await nonceOf(running.app)
    await redeemBySms(running.app, token)
    await redeemBySms(running.app, token)
    await redeemAtLogin(running.app, token, { client_id: pis.id })
    await redeemAtLogin(running.app, token, { client_id: clients.blocked.id })
    await redeemBySms(running.app, resigned(token, { jti: 'forged' }))
    await redeemBySms(running.app, resigned(token, { exp: 1_600_000_000 }))
    await redeemBySms(running.app, resigned(token, { aud: 'other' }))
    await redeemBySms(running.app, `${token.slice(0, -4)}AAAA`)
    await send(running.app, { path: `/oauth/nonce?client_id=${clients.blocked.id}` })
    await expect.poll(() => running.app.output()).toContain('"refused":"client_blocked","action":"issue"')
    const lines = running.app.output().split('\n')
    const reasons = new Set(lines.filter((line) => line.startsWith('{')).map((line) => (JSON.parse(line) as { refused: string }).refused))
    for (const reason of ['replayed', 'wrong_client', 'client_blocked', 'unknown_nonce', 'expired', 'audience', 'signature'])
      expect(reasons).toContain(reason)
    expect(running.app.output()).not.toContain('eyJ')
  })

  it('no key stays in Redis for ever, except the one that says since when it remembers', async () => {
    await redeemBySms(running.app, await nonceOf(running.app))
    const redis = new Redis({ host: '127.0.0.1', port: running.redis.port })
    const keys = await redis.keys('*')
    const lasting = []
    for (const key of keys) if ((await redis.pttl(key)) < 0) lasting.push(key)
    const newest = await Promise.all(keys.map((key) => redis.pttl(key)))
    redis.disconnect()
    expect(lasting).toEqual([`ehealth:${running.seed.digest}||memory{-}`])
    expect(keys.every((key) => key.startsWith(`ehealth:${running.seed.digest}|`))).toBe(true)
    // 15 minutes, 5 s of tolerance and a minute
    expect(Math.max(...newest)).toBeLessThanOrEqual(965_000)
    expect(Math.max(...newest)).toBeGreaterThan(955_000)
  })
})

describeWithServers('the life of a nonce', () => {
  it('ends at exp and the tolerance of 5 s', async () => {
    const seed = await writeSeed()
    const redis = await startServer()
    // 1.2 s
    const app = await startApp({ SEED_FILE: seed.path, REDIS_URL: `redis://127.0.0.1:${redis.port}`, JWT_LOGIN_TTL: '0.02' })
    const token = await nonceOf(app)
    const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp: number; iat: number }
    expect(exp - iat).toBeCloseTo(1.2)
    await new Promise((resolve) => setTimeout(resolve, (exp + 4.5) * 1000 - Date.now()))
    expect((await redeemBySms(app, token)).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, (exp + 5.05) * 1000 - Date.now()))
    expect(errorOf(await redeemBySms(app, token))).toBe('401 jwt_expired JWT expired')
    expect(errorOf(await redeemAtLogin(app, token))).toBe('401 jwt_expired JWT expired')
    await app.end()
    await redis.remove()
    await seed.remove()
  })
})
