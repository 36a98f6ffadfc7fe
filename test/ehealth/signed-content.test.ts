import { sign } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from '../redis/redis-servers.js'
import { type App, startApp } from './ehealth-app.js'
import { errorOf, loginBody, nonceOf, redeemAtLogin, send } from './ehealth-requests.js'
import { type SeedFile, signerKey, writeSeed } from './ehealth-seed.js'

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A compact JWS of a person over a text, in base64. */
function signedText(text: string, encoding: 'utf8' | 'latin1'): string {
  const input = `${encode({ alg: 'ES256', kid: 'person' })}.${Buffer.from(text, encoding).toString('base64url')}`
  const signature = sign('sha256', Buffer.from(input), { key: signerKey('person'), dsaEncoding: 'ieee-p1363' })
  return Buffer.from(`${input}.${signature.toString('base64url')}`).toString('base64')
}

describeWithServers('signed content at /auth/login', () => {
  const running: { app: App; redis: OwnServer; seed: SeedFile } = {} as never

  beforeAll(async () => {
    running.seed = await writeSeed()
    running.redis = await startServer()
    running.app = await startApp({ SEED_FILE: running.seed.path, REDIS_URL: `redis://127.0.0.1:${running.redis.port}` })
  })
  afterAll(async () => {
    await running.app.end()
    await running.redis.remove()
    await running.seed.remove()
  })

  it.each([
    ['a member twice', (token: string) => `{"jwt":"other","jwt":"${token}"}`],
    ['a member twice further in', (token: string) => `{"jwt":"${token}","more":{"a":1,"a":2}}`],
    ['a list', (token: string) => `[{"jwt":"${token}"}]`],
    ['no JSON', (token: string) => `{"jwt":"${token}"`],
    ['bytes that are not UTF-8', (token: string) => `{"jwt":"${token}","more":"\u00ff"}`],
  ])('refuses signed content that is %s, and spends nothing', async (name, text) => {
    const token = await nonceOf(running.app)
    const answer = await redeemAtLogin(running.app, token, {
      signed_content: signedText(text(token), name.includes('UTF-8') ? 'latin1' : 'utf8'),
    })
    expect([errorOf(answer), answer.envelope.error?.invalid]).toEqual([
      expect.stringContaining('422 validation_failed'),
      [expect.objectContaining({ entry: '$.token.signed_content', rules: [expect.objectContaining({ rule: 'cast' })] })],
    ])
    expect((await redeemAtLogin(running.app, token)).status).toBe(201)
  })

  it('refuses a body with a member twice, and spends nothing', async () => {
    const token = await nonceOf(running.app)
    const body = JSON.stringify(await loginBody(token)).replace('{"token":{', '{"token":{"scope":"a",')
    expect(errorOf(await send(running.app, { method: 'POST', path: '/auth/login', body }))).toContain('400 request_malformed')
    expect((await redeemAtLogin(running.app, token)).status).toBe(201)
  })
})
