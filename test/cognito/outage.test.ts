import { createCognito } from '@countersign/cognito'
import { isUnavailable } from '@countersign/core'
import type { Behaviour } from '@countersign/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { issuedOf, password, request, startPool, stateOf } from './pool-setup.js'

const refusedBy = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'an answer',
    (error: unknown) => (isUnavailable(error) ? error.reason : String(error)),
  )

const table: readonly (readonly [string, Behaviour])[] = [
  ['never answers', { kind: 'hang' }],
  ['closes the connection', { kind: 'close' }],
  ['breaks off', { kind: 'truncate' }],
  ['answers 503', { kind: 'fail', status: 503 }],
  ['answers 500', { kind: 'fail', status: 500 }],
  ['answers 403 without a word', { kind: 'fail', status: 403 }],
]

describe.each(table)('a Cognito that %s', (_how, behaviour) => {
  it('is an outage at every step, and a password or a code is sent once', async () => {
    const { pool, signIn, answer, code } = await startPool()
    const { userPoolId, clientId, url: endpoint } = pool
    const cognito = createCognito({ userPoolId, clientId, endpoint, timeoutMs: 250 })
    onTestFinished(() => cognito.close())
    const { authenticator, refreshProvider } = cognito
    const { refreshToken, accessToken } = issuedOf(await signIn('ann@x.example'))
    const step = await signIn('ben@x.example')
    const before = pool.calls.length
    pool.misbehave(behaviour)
    expect(await refusedBy(authenticator.start({ username: 'ann@x.example', password, request }))).toBe('authenticator_unavailable')
    const answered = authenticator.answerChallenge({ state: stateOf(step), type: undefined, code: code(), request })
    expect(await refusedBy(answered)).toBe('authenticator_unavailable')
    expect(await refusedBy(refreshProvider.refresh({ token: refreshToken, request }))).toBe('authenticator_unavailable')
    expect(pool.calls.slice(before).map(({ operation }) => operation)).toEqual([
      'InitiateAuth',
      'RespondToAuthChallenge',
      'GetTokensFromRefreshToken',
    ])
    expect(await refusedBy(cognito.mfaSettings(accessToken))).toBe('authenticator_unavailable')
    pool.misbehave(undefined)
    expect((await answer(step, code())).outcome).toBe('signed_in')
  })
})

describe('an error that passes', () => {
  it('is passed over once, where asking again is harmless', async () => {
    const { pool, cognito, signIn } = await startPool({ refreshWith: 'REFRESH_TOKEN_AUTH' })
    const { refreshToken, accessToken } = issuedOf(await signIn('ann@x.example'))
    pool.failNext({ type: 'InternalErrorException' })
    expect(await cognito.mfaSettings(accessToken)).toEqual([])
    pool.failNext({ type: 'InternalErrorException' })
    expect(await cognito.refreshProvider.refresh({ token: refreshToken, request })).toMatchObject({ outcome: 'signed_in' })
    pool.failNext({ type: 'InternalErrorException', times: 2 })
    expect(await refusedBy(cognito.mfaSettings(accessToken))).toBe('authenticator_unavailable')
  })

  it('is not: throttling is answered, not asked again', async () => {
    const { pool, cognito, signIn } = await startPool({ refreshWith: 'REFRESH_TOKEN_AUTH' })
    const { refreshToken } = issuedOf(await signIn('ann@x.example'))
    const before = pool.calls.length
    pool.throttle(1)
    const step = await cognito.refreshProvider.refresh({ token: refreshToken, request })
    expect(step).toEqual({ outcome: 'throttled', retryAfterSeconds: 1 })
    expect(pool.calls).toHaveLength(before + 1)
  })
})

it('nobody at the address is an outage', async () => {
  const { pool, signIn } = await startPool()
  await pool.stop()
  expect(await refusedBy(signIn('ann@x.example'))).toBe('authenticator_unavailable')
  await pool.restart()
  expect((await signIn('ann@x.example')).outcome).toBe('signed_in')
})

it('what the hook of the host rejects with is for the host', async () => {
  const { signIn } = await startPool({ onSignedIn: () => Promise.reject(new Error('of the host')) })
  await expect(signIn('ann@x.example')).rejects.toThrow('of the host')
})
