import { describe, expect, it } from 'vitest'
import { issuedOf, request, startPool } from './pool-setup.js'

describe('refresh', () => {
  it('gives new access tokens for the same refresh token, where the app client does not rotate', async () => {
    const { cognito, signIn, pool, clock } = await startPool()
    const { refreshToken, accessToken } = issuedOf(await signIn('ann@x.example'))
    expect(cognito.refreshProvider.accepts(refreshToken)).toBe(true)
    clock.advance(600)
    const step = await cognito.refreshProvider.refresh({ token: refreshToken, request })
    expect(step).toMatchObject({ outcome: 'signed_in', subject: pool.users.find('ann@x.example')?.sub, authTime: clock.now() / 1000 - 600 })
    expect(issuedOf(step).refreshToken).toBe(refreshToken)
    expect(issuedOf(step).accessToken).not.toBe(accessToken)
  })
})
