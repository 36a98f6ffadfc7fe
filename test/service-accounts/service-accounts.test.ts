import { createHmac, KeyObject, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, startApp } from './service-accounts-app.js'

const bearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const account = { iss: 'reports@project.iam.example', aud: 'https://api.example/google/token' }
const service = { iss: 'bulk-export', sub: 'bulk-export', aud: 'https://api.example/smart/token' }

interface Running {
  readonly app: App
  readonly jwks: Server
  readonly pem: string
  readonly robot: KeyObject
  readonly ehr: CryptoKey
}
const running: { now: Running } = {} as never

beforeAll(async () => {
  const robot = await generateKeyPair('RS256', { extractable: true })
  const ehr = await generateKeyPair('ES384', { extractable: true })
  const published = { keys: [{ ...(await exportJWK(ehr.publicKey)), kid: 'ehr-1', alg: 'ES384', use: 'sig' }] }
  const jwks = createServer((_req, res) => void res.setHeader('content-type', 'application/json').end(JSON.stringify(published)))
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve))
  const pem = KeyObject.from(robot.publicKey).export({ type: 'spki', format: 'pem' }).toString()
  const app = await startApp({
    SERVICE_ACCOUNT_PEM: pem,
    SMART_JWKS_URL: `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks.json`,
  })
  running.now = { app, jwks, pem, robot: KeyObject.from(robot.privateKey), ehr: ehr.privateKey }
})
afterAll(async () => {
  expect(await running.now.app.end()).toBe(0)
  running.now.jwks.close()
  running.now.jwks.closeAllConnections()
})

type Init = { readonly method: string; readonly headers: Record<string, string>; readonly body?: unknown }

/** What other libraries send to the issuer goes to the app: they talk to https only. */
const local = {
  [oauth.customFetch]: (target: string, { method, headers, body }: Init): Promise<Response> =>
    fetch(target.replace('https://api.example', running.now.app.url), {
      method,
      headers,
      ...(body instanceof URLSearchParams && { body }),
    }),
}

const signed = (claims: object, { alg, kid, key, seconds }: { alg: string; kid: string; key: KeyObject | CryptoKey; seconds: number }) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, typ: 'JWT' }).setIssuedAt().setExpirationTime(`${seconds} s`).sign(key)

const byRobot = (claims: object = {}, kid = 'test-rs256'): Promise<string> =>
  signed({ ...account, scope: 'storage.read', ...claims }, { alg: 'RS256', kid, key: running.now.robot, seconds: 3600 })
const byEhr = (claims: object = {}, kid = 'ehr-1'): Promise<string> =>
  signed({ ...service, jti: randomUUID(), ...claims }, { alg: 'ES384', kid, key: running.now.ehr, seconds: 300 })

async function ask(app: App, path: string, form: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(app.url + path, { method: 'POST', body: new URLSearchParams(form) })
  const { error = '' } = (await answer.json()) as { error?: string }
  return `${answer.status} ${error}`.trim()
}
const asRobot = (assertion: string): Promise<string> => ask(running.now.app, '/google/token', { grant_type: bearer, assertion })
const asEhr = (assertion: string, app = running.now.app): Promise<string> =>
  ask(app, '/smart/token', { grant_type: 'client_credentials', client_assertion_type: assertionType, client_assertion: assertion })

const read = async (path: string, token: string): Promise<readonly [number, unknown]> => {
  const answer = await fetch(running.now.app.url + path, { headers: { authorization: `Bearer ${token}` } })
  return [answer.status, await answer.json()]
}

describe('a service account', () => {
  it('gets a token with another library', async () => {
    const server = { issuer: 'https://api.example/google', token_endpoint: account.aud }
    const response = await oauth.genericTokenEndpointRequest(
      server,
      { client_id: account.iss },
      (_server, _client, body) => body.delete('client_id'),
      bearer,
      { assertion: await byRobot() },
      local,
    )
    const { access_token: token, expires_in: life } = await oauth.processGenericTokenEndpointResponse(
      server,
      { client_id: account.iss },
      response,
    )
    expect(life).toBe(3600)
    expect(await read('/google/storage', token)).toEqual([200, { for: account.iss, by: account.iss }])
  })

  it('may use its JWT until it expires, for nothing but what stands in it', async () => {
    const assertion = await byRobot()
    for (let time = 0; time < 3; time += 1) expect(await asRobot(assertion)).toBe('200')
    const wider = { grant_type: bearer, assertion, scope: 'storage.write' }
    expect(await ask(running.now.app, '/google/token', wider)).toBe('400 invalid_scope')
  })

  it('is nobody without its key', async () => {
    const { pem } = running.now
    const [header, claims] = [
      { alg: 'HS256', kid: 'test-rs256', typ: 'JWT' },
      { ...account, exp: Math.floor(Date.now() / 1000) + 60 },
    ]
    const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    for (const secret of [pem, pem.trimEnd()])
      expect(await asRobot(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)).toBe('400 invalid_grant')
    expect(await asRobot(await byRobot({}, 'other'))).toBe('400 invalid_grant')
    expect(await asRobot(await byRobot({ iss: 'nobody@project.iam.example' }))).toBe('400 invalid_grant')
    expect(await ask(running.now.app, '/google/token', { grant_type: 'client_credentials' })).toBe('401 invalid_client')
  })
})

describe('a backend service', () => {
  it('gets a token with another library, once for each assertion', async () => {
    const server = { issuer: 'https://api.example/smart', token_endpoint: service.aud }
    const client = { client_id: service.iss }
    const authentication = oauth.PrivateKeyJwt(
      { key: running.now.ehr, kid: 'ehr-1' },
      { [oauth.modifyAssertion]: (_header, payload) => void Object.assign(payload, { aud: service.aud }) },
    )
    const parameters = { scope: 'system/Patient.rs' }
    const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, local)
    const { access_token: token, expires_in: life } = await oauth.processClientCredentialsResponse(server, client, response)
    expect(life).toBe(300)
    expect((await read('/smart/fhir/Patient', token))[0]).toBe(200)
    expect((await read('/google/storage', token))[0]).toBe(401)
  })

  it('sends each assertion once', async () => {
    const assertion = await byEhr()
    const answers = await Promise.all(Array.from({ length: 64 }, () => asEhr(assertion)))
    expect(answers.filter((answer) => answer === '200')).toHaveLength(1)
    expect(new Set(answers)).toEqual(new Set(['200', '401 invalid_client']))
  })

  it('is nobody with an assertion for somebody else, of somebody else, or without a jti', async () => {
    for (const claims of [
      { aud: account.aud },
      { aud: [service.aud, account.aud] },
      { sub: 'other' },
      { iss: 'other' },
      { jti: undefined },
    ])
      expect([claims, await asEhr(await byEhr(claims))]).toEqual([claims, '401 invalid_client'])
    expect(await asEhr(await byEhr({}, 'ehr-2'))).toBe('401 invalid_client')
  })

  it('is told of an outage, and never that it is somebody else, while its keys are out of reach', async () => {
    const app = await startApp({ SMART_JWKS_URL: 'http://127.0.0.1:1/jwks.json' })
    expect(await asEhr(await byEhr(), app)).toBe('503 temporarily_unavailable')
    expect(await app.end()).toBe(0)
  })
})
