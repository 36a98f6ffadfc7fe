import { deepEqual, equal, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createFakeIssuer, type FakeIssuer, testKeys } from '@countersign/testkit'

const issuer = await createFakeIssuer({ issuer: 'https://login.example', audience: 'https://api.example', keys: [testKeys.rs256] })

interface Running {
  readonly url: string
  stop(): Promise<void>
}

async function start(step: string, jwksUri: string): Promise<Running> {
  const app = spawn(process.execPath, [fileURLToPath(new URL('app.js', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PORT: '0', STEP: step, ISSUER: issuer.issuer, JWKS_URI: jwksUri },
  })
  const ended = once(app, 'exit')
  for await (const line of createInterface(app.stdout)) {
    if (!line.startsWith('listening ')) continue
    const stop = async (): Promise<void> => {
      app.kill('SIGTERM')
      deepEqual(await ended, [0, null], `the app of the step ${step} ends on SIGTERM`)
    }
    return { url: line.slice('listening '.length), stop }
  }
  throw new Error('the app ended before it listened')
}

type Row = readonly [name: string, path: string, token: string | undefined, status: number, body: unknown]

const refused = (code: string, message: string): object => ({ code, message })

async function rows(of: FakeIssuer): Promise<readonly Row[]> {
  const withoutEnd = await of.token({ claims: { exp: undefined } })
  return [
    ['nobody, where it is open', '/health', undefined, 200, { ok: true }],
    ['nobody', '/me', undefined, 401, refused('credentials_required', 'No authorization token was found')],
    ['a person', '/me', await of.token(), 200, { user: 'user-1' }],
    ['an old token', '/me', await of.token({ lifetimeSeconds: -300 }), 401, refused('invalid_token', 'jwt expired')],
    [
      'a forged token',
      '/me',
      await of.token({ key: testKeys.rs256Other, kid: testKeys.rs256.kid }),
      401,
      refused('invalid_token', 'invalid signature'),
    ],
    ['not a token', '/me', 'x', 401, refused('invalid_token', 'jwt malformed')],
    ['a token without exp', '/me', withoutEnd, 200, { user: 'user-1' }],
  ]
}

async function answer(url: string, path: string, token: string | undefined): Promise<readonly [number, unknown]> {
  const response = await fetch(url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
  return [response.status, await response.json()]
}

const sent = await rows(issuer)
try {
  for (const step of ['old', 'shadow', 'new']) {
    const app = await start(step, issuer.jwksUrl)
    for (const [name, path, token, status, body] of sent) {
      const isOther = step === 'new' && name === 'a token without exp'
      const expected = isOther ? [401, refused('invalid_token', 'invalid token')] : [status, body]
      deepEqual(await answer(app.url, path, token), expected, `${step}: ${name}`)
      console.log(`ok  ${step.padEnd(6)} ${name.padEnd(26)} ${String(expected[0])}`)
    }
    if (step === 'shadow') {
      const [, report] = await answer(app.url, '/internal/shadow', undefined)
      // The one difference of these requests is seen before anybody is refused.
      ok(JSON.stringify(report).includes('"claims"'), `the report names the token without exp: ${JSON.stringify(report)}`)
      console.log('ok  shadow the report names the one token that the new guard would refuse')
    }
    await app.stop()
  }
  await issuer.stop()
  for (const [step, status] of [
    ['old', 500],
    ['new', 503],
  ] as const) {
    const app = await start(step, issuer.jwksUrl)
    const [found] = await answer(app.url, '/me', sent[2]?.[2])
    equal(found, status, `${step}: the issuer is down`)
    console.log(`ok  ${step.padEnd(6)} ${'the issuer is down'.padEnd(26)} ${status}`)
    await app.stop()
  }
} finally {
  await issuer.close()
}
