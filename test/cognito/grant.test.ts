import { randomUUID } from 'node:crypto'
import { totpCode } from '@countersign/testkit'
import { cognito as cognitoPreset, createGuard } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { claimsOf, guardOf } from '../grants/endpoint-setup.js'
import { startGrant } from './grant-setup.js'
import { password, totpSecret } from './pool-setup.js'

describe('the password grant over a pool', () => {
  it('passes on tokens of Cognito, which its guard admits, and refreshes them', async () => {
    const { signIn, answer, ask, code, pool, clock } = await startGrant()
    const challenged = await signIn('ben@x.example')
    expect([challenged.status, challenged.body]).toMatchObject([
      400,
      { error: 'mfa_required', challenge_types: ['email_otp'], expires_in: 180 },
    ])
    const { status, body } = await answer(challenged.body.mfa_token, code())
    expect([status, body.expires_in]).toEqual([200, 3600])
    const entry = cognitoPreset({ userPoolId: pool.userPoolId, clientId: pool.clientId, endpoint: pool.url })
    const guard = createGuard({ issuers: { entry }, now: clock.now })
    onTestFinished(() => guard.close())
    const admits = async (token: string) =>
      (await guard.check({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } })).ok
    expect(await admits(body.access_token)).toBe(true)
    clock.advance(1800)
    const refreshed = await ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
    expect([refreshed.status, refreshed.body.refresh_token]).toEqual([200, body.refresh_token])
    expect(await admits(refreshed.body.access_token)).toBe(true)
  })

  it('takes a wrong code with a fresh token, and sends one mail', async () => {
    const { signIn, answer, code, wrongCode, pool } = await startGrant()
    const first = await signIn('ben@x.example')
    const wrong = await answer(first.body.mfa_token, wrongCode())
    expect([wrong.status, wrong.body.error]).toEqual([400, 'mfa_required'])
    expect(wrong.body.mfa_token).not.toBe(first.body.mfa_token)
    expect((await answer(first.body.mfa_token, code())).body.error).toBe('invalid_grant')
    expect((await answer(wrong.body.mfa_token, code())).status).toBe(200)
    expect(pool.mails).toHaveLength(1)
  })

  it('keeps the session of Cognito from the client and from who reads the store', async () => {
    const { signIn, answer, code, pool, kept } = await startGrant()
    const { body } = await signIn('ben@x.example')
    const answered = await answer(body.mfa_token, code())
    const session = String(pool.calls.at(-1)?.input.Session)
    expect(session).toMatch(/^[\w-]{100,}$/)
    // Of the code, of the challenge, and of the code when it was used.
    expect(kept).toHaveLength(3)
    expect(JSON.stringify([body, answered.body])).not.toContain(session)
    const readable = kept.flatMap((value) => [value, Buffer.from(value, 'base64url').toString('latin1')])
    expect(readable.filter((value) => value.includes(session) || value.includes('ben@x.example'))).toEqual([])
  })

  it('words unknown, wrong, unconfirmed, disabled and to be reset alike', async () => {
    const { signIn, pool } = await startGrant()
    pool.users.add({ email: 'new@x.example', password, status: 'UNCONFIRMED' })
    pool.users.add({ email: 'off@x.example', password, isEnabled: false })
    pool.users.add({ email: 'reset@x.example', password, status: 'RESET_REQUIRED' })
    const replies = [await signIn('nobody@x.example'), await signIn('ann@x.example', 'Wrong-password-1')]
    for (const name of ['new', 'off', 'reset'])
      for (const given of [password, 'Wrong-password-1']) replies.push(await signIn(`${name}@x.example`, given))
    expect(replies[0]).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(replies).toEqual(replies.map(() => replies[0]))
  })

  it('goes from a temporary password to an app, by the names of the challenges', async () => {
    const { signIn, ask, pool, clock } = await startGrant()
    const factors = ['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA'] as const
    pool.users.add({ email: 'eve@x.example', password: 'Temporary-1', status: 'FORCE_CHANGE_PASSWORD', factors, totpSecret })
    const first = await signIn('eve@x.example', 'Temporary-1')
    expect(first.body).toMatchObject({ challenge_types: ['new_password_required'] })
    const next = await ask({ grant_type: 'new_password_required', session: first.body.mfa_token, new_password_required: 'Permanent-1' })
    expect(next.body).toMatchObject({ challenge_types: ['email_otp', 'software_token_mfa'] })
    const code = totpCode(totpSecret, clock.now())
    const last = await ask({ grant_type: 'software_token_mfa', session: next.body.mfa_token, software_token_mfa: code })
    expect(last.status).toBe(200)
  })

  it('signs tokens of its own, where Cognito is to say only who it is', async () => {
    const { signIn, answer, ask, code, clock, pool } = await startGrant({ tokens: 'own' })
    const { body } = await answer((await signIn('ben@x.example')).body.mfa_token, code())
    const subject = pool.users.find('ben@x.example')?.sub
    const expected = { iss: 'https://auth.example', sub: subject, amr: ['pwd', 'otp', 'mfa'], auth_time: clock.now() / 1000 }
    expect(claimsOf(body.access_token)).toMatchObject(expected)
    const { guard } = guardOf(clock)
    onTestFinished(() => guard.close())
    const admission = await guard.check({ method: 'GET', url: '/', headers: { authorization: `Bearer ${body.access_token}` } })
    expect(admission).toMatchObject({ ok: true, auth: { subject } })
    const refreshed = await ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
    expect(claimsOf(refreshed.body.access_token)).toMatchObject(expected)
  })

  it('is refused for a refresh token of nobody', async () => {
    const { ask } = await startGrant()
    const token = `eyJjdHkiOiJKV1QifQ.a.b.c.${randomUUID().replaceAll('-', '')}`
    expect((await ask({ grant_type: 'refresh_token', refresh_token: token })).body.error).toBe('invalid_grant')
  })
})

describe('while Cognito cannot answer', () => {
  it('a password, a code and a refresh are 503 with Retry-After', async () => {
    const { signIn, answer, ask, code, pool } = await startGrant()
    const { body } = await signIn('ann@x.example')
    const challenge = (await signIn('ben@x.example')).body.mfa_token
    await pool.stop()
    const replies = [
      await signIn('ann@x.example'),
      await answer(challenge, code()),
      await ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token }),
    ]
    expect(replies.map(({ status, headers }) => [status, headers['retry-after']])).toEqual(replies.map(() => [503, '1']))
  })

  it('a challenge is not lost: the same token works afterwards', async () => {
    const { signIn, answer, code, pool } = await startGrant()
    const { body } = await signIn('ben@x.example')
    pool.failNext({ type: 'InternalErrorException' })
    expect((await answer(body.mfa_token, code())).status).toBe(503)
    pool.throttle(1)
    const throttled = await answer(body.mfa_token, code())
    expect([throttled.status, throttled.headers['retry-after']]).toEqual([429, '1'])
    expect((await answer(body.mfa_token, code())).status).toBe(200)
  })

  it('an outage gives nobody more guesses', async () => {
    const { signIn, answer, wrongCode, code, pool } = await startGrant()
    const { body } = await signIn('ben@x.example')
    for (let guesses = 0; guesses < 5; guesses += 1) {
      pool.failNext({ type: 'InternalErrorException' })
      expect((await answer(body.mfa_token, wrongCode())).status).toBe(503)
    }
    expect((await answer(body.mfa_token, code())).body.error).toBe('invalid_grant')
  })
})
