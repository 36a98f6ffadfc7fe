import { deepEqual, equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { publicJwkOf, signToken, type TestKey, testKeys } from '@countersign/testkit'
import { backendServiceToken, serviceAccountToken } from './client.js'

const ehr = { ...testKeys.es384 }
const published = { keys: [publicJwkOf(ehr)] }
const jwksServer = createServer((_req, res) => {
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify(published))
}).listen(0, '127.0.0.1')
await once(jwksServer, 'listening')
const jwksUrl = `http://127.0.0.1:${(jwksServer.address() as AddressInfo).port}/jwks.json`

const app = spawn(process.execPath, [fileURLToPath(new URL('app.js', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, PORT: '0', PUBLIC_URL: '', SERVICE_ACCOUNT_PEM: '', SMART_JWKS_URL: jwksUrl },
})
const ended = once(app, 'exit')

async function urlOf(): Promise<string> {
  for await (const line of createInterface(app.stdout)) if (line.startsWith('listening ')) return line.slice('listening '.length)
  throw new Error('the app ended before it listened')
}
const url = await urlOf()

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function send(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url + path, init)
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

async function check(name: string, asked: Promise<Answer>, status: number, error?: string): Promise<Answer['body']> {
  const answer = await asked
  deepEqual([answer.status, answer.body.error], [status, error], name)
  console.log(`ok  ${String(status)}  ${name}`)
  return answer.body
}

const form = (parameters: Readonly<Record<string, string>>): RequestInit => ({ method: 'POST', body: new URLSearchParams(parameters) })
const bearer = (token: unknown): RequestInit => ({ headers: { authorization: `Bearer ${String(token)}` } })

/** A JWT of so many seconds; what is undefined is left out. */
async function jwt(key: TestKey, claims: Readonly<Record<string, unknown>>, seconds: number): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  return signToken({ key, claims: { iat, exp: iat + seconds, ...claims }, header: { typ: 'JWT' } })
}

async function google(claims: Readonly<Record<string, unknown>> = {}, { key = testKeys.rs256, seconds = 3600 } = {}): Promise<Answer> {
  const account = { iss: 'reports@project.iam.example', aud: 'https://api.example/google/token', scope: 'storage.read' }
  const assertion = await jwt(key, { ...account, ...claims }, seconds)
  return send('/google/token', form({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }))
}

interface Wish {
  readonly key?: TestKey
  readonly seconds?: number
  readonly claims?: Readonly<Record<string, unknown>>
  readonly scope?: string
}

/** The same assertion may be sent more than once. */
async function smartAssertion({ key = ehr, seconds = 300, claims = {} }: Wish = {}): Promise<string> {
  const service = { iss: 'bulk-export', sub: 'bulk-export', aud: 'https://api.example/smart/token', jti: randomUUID() }
  return jwt(key, { ...service, ...claims }, seconds)
}

async function smart(assertion: string, scope = 'system/Patient.rs'): Promise<Answer> {
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  return send('/smart/token', form({ grant_type: 'client_credentials', scope, client_assertion_type: type, client_assertion: assertion }))
}

async function checkGoogle(): Promise<void> {
  const { access_token: own, expires_in: life } = await check('google: a JWT of an account, and nothing else', google(), 200)
  equal(life, 3600)
  deepEqual(await check('google: the API', send('/google/storage', bearer(own)), 200), {
    for: 'reports@project.iam.example',
    by: 'reports@project.iam.example',
  })
  const { access_token: delegated } = await check('google: for a person of the domain', google({ sub: 'kim@company.example' }), 200)
  equal((await check('google: the API, for that person', send('/google/storage', bearer(delegated)), 200)).for, 'kim@company.example')
  const { access_token: writer } = await check('google: another scope', google({ scope: 'storage.write' }), 200)
  await check('google: the API with that scope', send('/google/storage', bearer(writer)), 403, 'insufficient_scope')
  await check('google: a scope that there is not', google({ scope: 'storage.admin' }), 400, 'invalid_scope')
  await check('google: a person of nobody', google({ sub: 'mallory@company.example' }), 400, 'invalid_grant')
  await check('google: more than an hour', google({}, { seconds: 3601 }), 400, 'invalid_grant')
  await check('google: for another server', google({ aud: 'https://other.example/token' }), 400, 'invalid_grant')
  await check('google: with the key of somebody else', google({}, { key: testKeys.rs256Other }), 400, 'invalid_grant')
}

/** The clients sign with jose, as real ones do. */
async function checkClients(): Promise<void> {
  const own = await serviceAccountToken(url, 'reports@project.iam.example', testKeys.rs256)
  await check('google: a token that a client got with jose', send('/google/storage', bearer(own)), 200)
  const service = await backendServiceToken(url, 'bulk-export', ehr)
  await check('smart: a token that a client got with jose', send('/smart/fhir/Patient', bearer(service)), 200)
}

async function checkSmart(): Promise<void> {
  const configuration = await send('/smart/fhir/.well-known/smart-configuration', {})
  deepEqual(configuration.body.token_endpoint_auth_signing_alg_values_supported, ['RS384', 'ES384'])
  const assertion = await smartAssertion()
  await check('smart: a scope that there is not', smart(assertion, 'system/*.cruds'), 400, 'invalid_scope')
  const { access_token: token, expires_in: life } = await check(
    'smart: a client assertion, ES384, key at its own URL',
    smart(assertion),
    200,
  )
  equal(life, 300)
  await check('smart: the same again', smart(assertion), 401, 'invalid_client')
  await check('smart: the API', send('/smart/fhir/Patient', bearer(token)), 200)
  await check('smart: the API of the other one', send('/google/storage', bearer(token)), 401, 'invalid_token')
  const rsa: TestKey = { ...testKeys.rs256Other, alg: 'RS384' }
  published.keys.push(publicJwkOf(rsa))
  await check('smart: a key that was published just now, RS384', smart(await smartAssertion({ key: rsa })), 200)
  const weaker = { ...testKeys.es256, kid: ehr.kid }
  await check('smart: ES256', smart(await smartAssertion({ key: weaker })), 401, 'invalid_client')
  await check('smart: more than five minutes', smart(await smartAssertion({ seconds: 301 })), 401, 'invalid_client')
  const elsewhere = { aud: 'https://other.example/token' }
  await check('smart: for another server', smart(await smartAssertion({ claims: elsewhere })), 401, 'invalid_client')
  const parallel = await smartAssertion()
  const answers = await Promise.all(Array.from({ length: 32 }, () => smart(parallel)))
  equal(answers.filter(({ status }) => status === 200).length, 1, 'one of 32 at once')
  console.log('ok  200  smart: one of 32 at once')
}

try {
  await checkGoogle()
  await checkSmart()
  await checkClients()
} finally {
  app.kill('SIGTERM')
  jwksServer.close()
  jwksServer.closeAllConnections()
}
deepEqual(await ended, [0, null], 'the app ends on SIGTERM')
