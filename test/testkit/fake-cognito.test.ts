import {
  CognitoIdentityProviderClient,
  GetUserCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  ListUsersCommand,
  RespondToAuthChallengeCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { createFakeCognito, type FakeCognitoOptions, fixedClock, totpCode } from '@countersign/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

const password = 'Correct-horse-1'
const clientId = 'test-client'

async function start(options: FakeCognitoOptions = {}) {
  const clock = fixedClock()
  const pool = await createFakeCognito({ now: clock.now, ...options })
  const client = new CognitoIdentityProviderClient({
    region: pool.region,
    endpoint: pool.url,
    maxAttempts: 1,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  })
  onTestFinished(async () => {
    client.destroy()
    await pool.close()
  })
  const signIn = (username: string, given = password) =>
    client.send(
      new InitiateAuthCommand({
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: clientId,
        AuthParameters: { USERNAME: username, PASSWORD: given },
      }),
    )
  const answer = (session: string | undefined, code: string, username = 'ben@x.example') =>
    client.send(
      new RespondToAuthChallengeCommand({
        ClientId: clientId,
        ChallengeName: 'EMAIL_OTP',
        Session: session,
        ChallengeResponses: { USERNAME: username, EMAIL_OTP_CODE: code },
      }),
    )
  const refresh = (token: string | undefined) =>
    client.send(
      new InitiateAuthCommand({ AuthFlow: 'REFRESH_TOKEN_AUTH', ClientId: clientId, AuthParameters: { REFRESH_TOKEN: token ?? '' } }),
    )
  pool.users.add({ email: 'ann@x.example', password })
  pool.users.add({ email: 'ben@x.example', password, factors: ['EMAIL_OTP'] })
  return { pool, client, clock, signIn, answer, refresh }
}

/** The name and the message of what the SDK throws. */
const faultOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no fault',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'no error'),
  )

describe('the fake user pool', () => {
  it('speaks the protocol: type, message and request id are where the SDK looks for them', async () => {
    const { signIn, client, pool } = await start()
    await expect(signIn('ann@x.example', 'wrong')).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'Incorrect username or password.',
      $fault: 'client',
      $metadata: { httpStatusCode: 400, requestId: expect.any(String) },
    })
    expect(await faultOf(client.send(new ListUsersCommand({ UserPoolId: pool.userPoolId })))).toContain('UnknownOperationException')
    const bare = await fetch(pool.url, { method: 'POST', body: '{}' })
    expect(bare.status).toBe(404)
  })

  it('masks where a code went, and tells the host of the test', async () => {
    const told: string[] = []
    const { signIn, pool } = await start({ onCode: ({ to }) => void told.push(to) })
    const { ChallengeName, ChallengeParameters } = await signIn('ben@x.example')
    expect([ChallengeName, ChallengeParameters]).toMatchObject([
      'EMAIL_OTP',
      { CODE_DELIVERY_DELIVERY_MEDIUM: 'EMAIL', CODE_DELIVERY_DESTINATION: 'b***@x***', USER_ID_FOR_SRP: expect.any(String) },
    ])
    expect([told, pool.mails.length]).toEqual([['ben@x.example'], 1])
  })

  it('takes sessions and refresh tokens of a pool with its secret, and of no other', async () => {
    const begun = await start({ secret: 'shared' })
    const { Session } = await begun.signIn('ben@x.example')
    const code = begun.pool.mails.at(-1)?.code ?? ''
    const other = await start({ secret: 'shared' })
    const stranger = await start()
    expect(await faultOf(stranger.answer(Session, code))).toContain('Invalid session')
    // The pools know him by one `sub`.
    const { sub } = begun.pool.users.find('ben@x.example') ?? {}
    other.pool.users.remove('ben@x.example')
    other.pool.users.add({ email: 'ben@x.example', password, factors: ['EMAIL_OTP'], ...(sub !== undefined && { sub }) })
    const { AuthenticationResult } = await other.answer(Session, code)
    expect(await faultOf(begun.refresh(AuthenticationResult?.RefreshToken))).toBe('no fault')
    expect(await faultOf(stranger.refresh(AuthenticationResult?.RefreshToken))).toContain('Invalid Refresh Token')
    // A session is no refresh token.
    expect(await faultOf(begun.refresh(Session))).toContain('Invalid Refresh Token')
  })

  it('ends a session after its time, after too many wrong codes and after a right one, and lets nobody else use it', async () => {
    const { signIn, answer, pool, clock } = await start({ sessionLifetimeSeconds: 60, wrongCodeLimit: 2 })
    const expired = await signIn('ben@x.example')
    clock.advance(60)
    const right = () => pool.mails.at(-1)?.code ?? ''
    expect(await faultOf(answer(expired.Session, right()))).toContain('session is expired')
    const guessed = await signIn('ben@x.example')
    for (const wrong of ['000', '001']) expect(await faultOf(answer(guessed.Session, wrong))).toContain('CodeMismatchException')
    expect(await faultOf(answer(guessed.Session, right()))).toContain('Invalid session')
    const used = await signIn('ben@x.example')
    expect(await faultOf(answer(used.Session, right(), 'ann@x.example'))).toContain('Invalid session')
    expect(await faultOf(answer(used.Session, right()))).toBe('no fault')
    expect(await faultOf(answer(used.Session, right()))).toContain('Invalid session')
    expect(new Set([expired.Session, guessed.Session, used.Session]).size).toBe(3)
  })

  it('locks a name after five wrong passwords, for twice as long each time', async () => {
    const { signIn, clock } = await start()
    for (const wrong of ['1', '2', '3', '4', '5']) expect(await faultOf(signIn('ann@x.example', wrong))).toContain('Incorrect')
    expect(await faultOf(signIn('ann@x.example'))).toContain('Password attempts exceeded')
    clock.advance(1)
    expect(await faultOf(signIn('ann@x.example', 'wrong'))).toContain('Incorrect')
    clock.advance(1)
    expect(await faultOf(signIn('ann@x.example'))).toContain('Password attempts exceeded')
    clock.advance(1)
    expect(await faultOf(signIn('ann@x.example'))).toBe('no fault')
  })

  it('ends access and refresh tokens of one sign-in by RevokeToken, and of all by GlobalSignOut', async () => {
    const { signIn, client, refresh } = await start()
    const tokens = async () => (await signIn('ann@x.example')).AuthenticationResult ?? {}
    const [one, two, three] = [await tokens(), await tokens(), await tokens()]
    const userOf = ({ AccessToken }: { AccessToken?: string | undefined }) => faultOf(client.send(new GetUserCommand({ AccessToken })))
    await client.send(new RevokeTokenCommand({ Token: one.RefreshToken, ClientId: clientId }))
    expect([await userOf(one), await userOf(two)]).toEqual(['NotAuthorizedException: Access Token has been revoked', 'no fault'])
    expect(await faultOf(refresh(one.RefreshToken))).toContain('has been revoked')
    await client.send(new GlobalSignOutCommand({ AccessToken: two.AccessToken }))
    expect(await userOf(three)).toContain('revoked')
    expect(await faultOf(refresh(three.RefreshToken))).toContain('has been revoked')
  })

  it('tells the state of a user before it looks at the password, and takes no access token of who is disabled', async () => {
    const { pool, client, signIn } = await start()
    pool.users.add({ email: 'new@x.example', password, status: 'UNCONFIRMED' })
    pool.users.add({ email: 'reset@x.example', password, status: 'RESET_REQUIRED' })
    for (const given of [password, 'Wrong-password-1']) {
      expect(await faultOf(signIn('new@x.example', given))).toMatch(/^UserNotConfirmedException/)
      expect(await faultOf(signIn('reset@x.example', given))).toMatch(/^PasswordResetRequiredException/)
    }
    const { AuthenticationResult } = await signIn('ann@x.example')
    const user = () => client.send(new GetUserCommand({ AccessToken: AuthenticationResult?.AccessToken }))
    expect(await faultOf(user())).toBe('no fault')
    pool.users.change('ann@x.example', { isEnabled: false })
    expect(await faultOf(user())).toMatch(/^NotAuthorizedException/)
    expect(await faultOf(signIn('ann@x.example', 'Wrong-password-1'))).toBe('NotAuthorizedException: User is disabled.')
  })

  it('throttles, fails and misbehaves as often and where it is told', async () => {
    const { pool, signIn, client } = await start()
    const { AuthenticationResult } = await signIn('ann@x.example')
    const user = () => faultOf(client.send(new GetUserCommand({ AccessToken: AuthenticationResult?.AccessToken })))
    pool.throttle(1)
    expect([await user(), await user()]).toEqual(['TooManyRequestsException: Rate exceeded', 'no fault'])
    pool.failNext({ type: 'InternalErrorException', times: 2 }, 'GetUser')
    expect([await faultOf(signIn('ann@x.example')), await user()]).toEqual(['no fault', 'InternalErrorException: as the test wanted'])
    expect([await user(), await user()]).toEqual(['InternalErrorException: as the test wanted', 'no fault'])
    pool.misbehave({ kind: 'close' }, 'GetUser')
    expect([await faultOf(signIn('ann@x.example')), (await user()) === 'no fault']).toEqual(['no fault', false])
    pool.misbehave({ kind: 'delay', milliseconds: 20 }, 'GetUser')
    expect(await user()).toBe('no fault')
    pool.misbehave(undefined, 'GetUser')
    expect(pool.calls.filter(({ operation }) => operation === 'InitiateAuth')).toHaveLength(3)
  })

  it('has users that change', async () => {
    const { pool } = await start()
    const ann = pool.users.find('ANN@x.example')
    expect(pool.users.change('ann@x.example', { status: 'RESET_REQUIRED' })).toEqual({ ...ann, status: 'RESET_REQUIRED' })
    pool.users.remove(ann?.sub ?? '')
    expect(pool.users.find('ann@x.example')).toBeUndefined()
    expect(() => pool.users.change('ann@x.example', {})).toThrow('does not exist')
  })
})

describe('a code of an app', () => {
  // RFC 6238 appendix B, SHA-1: the last six of its eight digits.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at %d s is %s', (seconds, code) => {
    expect(totpCode('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', seconds * 1000)).toBe(code)
    expect(totpCode('gezd gnbv gy3t qojq gezd gnbv gy3t qojq==', seconds * 1000)).toBe(code)
  })

  it('needs a secret in base32', () => {
    expect(() => totpCode('0189', 0)).toThrow(TypeError)
  })
})
