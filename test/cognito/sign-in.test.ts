import { totpCode } from '@countersign/testkit'
import { cognito as cognitoPreset, createGuard } from '@countersign/verifier'
import { CognitoJwtVerifier } from 'aws-jwt-verify'
import { describe, expect, it } from 'vitest'
import { challengeOf, issuedOf, password, startPool, totpSecret } from './pool-setup.js'

describe('a person signs in', () => {
  it('with a password alone, and gets tokens of Cognito', async () => {
    const { signIn, pool, clock } = await startPool()
    const step = await signIn('ann@x.example')
    const { sub } = pool.users.find('ann@x.example') ?? {}
    expect(step).toMatchObject({ outcome: 'signed_in', subject: sub, amr: ['pwd'], authTime: clock.now() / 1000 })
    expect(issuedOf(step).expiresInSeconds).toBe(3600)
    expect(pool.mails).toEqual([])
  })

  it('with a code from an e-mail', async () => {
    const { signIn, answer, pool, code, people } = await startPool()
    const step = await signIn('ben@x.example')
    expect(challengeOf(step)).toMatchObject({ types: ['email_otp'], expiresInSeconds: 180 })
    expect(pool.mails).toEqual([{ to: 'ben@x.example', code: expect.stringMatching(/^\d{6}$/) }])
    const answered = await answer(step, code(), 'email_otp')
    expect(answered).toMatchObject({ outcome: 'signed_in', amr: ['pwd', 'otp', 'mfa'] })
    expect(people).toMatchObject([{ amr: ['pwd', 'otp', 'mfa'], claims: { origin_jti: expect.any(String), token_use: 'access' } }])
  })
})
