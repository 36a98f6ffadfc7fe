import { EventEmitter, once } from 'node:events'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { testKeys, tokenFactory } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { claimsOf } from './endpoint-setup.js'
import { start, statusEvents } from './token-status-setup.js'

describe('a refresh token that is revoked', () => {
  it('ends with its family and all access tokens of it, at every guard, and no other sign-in', async () => {
    const { register, signIn, refresh, revoke, admits } = start()
    const client = await register()
    const [first, other] = [await signIn(client), await signIn(client)]
    const second = (await refresh(client, first.refresh)).body
    const answer = await revoke({ token: second.refresh_token }, client.headers)
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store', pragma: 'no-cache' }, body: undefined })
    expect((await refresh(client, second.refresh_token)).body.error).toBe('invalid_grant')
    expect([await admits(first.access), await admits(second.access_token)]).toEqual(['revoked_token', 'revoked_token'])
    expect(await admits(other.access)).toBe('admitted')
    expect((await refresh(client, other.refresh)).status).toBe(200)
  })

  it('ends its family also if it is not the newest one', async () => {
    const { register, signIn, refresh, revoke, admits } = start()
    const client = await register()
    const { refresh: oldest } = await signIn(client)
    const newest = (await refresh(client, oldest)).body
    expect((await revoke({ token: oldest }, client.headers)).status).toBe(200)
    expect((await refresh(client, newest.refresh_token)).status).toBe(400)
    expect(await admits(newest.access_token)).toBe('revoked_token')
  })

  it('does not come back by a refresh that is under way', async () => {
    const stores = memoryStores()
    const signals = new EventEmitter()
    const rotated = once(signals, 'rotated')
    const rotate: Stores['families']['rotate'] = async (request) => {
      const rotation = await stores.families.rotate(request)
      if (signals.listenerCount('rotated') === 0) return rotation
      const released = once(signals, 'released')
      signals.emit('rotated')
      await released
      return rotation
    }
    const families = { ...stores.families, rotate }
    const { register, signIn, refresh, revoke, admits } = start({ tokens: { stores: { ...stores, families } }, allStores: stores })
    const client = await register()
    const { refresh: token } = await signIn(client)
    const underWay = refresh(client, token)
    await rotated
    expect((await revoke({ token }, client.headers)).status).toBe(200)
    signals.emit('released')
    const late = (await underWay).body
    expect(await admits(late.access_token)).toBe('revoked_token')
    expect((await refresh(client, late.refresh_token)).status).toBe(400)
  })

  it('of a public client is revoked by that client', async () => {
    const { register, signIn, revoke, admits } = start()
    const [client, stranger] = [
      await register({ authMethods: ['none'], grants: ['urn:x:person', 'refresh_token'] }),
      await register({ authMethods: ['none'], grants: ['urn:x:person', 'refresh_token'] }),
    ]
    const { access, refresh: token } = await signIn(client)
    expect(await revoke({ token, client_id: stranger.id })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await revoke({ token })).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(await admits(access)).toBe('admitted')
    expect((await revoke({ token, client_id: client.id })).status).toBe(200)
    expect(await admits(access)).toBe('revoked_token')
  })

  it('may be revoked again, also after its client was locked meanwhile', async () => {
    const { register, signIn, revoke, clients } = start()
    const events = statusEvents('countersign:token-revocation')
    const client = await register()
    const { refresh: token } = await signIn(client)
    for (let round = 0; round < 2; round++) expect((await revoke({ token }, client.headers)).status).toBe(200)
    const { refresh: ofBefore } = await signIn(client)
    await clients.lock(client.id)
    expect((await revoke({ token: ofBefore }, client.headers)).status).toBe(401)
    await clients.unlock(client.id)
    expect((await revoke({ token: ofBefore }, client.headers)).status).toBe(200)
    expect(events.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['revoked', undefined],
      ['ended', 'refresh_revoked'],
      ['locked_client', undefined],
      ['revoked', undefined],
    ])
  })

  it('writes to the denylist once, however often it is asked for', async () => {
    const { register, signIn, revoke, stores } = start()
    const client = await register()
    const { refresh: token } = await signIn(client)
    for (let round = 0; round < 5; round++) await revoke({ token }, client.headers)
    expect((await stores.revocations.since(undefined)).records).toHaveLength(1)
  })

  it('whose MAC is wrong makes no store work, and ends nothing', async () => {
    const { register, signIn, stores, refresh, clients } = start()
    const client = await register()
    const { refresh: token } = await signIn(client)
    const asked: string[] = []
    const families = new Proxy(stores.families, {
      get: (target, name, receiver) => {
        asked.push(String(name))
        return Reflect.get(target, name, receiver) as unknown
      },
    })
    const { revoke } = start({ revocation: { clients, stores: { ...stores, families } } })
    asked.length = 0
    const forged = [
      `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`,
      token.replace('.0.', '.1.'),
      'r1.',
      'r1.r.x.0.',
      `${token}.`,
    ]
    for (const one of forged) expect((await revoke({ token: one }, client.headers)).status).toBe(200)
    expect(asked).toEqual([])
    expect((await refresh(client, token)).status).toBe(200)
  })
})

describe('an access token that is revoked', () => {
  it('ends alone: others of the client and of its family stay alive', async () => {
    const { register, signIn, refresh, revoke, admits } = start()
    const client = await register()
    const { access, refresh: token } = await signIn(client)
    expect((await revoke({ token: access, token_type_hint: 'refresh_token' }, client.headers)).status).toBe(200)
    expect(await admits(access)).toBe('revoked_token')
    const next = await refresh(client, token)
    expect(await admits(next.body.access_token)).toBe('admitted')
  })

  it('is remembered until it has expired, and not longer', async () => {
    const { register, signIn, revoke, stores, clock } = start()
    const client = await register()
    const { access, refresh: token } = await signIn(client)
    for (const one of [access, token]) await revoke({ token: one }, client.headers)
    const { exp } = claimsOf(access)
    const { records } = await stores.revocations.since(undefined)
    const kept = records.map(({ entry, ttlMs }) => [entry.type, 'expiresAt' in entry && entry.expiresAt, ttlMs])
    const now = clock.now() / 1000
    expect(kept).toEqual([
      ['jti', exp, (900 + 3600) * 1000],
      ['family', now + 86_400, (86_400 + 3600) * 1000],
    ])
  })
})

describe("another client's token", () => {
  it('is refused and stays alive', async () => {
    const { register, signIn, refresh, revoke, admits } = start()
    const [client, stranger] = [await register(), await register()]
    const { access, refresh: token } = await signIn(client)
    for (const one of [access, token]) {
      const answer = await revoke({ token: one }, stranger.headers)
      expect([answer.status, answer.body?.error]).toEqual([400, 'invalid_grant'])
    }
    expect(await admits(access)).toBe('admitted')
    expect((await refresh(client, token)).status).toBe(200)
  })
})

describe("another tenant's refresh token", () => {
  it('is refused and stays alive, also where clients, stores and secrets are shared', async () => {
    const { register, signIn, refresh, stores, clients, admits } = start()
    const client = await register()
    const { access, refresh: token } = await signIn(client)
    const { revoke, introspect } = start({
      revocation: { issuer: 'https://other-tenant.example', clients, stores },
      introspection: { issuer: 'https://other-tenant.example', clients, stores },
    })
    expect((await introspect({ token }, client.headers)).body).toEqual({ active: false })
    expect(await revoke({ token }, client.headers)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await admits(access)).toBe('admitted')
    expect((await refresh(client, token)).status).toBe(200)
  })
})

describe('there is nothing to end', () => {
  it('of what was never a token, is none any more, or was not made by us: 200, and the event says why', async () => {
    const { register, signIn, revoke, clock, stores } = start()
    const events = statusEvents('countersign:token-revocation')
    const client = await register({ refresh: { policy: 'fixed', lifetimeSeconds: 1000 } })
    const { access, refresh: token } = await signIn(client)
    const forged = `${access.slice(0, -4)}AAAA`
    const foreign = await tokenFactory({ issuer: 'https://elsewhere.example', keys: [testKeys.es256] }).token()
    clock.advance(2000)
    for (const one of ['x', 'a.b.c', forged, foreign, access, token, 'r1.x', '\u0000', 'e'.repeat(20_000)])
      expect((await revoke({ token: one }, client.headers)).status).toBe(200)
    expect(events.map(({ reason }) => reason)).toEqual([
      'malformed',
      'malformed',
      'signature',
      'unknown_issuer',
      'expired',
      'refresh_gone',
      'refresh_malformed',
      'malformed',
      'too_large',
    ])
    expect((await stores.revocations.since(undefined)).records).toEqual([])
  })
})
