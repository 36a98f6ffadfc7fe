import type { CognitoOptions } from '@countersign/cognito'
import { type FakeCognitoOptions, totpCode } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { challengeOf, password, startPool, totpSecret } from './pool-setup.js'

async function startChoice(options: Partial<CognitoOptions> = {}, fakeOptions: FakeCognitoOptions = {}) {
  const suite = await startPool(options, fakeOptions)
  suite.pool.users.add({ email: 'dee@x.example', password, factors: ['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA'], totpSecret })
  return suite
}

describe('a person with several factors', () => {
  it('answers with the code of an app at once', async () => {
    const { signIn, answer, pool, clock } = await startChoice()
    const step = await signIn('dee@x.example')
    expect(challengeOf(step).types).toEqual(['email_otp', 'software_token_mfa'])
    const answered = await answer(step, totpCode(totpSecret, clock.now()), 'software_token_mfa')
    expect(answered).toMatchObject({ outcome: 'signed_in', amr: ['pwd', 'otp', 'mfa'] })
    expect(pool.mails).toEqual([])
  })

  it('does so without saying what kind of code it is', async () => {
    const { signIn, answer, clock } = await startChoice()
    const code = totpCode(totpSecret, clock.now())
    expect(await answer(await signIn('dee@x.example'), `${code.slice(0, 3)} ${code.slice(3)}`)).toMatchObject({ outcome: 'signed_in' })
  })

  it.each([
    ['by its type', 'anything', 'email_otp'],
    ['by its name', 'email_otp', undefined],
  ])('asks for an e-mail %s, and answers that', async (_how, text, type) => {
    const { signIn, answer, pool, code } = await startChoice()
    const step = await signIn('dee@x.example')
    expect(pool.mails).toEqual([])
    const chosen = await answer(step, text, type)
    expect(challengeOf(chosen)).toMatchObject({ types: ['email_otp'], user: challengeOf(step).user })
    expect(pool.mails).toHaveLength(1)
    expect(await answer(chosen, code(), 'email_otp')).toMatchObject({ outcome: 'signed_in', amr: ['pwd', 'otp', 'mfa'] })
  })

  it('can answer again after a wrong code of the app', async () => {
    const { signIn, answer, clock } = await startChoice()
    const right = totpCode(totpSecret, clock.now())
    const wrong = right.replace(/./, (digit) => String((Number(digit) + 5) % 10))
    const again = await answer(await signIn('dee@x.example'), wrong, 'software_token_mfa')
    expect(again.outcome).toBe('wrong_code')
    expect(await answer(again, right, 'software_token_mfa')).toMatchObject({ outcome: 'signed_in' })
  })

  it('chooses nothing by a choice that was not offered', async () => {
    const { signIn, answer, pool } = await startChoice()
    const step = await signIn('dee@x.example')
    const asked = pool.calls.length
    expect((await answer(step, 'x', 'sms_otp')).outcome).toBe('wrong_code')
    expect((await answer(step, 'EMAIL_OTP')).outcome).toBe('wrong_code')
    expect(pool.calls).toHaveLength(asked)
  })

  it.each([
    ['email_otp', 'EMAIL_OTP'],
    ['software_token_mfa', 'EMAIL_OTP'],
    ['email_otp', 'EMAIL_MFA'],
  ] as const)('is asked for what the host prefers: %s, an e-mail being %s', async (type, emailChallenge) => {
    const { signIn, pool } = await startChoice({ preferredFactors: ['sms_otp', type] }, { emailChallenge })
    expect(challengeOf(await signIn('dee@x.example')).types).toEqual([type])
    expect(pool.mails).toHaveLength(type === 'email_otp' ? 1 : 0)
  })

  it('is asked for what they prefer themselves', async () => {
    const { signIn, pool } = await startChoice()
    pool.users.change('dee@x.example', { preferred: 'SOFTWARE_TOKEN_MFA' })
    expect(challengeOf(await signIn('dee@x.example')).types).toEqual(['software_token_mfa'])
  })
})
