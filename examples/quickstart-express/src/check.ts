import { deepEqual, equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createFakeCognito, createFakeIssuer, publicJwkOf, testKeys } from '@countersign/testkit'

const pool = await createFakeCognito()
const own = await createFakeIssuer({ issuer: 'https://issuer.example', audience: 'https://api.example', keys: [testKeys.es256] })

const app = spawn(process.execPath, [fileURLToPath(new URL('app.js', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    PORT: '0',
    COGNITO_ENDPOINT: pool.url,
    COGNITO_USER_POOL_ID: pool.userPoolId,
    COGNITO_CLIENT_ID: pool.clientId,
    OWN_ISSUER: own.issuer,
    OWN_JWKS: JSON.stringify({ keys: own.keys.map((key) => publicJwkOf(key)) }),
  },
})
const ended = once(app, 'exit')

async function urlOf(): Promise<string> {
  for await (const line of createInterface(app.stdout)) if (line.startsWith('listening ')) return line.slice('listening '.length)
  throw new Error('the app ended before it listened')
}

const job = { sub: 'job-1', client_id: 'batch', scope: 'jobs:read' }
const tokens = {
  none: undefined,
  person: await pool.accessToken(),
  job: await own.token({ claims: job }),
  jobWithoutScope: await own.token({ claims: { ...job, scope: undefined } }),
  expired: await own.token({ claims: job, lifetimeSeconds: -60 }),
  otherAudience: await own.token({ claims: { ...job, aud: 'https://other.example' } }),
  forged: await own.token({ claims: job, key: testKeys.es256Other, kid: testKeys.es256.kid }),
}

const expectations: readonly (readonly [path: string, token: keyof typeof tokens, status: number, answer: unknown])[] = [
  ['/patients', 'person', 200, { patientsOf: 'user-1' }],
  ['/patients', 'job', 403, 'insufficient_scope'],
  ['/jobs', 'job', 200, { jobsFor: 'batch' }],
  ['/jobs', 'person', 403, 'insufficient_scope'],
  ['/jobs', 'jobWithoutScope', 403, 'insufficient_scope'],
  ['/me', 'person', 200, { via: 'cognito', user: 'user-1' }],
  ['/me', 'job', 200, { via: 'own', client: 'batch' }],
  ['/me', 'none', 401, undefined],
  ['/me', 'expired', 401, 'invalid_token'],
  ['/me', 'otherAudience', 401, 'invalid_token'],
  ['/me', 'forged', 401, 'invalid_token'],
]

try {
  const url = await urlOf()
  for (const [path, name, status, expected] of expectations) {
    const token = tokens[name]
    const answer = await fetch(url + path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
    const body = (await answer.json()) as { error?: string }
    equal(answer.status, status, `${path} with ${name}`)
    deepEqual(status === 200 ? body : body.error, expected, `${path} with ${name}`)
    console.log(`ok  ${path.padEnd(10)} ${name.padEnd(16)} ${status}`)
  }
} finally {
  app.kill('SIGTERM')
  await Promise.all([pool.close(), own.close()])
}
deepEqual(await ended, [0, null], 'the app ends on SIGTERM')
