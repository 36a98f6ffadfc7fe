import { createHmac } from 'node:crypto'
import type { RotatingSecrets } from '@countersign/core'
import { clientCredentials, refreshToken } from '@countersign/grants'
import { describe, expect, it } from 'vitest'
import { basic, setup } from './endpoint-setup.js'

const good = (): RotatingSecrets => ({ current: { id: '1', secret: 'a'.repeat(32) } })

/** What a function for secrets may do later. */
const failures: readonly [string, () => RotatingSecrets][] = [
  [
    'that throws',
    () => {
      throw new Error('the key service is down: s3cret')
    },
  ],
  ['that returns an empty secret', () => ({ current: { id: '1', secret: '' } })],
  ['that returns a short secret', () => ({ current: { id: '1', secret: 'short' } })],
  ['that returns nothing', () => undefined as never],
  ['that returns one id twice', () => ({ ...good(), previous: [{ id: '1', secret: 'b'.repeat(32) }] })],
]

const unavailable = { status: 503, body: { error: 'temporarily_unavailable' } }

describe.each(failures)('a function for secrets %s', (_what, failing) => {
  it('is an outage where it gives the pepper, and the same request works afterwards', async () => {
    const state = { read: good }
    const { ask, register } = setup({ clientOptions: { pepper: () => state.read() } })
    const { id, secret } = await register()
    state.read = failing
    const answer = await ask({ grant_type: 'client_credentials' }, basic(id, secret))
    expect(answer).toMatchObject(unavailable)
    expect(JSON.stringify(answer)).not.toContain('s3cret')
    expect(answer.headers['retry-after']).toBeDefined()
    state.read = good
    expect((await ask({ grant_type: 'client_credentials' }, basic(id, secret))).status).toBe(200)
  })

  it('is an outage where it gives the secret of refresh tokens, and uses nothing up', async () => {
    const state = { read: good }
    const grants = [clientCredentials(), refreshToken({ secrets: () => state.read() })]
    const { ask, register } = setup({ grants })
    const { id, secret } = await register({ refresh: { policy: 'rotating' } })
    const first = await ask({ grant_type: 'client_credentials' }, basic(id, secret))
    state.read = failing
    const signed = 'r1.1.AAAAAAAAAAAAAAAAAAAAAA.0'
    const forged = `${signed}.${createHmac('sha256', '').update(`countersign refresh token\0${signed}`).digest('base64url')}`
    for (const refresh_token of [String(first.body.refresh_token ?? forged), forged])
      expect(await ask({ grant_type: 'refresh_token', refresh_token }, basic(id, secret))).toMatchObject(unavailable)
  })
})
