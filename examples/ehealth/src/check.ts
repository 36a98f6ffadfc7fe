import { deepEqual, equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createSigner, signJwt } from '@countersign/jwt'

// The clients of the built-in seed, and the key of its signer.
const msp = '30074b6e-fbab-4dc1-9d37-88c21dab1847'
const pis = { id: '5a52e8ab-6d7b-4d6e-9f0a-6f0a3b1d2c4e', secret: 'a75d1aa6c6b54e4c8a1f0d4d6f8e2b3c' }
const stranger = '00000000-0000-4000-8000-000000000000'
const key = await readFile(new URL('../demo-signer.pem', import.meta.url), 'utf8')

const app = spawn(process.execPath, [fileURLToPath(new URL('app.js', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, PORT: '0', JWT_LOGIN_TTL: '15', SEED_FILE: '' },
})
const ended = once(app, 'exit')

async function urlOf(): Promise<string> {
  for await (const line of createInterface(app.stdout)) if (line.startsWith('listening ')) return line.slice('listening '.length)
  throw new Error('the app ended before it listened')
}
const url = await urlOf()

interface Envelope {
  readonly data?: { readonly token?: string; readonly user_id?: string }
  readonly error?: { readonly type: string; readonly message: string }
}

async function send(path: string, body?: object, token?: string): Promise<{ readonly status: number; readonly envelope: Envelope }> {
  const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(url + path, body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, envelope: (await answer.json()) as Envelope }
}

async function nonce(): Promise<string> {
  const { envelope } = await send('/oauth/nonce', { client_id: msp })
  return envelope.data?.token ?? ''
}

const sms = (token: string): ReturnType<typeof send> => send('/api/sms_verifications', { factor: '+380670000000', type: 'SMS' }, token)

async function login(jwt: string, clientId: string = msp): ReturnType<typeof send> {
  const signed = await signJwt({ jwt }, { signer: createSigner({ key, algorithm: 'ES256', kid: 'demo' }), typ: 'JOSE' })
  const content = { signed_content: Buffer.from(signed).toString('base64'), signed_content_encoding: 'base64' }
  return send('/auth/login', { token: { grant_type: 'digital_signature', client_id: clientId, ...content, scope: 'declaration:read' } })
}

async function check(name: string, asked: ReturnType<typeof send>, expected: readonly [status: number, type?: string]): Promise<void> {
  const { status, envelope } = await asked
  deepEqual([status, envelope.error?.type], [expected[0], expected[1]], name)
  console.log(`ok  ${String(status)}  ${name}`)
}

try {
  const pisBody = { client_id: pis.id, client_secret: pis.secret }
  await check('a nonce by POST', send('/oauth/nonce', { client_id: msp }), [200])
  await check('a nonce by GET', send(`/oauth/nonce?client_id=${msp}`), [200])
  await check('a nonce for a client that needs its secret', send('/oauth/nonce', pisBody), [200])
  await check('no secret of such a client', send('/oauth/nonce', { client_id: pis.id }), [422, 'validation_failed'])
  await check('a wrong secret', send('/oauth/nonce', { ...pisBody, client_secret: 'wrong' }), [401, 'invalid_client'])
  await check('no client id', send('/oauth/nonce', {}), [422, 'validation_failed'])
  await check('an unknown client', send('/oauth/nonce', { client_id: stranger }), [404, 'not_found'])

  const token = await nonce()
  await check('the nonce as a bearer', sms(token), [200])
  await check('the same again', sms(token), [401, 'jwt_invalid'])
  await check('the same nonce, signed, at login by another client', login(token, pis.id), [401, 'jwt_invalid'])
  await check('the same at login', login(token), [201])
  await check('and again', login(token), [401, 'jwt_invalid'])
  await check('a nonce that is none', sms('e30.e30.e30'), [401, 'jwt_invalid'])

  const fresh = await nonce()
  const parallel = await Promise.all(Array.from({ length: 50 }, () => login(fresh)))
  equal(parallel.filter(({ status }) => status === 201).length, 1, 'one of 50 logins at once')
  console.log('ok  201  one of 50 logins at once')
} finally {
  app.kill('SIGTERM')
}
deepEqual(await ended, [0, null], 'the app ends on SIGTERM')
