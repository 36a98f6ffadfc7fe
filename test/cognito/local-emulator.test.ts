import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { createCognito } from '@countersign/cognito'
import { beforeAll, describe, expect, it } from 'vitest'
import { challengeOf, issuedOf, password, request, stateOf } from './pool-setup.js'

const require = createRequire(import.meta.url)

/** An emulator that somebody else wrote, in a process of its own. */
async function startEmulator() {
  const folder = await mkdtemp(join(tmpdir(), 'cognito-local-'))
  const program = require.resolve('cognito-local').replace(/index\.js$/, 'bin/start.js')
  const child = spawn(process.execPath, [program], {
    cwd: folder,
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output += String(chunk)
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += String(chunk)
      const [found] = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(output) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => reject(new Error(`the emulator ended: ${output}`)))
  })
  return {
    url,
    async stop() {
      child.kill()
      await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startSuite() {
  const emulator = await startEmulator()
  const admin = new CognitoIdentityProviderClient({
    region: 'local',
    endpoint: emulator.url,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const { UserPool } = await admin.send(new CreateUserPoolCommand({ PoolName: 'people', UsernameAttributes: ['email'] }))
  const userPoolId = UserPool?.Id ?? ''
  const { UserPoolClient } = await admin.send(new CreateUserPoolClientCommand({ UserPoolId: userPoolId, ClientName: 'app' }))
  const create = (name: string, temporary: string) =>
    admin.send(
      new AdminCreateUserCommand({
        UserPoolId: userPoolId,
        Username: name,
        TemporaryPassword: temporary,
        MessageAction: 'SUPPRESS',
        UserAttributes: [{ Name: 'email', Value: name }],
      }),
    )
  await create('ann@x.example', 'Temporary-1')
  await admin.send(
    new AdminSetUserPasswordCommand({ UserPoolId: userPoolId, Username: 'ann@x.example', Password: password, Permanent: true }),
  )
  await create('eve@x.example', 'Temporary-1')
  const cognito = createCognito({
    userPoolId,
    clientId: UserPoolClient?.ClientId ?? '',
    endpoint: emulator.url,
    refreshWith: 'REFRESH_TOKEN_AUTH',
  })
  return {
    cognito,
    signIn: (username: string, given: string) => cognito.authenticator.start({ username, password: given, request }),
    async stop() {
      await cognito.close()
      admin.destroy()
      await emulator.stop()
    },
  }
}

describe('cognito-local', () => {
  let suite: Awaited<ReturnType<typeof startSuite>>
  beforeAll(async () => {
    suite = await startSuite()
    return suite.stop
  }, 30_000)

  it('signs a person in, and refreshes', async () => {
    const step = await suite.signIn('ann@x.example', password)
    expect(step).toMatchObject({ outcome: 'signed_in', subject: expect.stringMatching(/^[0-9a-f-]{36}$/), amr: ['pwd'] })
    const { refreshToken, expiresInSeconds } = issuedOf(step)
    expect(expiresInSeconds).toBe(86_400)
    expect(suite.cognito.refreshProvider.accepts(refreshToken)).toBe(true)
    const refreshed = await suite.cognito.refreshProvider.refresh({ token: refreshToken, request })
    expect(refreshed).toMatchObject({ outcome: 'signed_in', issued: { refreshToken } })
  })

  it('refuses a wrong password and an unknown name alike', async () => {
    expect(await suite.signIn('ann@x.example', 'Wrong-password-1')).toEqual({ outcome: 'refused' })
    expect(await suite.signIn('nobody@x.example', password)).toEqual({ outcome: 'refused' })
  })

  it('asks for a new password in place of a temporary one', async () => {
    const step = await suite.signIn('eve@x.example', 'Temporary-1')
    expect(challengeOf(step).types).toEqual(['new_password_required'])
    const answered = await suite.cognito.authenticator.answerChallenge({
      state: stateOf(step),
      type: 'new_password_required',
      code: 'Permanent-1',
      request,
    })
    expect(answered).toMatchObject({ outcome: 'signed_in', amr: ['pwd'] })
    expect(await suite.signIn('eve@x.example', 'Permanent-1')).toMatchObject({ outcome: 'signed_in' })
  })
})
