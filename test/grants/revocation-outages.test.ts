import { refuse, type Stores, Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { start } from './token-status-setup.js'

describe('what may be alive after all is no success', () => {
  it.each(['audience', 'token_type', 'issued_in_future', 'schema'] as const)('a token that the verifier refuses for %s', async (reason) => {
    const { register, signIn, revoke } = start({
      revocation: { verifier: { verify: async () => ({ ok: false, refusal: refuse(reason) }) } },
    })
    const client = await register()
    const { access } = await signIn(client)
    const answer = await revoke({ token: access }, client.headers)
    expect([answer.status, answer.body?.error]).toEqual([400, 'unsupported_token_type'])
  })

  it('nor what the denylist may have forgotten, a token of a provider, or a refresh token where there are none', async () => {
    const unprovable = { verify: async () => ({ ok: false as const, refusal: refuse('unprovable') }) }
    const { register, signIn, revoke, clients } = start({
      revocation: { verifier: unprovable, providers: [{ accepts: (token) => token === 'pool' }] },
    })
    const client = await register()
    const { access, refresh: token } = await signIn(client)
    expect((await revoke({ token: access }, client.headers)).status).toBe(503)
    expect((await revoke({ token: 'pool' }, client.headers)).body?.error).toBe('unsupported_token_type')
    const without = start({ revocation: { clients, refreshSecrets: undefined as never } })
    expect((await without.revoke({ token }, client.headers)).body?.error).toBe('unsupported_token_type')
  })
})

describe('in an outage', () => {
  const down = async (): Promise<never> => {
    throw new Error('down')
  }

  it.each<[string, (stores: Stores) => object, 'access' | 'refresh']>([
    ['of the denylist, for a refresh token', () => ({ revocations: { revoke: down } }), 'refresh'],
    ['of the denylist, for an access token', () => ({ revocations: { revoke: down } }), 'access'],
    ['of a denylist that throws', () => ({ revocations: { revoke: () => down() } }), 'access'],
    ['of the families', (stores) => ({ stores: { ...stores, families: { ...stores.families, find: down } } }), 'refresh'],
    ['that comes half-way', (stores) => ({ stores: { ...stores, families: { ...stores.families, revoke: down } } }), 'refresh'],
    ['of the keys', () => ({ verifier: { verify: () => Promise.reject(new Unavailable('key_source_unavailable')) } }), 'access'],
    ['of the counters', (stores) => ({ stores: { ...stores, attempts: { ...stores.attempts, reserve: down } } }), 'access'],
  ])('%s the answer is 503, and the next try works', async (_what, broken, kind) => {
    const stores = memoryStores()
    const good = start({ allStores: stores })
    const client = await good.register()
    const pair = await good.signIn(client)
    const { revoke } = start({ allStores: stores, revocation: { clients: good.clients, ...broken(stores) } })
    const answer = await revoke({ token: pair[kind] }, client.headers)
    expect([answer.status, answer.headers['retry-after'], answer.body?.error]).toEqual([503, '1', 'temporarily_unavailable'])
    expect((await good.revoke({ token: pair[kind] }, client.headers)).status).toBe(200)
    expect(await good.admits(pair.access)).toBe('revoked_token')
  })
})
