import { totpCode } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { challengeOf, issuedOf, password, request, startPool, stateOf, totpSecret } from './pool-setup.js'

describe('a person signs in', () => {
  it('with a password alone, and gets tokens of Cognito', async () => {
    const { signIn, pool, clock } = await startPool()
    const step = await signIn('ann@x.example')
    const { sub } = pool.users.find('ann@x.example') ?? {}
    expect(step).toMatchObject({ outcome: 'signed_in', subject: sub, amr: ['pwd'], authTime: clock.now() / 1000 })
    expect(issuedOf(step).expiresInSeconds).toBe(3600)
    expect(pool.mails).toEqual([])
  })

  it.each(['EMAIL_OTP', 'EMAIL_MFA'] as const)('with a code from an e-mail, which Cognito calls %s', async (emailChallenge) => {
    const { signIn, answer, pool, code, people } = await startPool({}, { emailChallenge })
    const step = await signIn('ben@x.example')
    expect(challengeOf(step)).toMatchObject({ types: ['email_otp'], expiresInSeconds: 180 })
    expect(pool.mails).toEqual([{ to: 'ben@x.example', code: expect.stringMatching(/^\d{6}$/) }])
    expect(people).toEqual([])
    const answered = await answer(step, code(), 'email_otp')
    expect(answered).toMatchObject({ outcome: 'signed_in', amr: ['pwd', 'otp', 'mfa'] })
    expect(people).toMatchObject([{ amr: ['pwd', 'otp', 'mfa'], claims: { origin_jti: expect.any(String), token_use: 'access' } }])
  })

  it('with a code of an app', async () => {
    const { signIn, answer, clock } = await startPool()
    const step = await signIn('cid@x.example')
    expect(challengeOf(step).types).toEqual(['software_token_mfa'])
    const answered = await answer(step, totpCode(totpSecret, clock.now()))
    expect(answered).toMatchObject({ outcome: 'signed_in', amr: ['pwd', 'otp', 'mfa'] })
  })

  it('with a code from a text message, which is another method', async () => {
    const { signIn, answer, pool, code } = await startPool()
    pool.users.add({ email: 'sue@x.example', password, factors: ['SMS_MFA'], phoneNumber: '+15550100001' })
    const step = await signIn('sue@x.example')
    expect(challengeOf(step).types).toEqual(['sms_otp'])
    expect(pool.mails.at(-1)?.to).toBe('+15550100001')
    expect(await answer(step, code())).toMatchObject({ outcome: 'signed_in', amr: ['pwd', 'sms', 'mfa'] })
  })

  it('under any spelling of the name, and one user is counted', async () => {
    const { signIn, pool } = await startPool()
    const { sub = '' } = pool.users.find('ben@x.example') ?? {}
    const users = [await signIn('ben@x.example'), await signIn('BEN@x.example'), await signIn(sub)].map((step) => challengeOf(step).user)
    expect(users).toEqual([sub, sub, sub])
  })

  it('with a code that was copied with spaces', async () => {
    const { signIn, answer, code } = await startPool()
    const step = await signIn('ben@x.example')
    expect(await answer(step, ` ${code().slice(0, 3)} ${code().slice(3)}\n`)).toMatchObject({ outcome: 'signed_in' })
  })
})

describe('a wrong code', () => {
  it('can be followed by the right one: no second mail, the same code', async () => {
    const { signIn, answer, pool, code, wrongCode } = await startPool()
    const step = await signIn('ben@x.example')
    const wrong = await answer(step, wrongCode())
    expect(wrong.outcome).toBe('wrong_code')
    expect(await answer(wrong, code())).toMatchObject({ outcome: 'signed_in' })
    expect(pool.mails).toHaveLength(1)
  })

  it('is wrong without asking, where it cannot be a code', async () => {
    const { signIn, answer, pool } = await startPool()
    const step = await signIn('ben@x.example')
    const asked = pool.calls.length
    for (const code of ['12345', '123456789', 'abcdef', '١٢٣٤٥٦', '']) expect((await answer(step, code)).outcome).toBe('wrong_code')
    expect(pool.calls).toHaveLength(asked)
  })

  it('ends the challenge where Cognito says so', async () => {
    const { signIn, answer, code, wrongCode } = await startPool({}, { wrongCodeLimit: 2 })
    const step = await signIn('ben@x.example')
    expect((await answer(step, wrongCode())).outcome).toBe('wrong_code')
    expect((await answer(step, wrongCode())).outcome).toBe('wrong_code')
    expect((await answer(step, code())).outcome).toBe('refused')
  })

  it('is also one of an app that was used already, and the next one works', async () => {
    const { signIn, answer, clock } = await startPool()
    const used = totpCode(totpSecret, clock.now())
    await answer(await signIn('cid@x.example'), used)
    const again = await answer(await signIn('cid@x.example'), used)
    expect(again.outcome).toBe('wrong_code')
    clock.advance(30)
    expect(await answer(again, totpCode(totpSecret, clock.now()))).toMatchObject({ outcome: 'signed_in' })
  })

  it('is not taken for another type of challenge', async () => {
    const { signIn, answer, pool, code } = await startPool()
    const step = await signIn('ben@x.example')
    const asked = pool.calls.length
    expect(await answer(step, code(), 'software_token_mfa')).toEqual({ outcome: 'wrong_code', state: stateOf(step) })
    expect(pool.calls).toHaveLength(asked)
  })
})

describe('a challenge', () => {
  it('is over with the session of Cognito', async () => {
    const { signIn, answer, code, clock } = await startPool()
    const step = await signIn('ben@x.example')
    clock.advance(180)
    expect((await answer(step, code())).outcome).toBe('refused')
  })

  it('works once', async () => {
    const { signIn, answer, code } = await startPool()
    const step = await signIn('ben@x.example')
    expect((await answer(step, code())).outcome).toBe('signed_in')
    expect((await answer(step, code())).outcome).toBe('refused')
  })

  it('does not help who was disabled meanwhile', async () => {
    const { signIn, answer, code, pool } = await startPool()
    const step = await signIn('ben@x.example')
    pool.users.change('ben@x.example', { isEnabled: false })
    expect((await answer(step, code())).outcome).toBe('refused')
  })
})

describe('a temporary password', () => {
  it('is replaced, and then the second factor is asked for', async () => {
    const { signIn, answer, pool, code } = await startPool()
    pool.users.add({ email: 'eve@x.example', password: 'Temporary-1', status: 'FORCE_CHANGE_PASSWORD', factors: ['EMAIL_OTP'] })
    const step = await signIn('eve@x.example', 'Temporary-1')
    expect(challengeOf(step).types).toEqual(['new_password_required'])
    const next = await answer(step, 'A new password, with spaces', 'new_password_required')
    expect(challengeOf(next)).toMatchObject({ types: ['email_otp'], user: challengeOf(step).user })
    expect(await answer(next, code())).toMatchObject({ outcome: 'signed_in', amr: ['pwd', 'otp', 'mfa'] })
    expect((await signIn('eve@x.example', 'Temporary-1')).outcome).toBe('refused')
    expect((await signIn('eve@x.example', 'A new password, with spaces')).outcome).toBe('challenge')
  })

  it('wants one that the pool accepts, and can be tried again', async () => {
    const { signIn, answer, pool } = await startPool()
    pool.users.add({ email: 'eve@x.example', password: 'Temporary-1', status: 'FORCE_CHANGE_PASSWORD' })
    const step = await signIn('eve@x.example', 'Temporary-1')
    const short = await answer(step, 'short')
    expect(short.outcome).toBe('wrong_code')
    const asked = pool.calls.length
    const spaced = await answer(short, ' begins with a space')
    expect([spaced.outcome, pool.calls.length]).toEqual(['wrong_code', asked])
    expect(await answer(spaced, 'Long-enough-1')).toMatchObject({ outcome: 'signed_in', amr: ['pwd'] })
  })
})

describe('nobody learns why', () => {
  it('a sign-in is refused: unknown, wrong password, unconfirmed, disabled, to be reset, a factor to be set up', async () => {
    const { signIn, pool } = await startPool()
    pool.users.add({ email: 'new@x.example', password, status: 'UNCONFIRMED' })
    pool.users.add({ email: 'off@x.example', password, isEnabled: false })
    pool.users.add({ email: 'reset@x.example', password, status: 'RESET_REQUIRED' })
    const steps = [await signIn('nobody@x.example'), await signIn('ann@x.example', 'Wrong-password-1')]
    for (const name of ['new', 'off', 'reset']) steps.push(await signIn(`${name}@x.example`))
    pool.misbehave({ kind: 'document', body: { ChallengeName: 'MFA_SETUP', ChallengeParameters: {}, Session: 'x'.repeat(32) } })
    steps.push(await signIn('ann@x.example'))
    expect(steps).toEqual(steps.map(() => ({ outcome: 'refused' })))
  })

  it('where the app client would tell', async () => {
    const { signIn } = await startPool({}, { clients: [{ clientId: 'test-client', preventUserExistenceErrors: false }] })
    expect([await signIn('nobody@x.example'), await signIn('ann@x.example', 'Wrong-password-1')]).toEqual([
      { outcome: 'refused' },
      { outcome: 'refused' },
    ])
  })

  it('and Cognito is not asked for what it calls a mistake of the app', async () => {
    const { signIn, pool } = await startPool()
    const names = ['', ' ', 'two words', 'x'.repeat(129), 'tab\t', '\u0000']
    const passwords = ['', ' leading', 'trailing ', 'x'.repeat(257)]
    const steps = [
      ...(await Promise.all(names.map((name) => signIn(name)))),
      ...(await Promise.all(passwords.map((one) => signIn('ann@x.example', one)))),
    ]
    expect(steps).toEqual(steps.map(() => ({ outcome: 'refused' })))
    expect(pool.calls).toEqual([])
  })
})

it('the address of the person goes along where the host wants it', async () => {
  const { cognito, pool } = await startPool({ sendsAddress: true })
  await cognito.authenticator.start({ username: 'ann@x.example', password, request })
  await cognito.authenticator.start({ username: 'ann@x.example', password, request: { method: 'POST', url: '/', headers: {} } })
  expect(pool.calls.map(({ input }) => input.UserContextData)).toEqual([{ IpAddress: '192.0.2.1' }, undefined])
})
