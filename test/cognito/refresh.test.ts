import { createCognito } from '@countersign/cognito'
import { describe, expect, it, onTestFinished } from 'vitest'
import { issuedOf, password, request, startPool } from './pool-setup.js'

const clientId = 'test-client'
const clientSecret = 'secret-of-the-app-client'

describe.each(['GetTokensFromRefreshToken', 'REFRESH_TOKEN_AUTH'] as const)('refresh with %s', (refreshWith) => {
  it.each([undefined, clientSecret])('repeats the refresh token where the app client does not rotate; secret: %s', async (secret) => {
    const client = { clientId, ...(secret !== undefined && { clientSecret: secret }) }
    const options = { refreshWith, ...(secret !== undefined && { clientSecret: secret }) }
    const { cognito, signIn, pool, clock } = await startPool(options, { clients: [client] })
    const { refreshToken, accessToken } = issuedOf(await signIn('ann@x.example'))
    expect(cognito.refreshProvider.accepts(refreshToken)).toBe(true)
    for (const seconds of [600, 1200]) {
      clock.advance(600)
      const step = await cognito.refreshProvider.refresh({ token: refreshToken, request })
      const subject = pool.users.find('ann@x.example')?.sub
      expect(step).toMatchObject({ outcome: 'signed_in', subject, authTime: clock.now() / 1000 - seconds })
      expect(issuedOf(step).refreshToken).toBe(refreshToken)
      expect(issuedOf(step).accessToken).not.toBe(accessToken)
    }
  })

  it('is refused for a token that expired, was revoked, belongs to another app client, or is of a user who was disabled', async () => {
    const { cognito, signIn, pool, clock } = await startPool(
      { refreshWith },
      { clients: [{ clientId, refreshTokenLifetimeSeconds: 5400 }] },
    )
    const refresh = async (token: string) => (await cognito.refreshProvider.refresh({ token, request })).outcome
    const { refreshToken } = issuedOf(await signIn('ann@x.example'))
    clock.advance(5399)
    expect(await refresh(refreshToken)).toBe('signed_in')
    clock.advance(1)
    expect(await refresh(refreshToken)).toBe('refused')
    const { refreshToken: revoked } = issuedOf(await signIn('ann@x.example'))
    expect(await cognito.revoke(revoked)).toBe(true)
    expect(await refresh(revoked)).toBe('refused')
    const { refreshToken: disabled } = issuedOf(await signIn('ann@x.example'))
    pool.users.change('ann@x.example', { isEnabled: false })
    expect(await refresh(disabled)).toBe('refused')
    expect(await refresh(`${disabled}x`)).toBe('refused')
  })
})

it('a refresh token with a name is taken letter by letter', async () => {
  const client = { clientId, clientSecret }
  const { cognito, signIn } = await startPool({ clientSecret, refreshWith: 'REFRESH_TOKEN_AUTH' }, { clients: [client] })
  const [mark, name, mac = '', ...token] = issuedOf(await signIn('ann@x.example')).refreshToken.split('.')
  const outcomes: string[] = []
  for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
    const changed = [mark, name, `${mac.slice(0, -1)}${last}`, ...token].join('.')
    outcomes.push((await cognito.refreshProvider.refresh({ token: changed, request })).outcome)
  }
  expect(outcomes.filter((outcome) => outcome !== 'refused')).toEqual(['signed_in'])
})

describe('rotation', () => {
  it('gives a new refresh token each time, and refuses the old one after the grace of the app client', async () => {
    const client = { clientId, clientSecret, refreshRotation: true, rotationGraceSeconds: 10 }
    const { cognito, signIn, clock } = await startPool({ clientSecret }, { clients: [client] })
    const refresh = (token: string) => cognito.refreshProvider.refresh({ token, request })
    const { refreshToken: first } = issuedOf(await signIn('ann@x.example'))
    const { refreshToken: second } = issuedOf(await refresh(first))
    expect(second).not.toBe(first)
    expect(cognito.refreshProvider.accepts(second)).toBe(true)
    clock.advance(9)
    expect((await refresh(first)).outcome).toBe('signed_in')
    clock.advance(2)
    expect((await refresh(first)).outcome).toBe('refused')
    expect((await refresh(second)).outcome).toBe('signed_in')
  })

  it('does not work with REFRESH_TOKEN_AUTH, which is a setting, not the fault of people', async () => {
    const { cognito, signIn } = await startPool({ refreshWith: 'REFRESH_TOKEN_AUTH' }, { clients: [{ clientId, refreshRotation: true }] })
    const { refreshToken } = issuedOf(await signIn('ann@x.example'))
    await expect(cognito.refreshProvider.refresh({ token: refreshToken, request })).rejects.toThrow('authenticator_unavailable')
  })
})

describe('a refresh token that names its user, for REFRESH_TOKEN_AUTH beside a secret', () => {
  async function start() {
    const suite = await startPool({ refreshWith: 'REFRESH_TOKEN_AUTH', clientSecret }, { clients: [{ clientId, clientSecret }] })
    const { refreshToken } = issuedOf(await suite.signIn('ann@x.example'))
    return { ...suite, refreshToken, asked: suite.pool.calls.length }
  }

  it('is refused without asking Cognito when any of it was changed', async () => {
    const { cognito, refreshToken, pool, asked } = await start()
    const [mark, name = '', mac = '', ...token] = refreshToken.split('.')
    const ben = Buffer.from(pool.users.find('ben@x.example')?.username ?? '').toString('base64url')
    const changed = [
      [mark, ben, mac, ...token],
      [mark, name, mac.replace(/./, (first) => (first === 'A' ? 'B' : 'A')), ...token],
      [mark, name, mac.slice(1), ...token],
      [mark, name, mac, ...token.slice(0, -1), 'AAAA'],
      [mark, name, mac],
    ].map((parts) => parts.join('.'))
    const steps = await Promise.all(changed.map((one) => cognito.refreshProvider.refresh({ token: one, request })))
    expect(steps).toEqual(changed.map(() => ({ outcome: 'refused' })))
    expect(await cognito.revoke(changed[0] ?? '')).toBe(false)
    expect(pool.calls).toHaveLength(asked)
  })

  it('is the only form that is accepted', async () => {
    const { cognito, refreshToken } = await start()
    expect(cognito.refreshProvider.accepts(refreshToken)).toBe(true)
    expect(cognito.refreshProvider.accepts(refreshToken.split('.').slice(3).join('.'))).toBe(false)
  })

  it('can be revoked', async () => {
    const { cognito, refreshToken } = await start()
    expect(await cognito.revoke(refreshToken)).toBe(true)
    expect((await cognito.refreshProvider.refresh({ token: refreshToken, request })).outcome).toBe('refused')
  })
})

describe('the shape', () => {
  it('of other tokens is not accepted, and nothing is asked', async () => {
    const { cognito, pool } = await startPool()
    const others = [
      '',
      'r1.1.f.0.mac',
      'opaque',
      'eyJ',
      'eyJhbGciOiJub25lIn0',
      'eyJ.a.b.c',
      'eyJ.a b.c.d.e',
      `eyJ${'x'.repeat(20_000)}.a.b.c.d`,
    ]
    expect(others.filter((token) => cognito.refreshProvider.accepts(token))).toEqual([])
    expect(cognito.refreshProvider.accepts('eyJjdHkiOiJKV1QifQ.a.b.c.d')).toBe(true)
    expect(pool.calls).toEqual([])
  })

  it('of a JWT is accepted from an emulator only: elsewhere it is an access token that somebody mistook', async () => {
    const { cognito } = await startPool()
    const real = createCognito({ userPoolId: 'eu-central-1_Test00000', clientId })
    onTestFinished(() => real.close())
    expect([cognito, real].map(({ refreshProvider }) => refreshProvider.accepts('eyJhbGciOiJSUzI1NiJ9.e30.c2ln'))).toEqual([true, false])
  })

  it('of any token is not accepted, where people get tokens of our own', async () => {
    const { cognito } = await startPool({ tokens: 'own' })
    expect(cognito.refreshProvider.accepts('eyJjdHkiOiJKV1QifQ.a.b.c.d')).toBe(false)
  })
})

describe('an app client with a secret', () => {
  it('proves it with the name that the pool gives, whatever name was typed', async () => {
    const { signIn, answer, code, cognito } = await startPool({ clientSecret }, { clients: [{ clientId, clientSecret }] })
    const answered = await answer(await signIn('BEN@x.example'), code())
    expect(answered.outcome).toBe('signed_in')
    expect((await cognito.refreshProvider.refresh({ token: issuedOf(answered).refreshToken, request })).outcome).toBe('signed_in')
  })

  it('may change the secret while the app runs', async () => {
    let current = 'before'
    const { signIn } = await startPool({ clientSecret: () => current }, { clients: [{ clientId, clientSecret }] })
    await expect(signIn('ann@x.example')).rejects.toThrow('authenticator_unavailable')
    current = clientSecret
    expect((await signIn('ann@x.example', password)).outcome).toBe('signed_in')
  })

  it.each([
    ['none is sent', undefined, clientSecret],
    ['none is wanted', clientSecret, undefined],
    ['another is sent', 'other', clientSecret],
  ])('that is set up wrongly is an outage, not a wrong password: %s', async (_how, ours, theirs) => {
    const client = { clientId, ...(theirs !== undefined && { clientSecret: theirs }) }
    const { signIn } = await startPool({ ...(ours !== undefined && { clientSecret: ours }) }, { clients: [client] })
    await expect(signIn('ann@x.example')).rejects.toThrow('authenticator_unavailable')
  })
})
