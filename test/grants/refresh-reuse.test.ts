import { type Stores, Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { claimsOf } from './endpoint-setup.js'
import { start } from './token-status-setup.js'

describe('a refresh token that is used twice', () => {
  it('takes the access tokens of its family along, and of no other', async () => {
    const { stores, denied } = await reuse()
    expect(denied).toEqual(['revoked_token', 'revoked_token', 'admitted'])
    expect((await stores.revocations.since(undefined)).records).toHaveLength(1)
  })

  it('is 503 while that cannot be announced, and announced by the next use', async () => {
    const state = { isDown: true }
    const { denied, again } = await reuse(state)
    expect(denied).toEqual(['admitted', 'admitted', 'admitted'])
    expect(again.status).toBe(503)
    for (let round = 0; round < 5; round++) expect((await again.retry()).status).toBe(503)
    state.isDown = false
    expect((await again.retry()).status).toBe(400)
    expect(await again.denied()).toEqual(['revoked_token', 'revoked_token', 'admitted'])
  })

  it('is announced by a revocation, where nothing else has announced it', async () => {
    const state = { isDown: true }
    const { revoke, client, first, again } = await reuse(state)
    expect((await revoke({ token: first.refresh }, client.headers)).status).toBe(200)
    expect(await again.denied()).toEqual(['revoked_token', 'revoked_token', 'admitted'])
  })

  it('fills no denylist however often it is tried', async () => {
    const { again, stores } = await reuse()
    for (let round = 0; round < 20; round++) expect((await again.retry()).status).toBe(400)
    expect((await stores.revocations.since(undefined)).records.length).toBeLessThan(6)
  })
})

async function reuse(state = { isDown: false }) {
  const stores = memoryStores()
  const { revocations } = stores
  const revoke: typeof revocations.revoke = async (...entry) => {
    if (state.isDown) throw new Error('down')
    return revocations.revoke(...entry)
  }
  const trial = start({ allStores: stores, tokens: { revocations: { revoke } } })
  const client = await trial.register({ refresh: { policy: 'rotating', retryWindowSeconds: 0 } })
  const [first, other] = [await trial.signIn(client), await trial.signIn(client)]
  const second = (await trial.refresh(client, first.refresh)).body
  const { status } = await trial.refresh(client, first.refresh)
  const admitted = () => Promise.all([first.access, second.access_token, other.access].map(trial.admits))
  const again = { status, retry: () => trial.refresh(client, first.refresh), denied: admitted }
  return { ...trial, client, first, stores, denied: await admitted(), again }
}

describe('an access token that comes with a refresh token', () => {
  it('names its family, and lives a day at most', async () => {
    const { register, signIn, ask, refresh } = start({ tokens: { accessTokenLifetimeSeconds: 100_000 } })
    const client = await register()
    const pair = await signIn(client)
    const next = await refresh(client, pair.refresh)
    const family = pair.refresh.split('.')[2]
    for (const token of [pair.access, next.body.access_token]) {
      const { exp, iat, refresh_family: named } = claimsOf(token)
      expect([Number(exp) - Number(iat), named]).toEqual([86_400, family])
    }
    expect(next.body.expires_in).toBe(86_400)
    const alone = await register({ refresh: { policy: 'none' } })
    const { body } = await ask({ grant_type: 'client_credentials' }, alone.headers)
    expect([body.expires_in, 'refresh_family' in claimsOf(body.access_token)]).toEqual([100_000, false])
  })

  it('is not begun where nothing can be signed', async () => {
    const broken = { kid: 'k', algorithm: 'ES256' as const, sign: () => Promise.reject(new Unavailable('key_source_unavailable')) }
    const stores = memoryStores()
    const created: string[] = []
    const create: Stores['families']['create'] = async (record) => {
      created.push(record.family)
      return stores.families.create(record)
    }
    const options = { signer: { current: () => broken }, stores: { ...stores, families: { ...stores.families, create } } }
    const { register, ask } = start({ tokens: options, allStores: stores })
    const client = await register()
    expect((await ask({ grant_type: 'urn:x:person' }, client.headers)).status).toBe(503)
    expect(created).toEqual([])
  })
})
