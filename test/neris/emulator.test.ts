import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AdminCreateUserCommand,
  CognitoIdentityProviderClient,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { expect, it, onTestFinished } from 'vitest'
import { startNeris } from './neris-app.js'
import { askToken, send, textIn } from './neris-requests.js'
import { password } from './sign-in.js'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** cognito-local, whose tokens name itself as their issuer. */
async function startEmulator(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cognito-local-'))
  const program = createRequire(import.meta.url)
    .resolve('cognito-local')
    .replace(/index\.js$/, 'bin/start.js')
  const port = await freePort()
  const env = { ...process.env, HOST: '127.0.0.1', PORT: String(port) }
  const child = spawn(process.execPath, [program], { cwd: folder, env, stdio: 'ignore' })
  onTestFinished(async () => {
    child.kill()
    await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${port}`
  await expect
    .poll(
      () =>
        fetch(`${url}/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 15_000 },
    )
    .toBe(true)
  return url
}

it('people of an emulator with an issuer of its own sign in, choose a password, and are believed', { timeout: 40_000 }, async () => {
  const endpoint = await startEmulator()
  const admin = new CognitoIdentityProviderClient({
    region: 'local',
    endpoint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const { UserPool } = await admin.send(new CreateUserPoolCommand({ PoolName: 'people', UsernameAttributes: ['email'] }))
  const UserPoolId = UserPool?.Id ?? ''
  const { UserPoolClient } = await admin.send(new CreateUserPoolClientCommand({ UserPoolId, ClientName: 'app' }))
  const [Username, TemporaryPassword] = ['eve@x.example', 'Temporary-1']
  const UserAttributes = [{ Name: 'email', Value: Username }]
  await admin.send(new AdminCreateUserCommand({ UserPoolId, Username, TemporaryPassword, MessageAction: 'SUPPRESS', UserAttributes }))
  admin.destroy()
  const clientId = UserPoolClient?.ClientId ?? ''
  const app = await startNeris({ COGNITO_ENDPOINT: endpoint, COGNITO_USER_POOL_ID: UserPoolId, COGNITO_CLIENT_ID: clientId })
  const challenge = await password(app, { username: Username, password: TemporaryPassword })
  expect([challenge.status, challenge.body?.challenge_name]).toEqual([202, 'new_password_required'])
  const session = textIn(challenge, 'session')
  const answer = await askToken(app, { grant_type: 'new_password_required', username: Username, session, new_password: 'Permanent-1' })
  expect(answer.status).toBe(200)
  // The emulator keeps no refresh token of an answer to a challenge.
  const again = await password(app, { username: Username, password: 'Permanent-1' })
  const refresh_token = textIn(again, 'refresh_token')
  const refreshed = await askToken(app, { grant_type: 'refresh_token', refresh_token })
  expect([refreshed.status, refreshed.body?.refresh_token]).toEqual([200, refresh_token])
  for (const token of [answer, again, refreshed])
    expect((await send(`${app.url}/v1/entity/FD00000001`, { bearer: textIn(token, 'access_token') })).status).toBe(200)
  // The same keys sign for every client of the emulator, and ID tokens too.
  const other = await startNeris({ COGNITO_ENDPOINT: endpoint, COGNITO_USER_POOL_ID: UserPoolId, COGNITO_CLIENT_ID: 'another' })
  expect((await send(`${other.url}/v1/entity/FD00000001`, { bearer: textIn(answer, 'access_token') })).status).toBe(401)
})
