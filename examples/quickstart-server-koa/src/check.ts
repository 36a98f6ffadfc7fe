import { deepEqual, equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const app = spawn(process.execPath, [fileURLToPath(new URL('app.js', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, PORT: '0', MASTER_SECRET: randomBytes(32).toString('base64') },
})
const ended = once(app, 'exit')

/** What the app prints when it starts. */
async function started(): Promise<{ readonly url: string; readonly secret: string }> {
  const found = { secret: '' }
  for await (const line of createInterface(app.stdout)) {
    if (line.startsWith('secret ')) found.secret = line.slice('secret '.length)
    if (line.startsWith('listening ')) return { url: line.slice('listening '.length), ...found }
  }
  throw new Error('the app ended before it listened')
}

try {
  const { url, secret } = await started()
  const post = (path: string, form: Record<string, string>, password = secret): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`batch:${password}`).toString('base64')}` },
      body: new URLSearchParams(form),
    })
  const form = { grant_type: 'client_credentials' }
  const granted = await post('/token', form)
  const { access_token: token = '' } = (await granted.json()) as { readonly access_token?: string }
  const jobs = (bearer?: string): Promise<Response> =>
    fetch(`${url}/jobs`, { headers: bearer ? { authorization: `Bearer ${bearer}` } : {} })

  const check = (what: string, { status }: Response, expected: number): void => {
    equal(status, expected, what)
    console.log(`ok  ${what.padEnd(34)} ${status}`)
  }
  check('POST /token', granted, 200)
  check('POST /token with a wrong secret', await post('/token', form, 'wrong'), 401)
  check('POST /token, the password grant', await post('/token', { grant_type: 'password' }), 400)
  const answer = await jobs(token)
  check('GET /jobs', answer, 200)
  deepEqual(await answer.json(), { jobsFor: 'batch' })
  check('GET /jobs without a token', await jobs(), 401)
  check('GET /readyz', await fetch(`${url}/readyz`), 200)
  check('GET /.well-known/jwks.json', await fetch(`${url}/.well-known/jwks.json`), 200)
  check('POST /introspect', await post('/introspect', { token }), 200)
  check('POST /revoke', await post('/revoke', { token }), 200)
  check('GET /jobs after that', await jobs(token), 401)
} finally {
  app.kill('SIGTERM')
}
deepEqual(await ended, [0, null], 'the app ends on SIGTERM')
