import { deepEqual, equal, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { accessTokenFor } from './client.js'

// The client of the built-in seed, and an operator.
const [id, secret, operatorToken] = ['belisle', 'for-a-first-try-only', randomUUID()]

const app = spawn(process.execPath, [fileURLToPath(new URL('app.js', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, PORT: '0', SEED_FILE: '', REDIS_URL: '', DATABASE_URL: '', OPERATOR_TOKEN: operatorToken },
})
const ended = once(app, 'exit')

async function urlOf(): Promise<string> {
  for await (const line of createInterface(app.stdout)) if (line.startsWith('listening ')) return line.slice('listening '.length)
  throw new Error('the app ended before it listened')
}
const url = await urlOf()

interface Body {
  readonly access_token?: string
  readonly error?: string
  readonly keys?: readonly { readonly kid: string; readonly state: string }[]
}

interface Answer {
  readonly status: number
  readonly body: Body
}

const basic = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }
const json = { 'content-type': 'application/json' }

async function send(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url + path, init)
  const text = await response.text()
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Body }
}

/** A subject token as the vendor's page has it, made of nothing but node:crypto. */
function subjectToken(kid: string, make: (input: string) => Buffer, { alg = 'RS256', claims = {} } = {}): string {
  const iat = Math.floor(Date.now() / 1000)
  const user = { sub: 'sacha.belisle', email: 'sacha@belisle.example' }
  const payload = { iss: 'BELISLE', aud: 'NUANCE', jti: randomUUID(), ...user, iat, nbf: iat, exp: iat + 86_400, ...claims }
  const input = [{ alg, typ: 'JWT', kid }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${make(input).toString('base64url')}`
}

const rsaPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })

const by =
  (key: KeyObject) =>
  (input: string): Buffer =>
    sign('sha256', Buffer.from(input), key)

function exchange(token: string, form: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    ...form,
  })
  return send('/oauth-server/oauth/token', { method: 'POST', headers: basic, body })
}

const ping = (token = ''): Promise<Answer> => send('/reporting/v3/ping', { headers: { authorization: `Bearer ${token}` } })

async function check(name: string, asked: Promise<Answer>, status: number, error?: string): Promise<Answer> {
  const answer = await asked
  deepEqual([answer.status, answer.body.error], [status, error], name)
  console.log(`ok  ${String(status)}  ${name}`)
  return answer
}

async function becomes(name: string, token: string | undefined, status: number): Promise<void> {
  const deadline = Date.now() + 2_000
  while ((await ping(token)).status !== status) {
    ok(Date.now() < deadline, `${name}: within 2 s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  console.log(`ok  ${String(status)}  ${name}`)
}

try {
  const keysPath = `/oauth-server/clients/${id}/keys`
  const [first, next] = [rsaPair(), rsaPair()]
  const pem = first.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const add = (key: object): Promise<Answer> =>
    send(keysPath, { method: 'POST', headers: { ...basic, ...json }, body: JSON.stringify(key) })

  await check('a client registers its public key', add({ kid: 'first', public_key_pem: pem }), 201)
  const token = subjectToken('first', by(first.privateKey))
  await check('a scope that there is not', exchange(token, { scope: 'write' }), 400, 'invalid_scope')
  const { body } = await check('a subject token gets an access token', exchange(token), 200)
  deepEqual(Object.keys(body), ['access_token', 'token_type', 'expires_in', 'scope', 'sites', 'jti'])
  await check('the same again', exchange(token), 400, 'invalid_grant')
  const client = { tokenEndpoint: `${url}/oauth-server/oauth/token`, id, secret, kid: 'first', privateKey: first.privateKey }
  const byJose = await accessTokenFor(client, { sub: 'sacha.belisle', email: 'sacha@belisle.example' })
  await check('a token that a client got with jose', ping(byJose), 200)
  const report = await check('the report', ping(body.access_token), 200)
  deepEqual(report.body, { subject: 'sacha.belisle', client: id, sites: ['306'] })

  const confused = subjectToken('first', (input) => createHmac('sha256', pem).update(input).digest(), { alg: 'HS256' })
  await check('HS256 with the public key for a secret', exchange(confused), 400, 'invalid_grant')
  const otherUser = subjectToken('first', by(first.privateKey), { claims: { sub: 'mallory' } })
  await check('a user of somebody else', exchange(otherUser), 400, 'invalid_grant')
  await check('client_credentials', exchange('', { grant_type: 'client_credentials' }), 200)
  await check('no client', send('/oauth-server/oauth/token', { method: 'POST' }), 401, 'unauthorized')
  await check('a GET for a token', send('/oauth-server/oauth/token'), 405, 'method_not_allowed')

  const jwk = next.publicKey.export({ format: 'jwk' })
  await check('the next key, before the first one ends', add({ kid: 'next', jwk }), 201)
  const ofNext = await check('with the next key', exchange(subjectToken('next', by(next.privateKey))), 200)
  await check('the first key is compromised', send(`${keysPath}/first?reason=compromised`, { method: 'DELETE', headers: basic }), 204)
  await check('with the first key', exchange(subjectToken('first', by(first.privateKey))), 400, 'invalid_grant')
  await becomes('a token of the first key', body.access_token, 401)
  await check('a token of the next key', ping(ofNext.body.access_token), 200)
  const { keys = [] } = (await send(keysPath, { headers: basic })).body
  deepEqual(
    keys.map(({ kid, state }) => [kid, state]),
    [
      ['first', 'revoked'],
      ['next', 'active'],
    ],
  )

  const operate = (act: string): Promise<Answer> =>
    send(`/oauth-server/operator/clients/${id}/${act}`, { method: 'POST', headers: { authorization: `Bearer ${operatorToken}` } })
  await check('an operator locks the client', operate('lock'), 200)
  await becomes('a token of the locked client', ofNext.body.access_token, 401)
  await check('a new one for it', exchange(subjectToken('next', by(next.privateKey))), 401, 'invalid_client')
  await check('the operator unlocks it', operate('unlock'), 200)
  const anew = await check('a new one then', exchange(subjectToken('next', by(next.privateKey))), 200)
  await becomes('which works', anew.body.access_token, 200)
  equal((await ping(ofNext.body.access_token)).status, 401)
} finally {
  app.kill('SIGTERM')
}
deepEqual(await ended, [0, null], 'the app ends on SIGTERM')
