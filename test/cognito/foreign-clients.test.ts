import { createCognito } from '@countersign/cognito'
import { describe, expect, it } from 'vitest'
import { basic } from '../grants/endpoint-setup.js'
import { startGrant } from './grant-setup.js'

describe('a refresh token of a person', () => {
  it('is nothing to a client that signs no people in; the pool is not asked', async () => {
    const { suite, signIn, ask, pool } = await startGrant()
    const refresh = { grant_type: 'refresh_token', refresh_token: (await signIn('ann@x.example')).body.refresh_token }
    const before = pool.calls.length
    const machine = await suite.register({ grants: ['client_credentials', 'refresh_token'], refresh: { policy: 'rotating' } })
    const refused = await suite.ask(refresh, basic(machine.id, machine.secret))
    expect([refused.status, refused.body.error, pool.calls.length]).toEqual([400, 'invalid_grant', before])
    expect((await ask(refresh)).status).toBe(200)
  })

  it('stays with its app client: another pool setting of ours does not refresh it', async () => {
    const { signIn, cognito, pool } = await startGrant({}, { clients: [{ clientId: 'other-client' }] })
    const { refresh_token: token } = (await signIn('ann@x.example')).body
    const other = createCognito({ userPoolId: pool.userPoolId, clientId: 'other-client', endpoint: pool.url })
    const request = { method: 'POST', url: '/token', headers: {} }
    expect((await other.refreshProvider.refresh({ token, request })).outcome).toBe('refused')
    expect((await cognito.refreshProvider.refresh({ token, request })).outcome).toBe('signed_in')
    await other.close()
  })
})
