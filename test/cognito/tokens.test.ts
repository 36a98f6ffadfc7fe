import { createCognito } from '@countersign/cognito'
import { cognito as cognitoPreset, createGuard } from '@countersign/verifier'
import { CognitoJwtVerifier } from 'aws-jwt-verify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { issuedOf, request, startPool } from './pool-setup.js'

/** The AWS library, with the keys of the fake pool. It knows no clock but the machine's. */
async function awsVerifier(
  pool: { readonly userPoolId: string; readonly clientId: string; readonly jwksUrl: string },
  tokenUse: 'access' | 'id',
) {
  const verifier = CognitoJwtVerifier.create({ userPoolId: pool.userPoolId, tokenUse, clientId: pool.clientId })
  verifier.cacheJwks((await (await fetch(pool.jwksUrl)).json()) as Parameters<typeof verifier.cacheJwks>[0])
  return verifier
}

describe('tokens that people get', () => {
  it('are good for the AWS library and for the guard, after a code and after a refresh, with one origin_jti', async () => {
    const { pool, cognito, signIn, answer, code, people } = await startPool({}, { now: Date.now })
    pool.users.change('ben@x.example', { groups: ['staff'] })
    const guard = createGuard({
      issuers: { pool: cognitoPreset({ userPoolId: pool.userPoolId, clientId: pool.clientId, endpoint: pool.url }) },
    })
    onTestFinished(() => guard.close())
    const first = issuedOf(await answer(await signIn('ben@x.example'), code()))
    const next = issuedOf(await cognito.refreshProvider.refresh({ token: first.refreshToken, request }))
    const verifier = await awsVerifier(pool, 'access')
    const seen: unknown[] = []
    for (const { accessToken } of [first, next]) {
      const claims = await verifier.verify(accessToken)
      const admission = await guard.check({ method: 'GET', url: '/', headers: { authorization: `Bearer ${accessToken}` } })
      expect(admission).toMatchObject({ ok: true, auth: { via: 'pool', subject: claims.sub } })
      seen.push(claims.origin_jti)
      expect(claims).toMatchObject({
        token_use: 'access',
        client_id: pool.clientId,
        username: claims.sub,
        scope: 'aws.cognito.signin.user.admin',
        'cognito:groups': ['staff'],
        auth_time: expect.any(Number),
        event_id: expect.any(String),
        jti: expect.any(String),
      })
    }
    expect(seen).toEqual([people[0]?.claims.origin_jti, people[0]?.claims.origin_jti])
  })

  it('come with an ID token that the AWS library takes', async () => {
    const { pool } = await startPool({}, { now: Date.now })
    const reply = await fetch(pool.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' },
      body: JSON.stringify({
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: pool.clientId,
        AuthParameters: { USERNAME: 'ann@x.example', PASSWORD: 'Correct-horse-1' },
      }),
    })
    const body = (await reply.json()) as { readonly AuthenticationResult: { readonly IdToken: string } }
    const claims = await (await awsVerifier(pool, 'id')).verify(body.AuthenticationResult.IdToken)
    expect(claims).toMatchObject({ email: 'ann@x.example', email_verified: true, 'cognito:username': claims.sub })
  })
})

describe('second factors of a user', () => {
  it('are told for an access token that Cognito takes', async () => {
    const { cognito, signIn, answer, code, pool } = await startPool()
    const { accessToken } = issuedOf(await signIn('ann@x.example'))
    expect(await cognito.mfaSettings(accessToken)).toEqual([])
    const withFactor = issuedOf(await answer(await signIn('ben@x.example'), code()))
    expect(await cognito.mfaSettings(withFactor.accessToken)).toEqual(['email_otp'])
    pool.users.change('ben@x.example', { factors: ['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA'] })
    expect(await cognito.mfaSettings(withFactor.accessToken)).toEqual(['email_otp', 'software_token_mfa'])
  })

  it('are none for a token that is expired, revoked or of nobody', async () => {
    const { cognito, signIn, answer, code, clock } = await startPool()
    const signInBen = async () => issuedOf(await answer(await signIn('ben@x.example'), code()))
    const revoked = await signInBen()
    await cognito.revoke(revoked.refreshToken)
    const expired = await signInBen()
    clock.advance(3600)
    for (const token of [revoked.accessToken, expired.accessToken, 'nonsense']) expect(await cognito.mfaSettings(token)).toEqual([])
  })

  it('and the verified address are told only for such a token', async () => {
    const { cognito, signIn, pool } = await startPool()
    const { accessToken } = issuedOf(await signIn('ann@x.example'))
    expect(await cognito.verifiedEmail(accessToken)).toBe('ann@x.example')
    expect(await cognito.verifiedEmail('nonsense')).toBeUndefined()
    pool.throttle(1)
    await expect(cognito.verifiedEmail(accessToken)).rejects.toMatchObject({ reason: 'authenticator_unavailable' })
  })

  it('cannot be told while Cognito throttles', async () => {
    const { cognito, signIn, pool } = await startPool()
    const { accessToken, refreshToken } = issuedOf(await signIn('ann@x.example'))
    pool.throttle(2)
    await expect(cognito.mfaSettings(accessToken)).rejects.toMatchObject({ reason: 'authenticator_unavailable', retryAfterSeconds: 1 })
    await expect(cognito.revoke(refreshToken)).rejects.toMatchObject({ reason: 'authenticator_unavailable', retryAfterSeconds: 1 })
  })
})

describe('the address of a user', () => {
  it('is told only if the pool has verified it', async () => {
    const { cognito, signIn, pool } = await startPool()
    const { accessToken } = issuedOf(await signIn('ann@x.example'))
    expect(await cognito.verifiedEmail(accessToken)).toBe('ann@x.example')
    pool.users.change('ann@x.example', { isEmailVerified: false })
    expect(await cognito.verifiedEmail(accessToken)).toBeUndefined()
  })
})

describe('revoke', () => {
  it('is true for what ended, known or not, and false for a token of another app client', async () => {
    const clients = [{ clientId: 'test-client' }, { clientId: 'other' }]
    const { cognito, signIn, pool } = await startPool({}, { clients })
    const other = createCognito({ userPoolId: pool.userPoolId, clientId: 'other', endpoint: pool.url })
    onTestFinished(() => other.close())
    const { refreshToken } = issuedOf(await signIn('ann@x.example'))
    expect(await other.revoke(refreshToken)).toBe(false)
    expect((await cognito.refreshProvider.refresh({ token: refreshToken, request })).outcome).toBe('signed_in')
    expect([await cognito.revoke(refreshToken), await cognito.revoke(refreshToken), await cognito.revoke('unknown')]).toEqual([
      true,
      true,
      true,
    ])
    expect((await cognito.refreshProvider.refresh({ token: refreshToken, request })).outcome).toBe('refused')
  })
})

describe('tokens of our own', () => {
  it('take who it is from Cognito, and claims from the host', async () => {
    const { pool, signIn } = await startPool({ tokens: 'own', claims: ({ claims }) => ({ groups: claims['cognito:groups'] }) })
    pool.users.change('ann@x.example', { groups: ['staff'] })
    const step = await signIn('ann@x.example')
    expect(step).toEqual({
      outcome: 'signed_in',
      subject: pool.users.find('ann@x.example')?.sub,
      amr: ['pwd'],
      authTime: pool.now() / 1000,
      claims: { groups: ['staff'] },
    })
  })
})
