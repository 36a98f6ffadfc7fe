import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import { type CognitoOptions, createCognito } from '@countersign/cognito'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startPool } from './pool-setup.js'

const good = { userPoolId: 'eu-central-1_Test00000', clientId: 'test-client' }
const client = { send: () => Promise.reject(new Error('not asked')) } as unknown as NonNullable<CognitoOptions['client']>

describe('the start ends with a TypeError for', () => {
  it.each<readonly [string, object]>([
    ['no pool', { userPoolId: undefined }],
    ['a pool without its region', { userPoolId: 'Test00000' }],
    ['no app client', { clientId: '' }],
    ['an empty secret', { clientSecret: '' }],
    ['a plain address beyond loopback', { endpoint: 'http://cognito.example:9229' }],
    ['an address that is none', { endpoint: 'cognito' }],
    ['a client that is none', { client: {} }],
    ['a client and a region', { client, region: 'eu-central-1' }],
    ['a client and an address', { client, endpoint: 'https://cognito.example' }],
    ['no time', { timeoutMs: 0 }],
    ['endless sessions', { sessionLifetimeSeconds: Number.NaN }],
    ['tokens of somebody else', { tokens: 'other' }],
    ['another refresh', { refreshWith: 'other' }],
    ['a factor that is none', { preferredFactors: ['EMAIL_OTP'] }],
  ])('%s', (_what, changes) => {
    expect(() => createCognito({ ...good, ...changes })).toThrow(TypeError)
  })

  it('nothing that is right', async () => {
    const rights: readonly Partial<CognitoOptions>[] = [
      {},
      { region: 'us-east-1' },
      { endpoint: 'http://cognito.example:9229', allowInsecure: true },
      { client },
      { clientSecret: () => 'x', preferredFactors: ['sms_otp'] },
    ]
    for (const right of rights) await createCognito({ ...good, ...right }).close()
  })
})

it('a client of the host is used, and stays open', async () => {
  const { pool } = await startPool()
  const own = new CognitoIdentityProviderClient({ region: 'eu-central-1', endpoint: pool.url, maxAttempts: 1 })
  onTestFinished(() => own.destroy())
  const { signIn, cognito, pool: other } = await startPool({ client: own })
  const ended: string[] = []
  own.destroy = () => void ended.push('destroyed')
  expect((await signIn('ann@x.example')).outcome).toBe('signed_in')
  await cognito.close()
  expect([pool.calls.length, other.calls.length, ended]).toEqual([1, 0, []])
})
