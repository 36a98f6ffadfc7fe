import type { RevocationEntry } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, jwtBearer, type RefreshPolicy, refreshToken, tokenExchange } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import { fixedClock, publicJwkOf, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { allowPeople, assertionSetup, basic, clientAssertionType, exchangeOf, issuer } from './assertion-setup.js'
import { claimsOf, guardOf } from './endpoint-setup.js'
import { heardEvents } from './outcomes.js'

const secrets = { current: { id: 'r', secret: 'k'.repeat(32) } }

/** A guard that hears at once what the registry and the clients announce. */
function start() {
  const clock = fixedClock()
  const { guard, revocations } = guardOf(clock)
  const stores = memoryStores({ now: clock.now })
  const { revoke } = stores.revocations
  const heard: RevocationEntry[] = []
  const announced: typeof revoke = async (entry, options) => {
    heard.push(entry)
    if (options?.reinstated) revocations.reinstate(entry)
    else revocations.revoke(entry)
    return revoke(entry, options)
  }
  Object.assign(stores.revocations, { revoke: announced })
  const registry = createKeyRegistry({ issuer, store: stores.keys, revocations: stores.revocations, now: clock.now })
  const grants = [clientCredentials(), tokenExchange({ policy: allowPeople, refreshTokens: true }), jwtBearer(), refreshToken({ secrets })]
  const suite = assertionSetup({ clock, allStores: stores, registry, grants })
  const admits = async (token: string) => (await guard.check({ headers: { authorization: `Bearer ${token}` } })).ok
  return { ...suite, admits, heard }
}

type Started = ReturnType<typeof start>

const rotating: RefreshPolicy = { policy: 'rotating' }
const fixed: RefreshPolicy = { policy: 'fixed', lifetimeSeconds: 3600 }

/** A client with two keys, and a family of refresh tokens that began with each. */
async function withChains(suite: Started, refresh: RefreshPolicy = rotating) {
  const client = await suite.keyed({ refresh, assertion: { mayOutlive: true } })
  await suite.registry.clientKeys.register({ owner: client.id, kid: 'k2', jwk: publicJwkOf(testKeys.es256, { kid: undefined }) })
  const headers = basic(client.id, client.secret)
  const one = (await suite.ask(exchangeOf(await suite.jwtOf(client.id)), headers)).body
  const two = (await suite.ask(exchangeOf(await suite.jwtOf(client.id, { kid: 'k2', key: testKeys.es256 })), headers)).body
  const refreshed = (refresh_token: string) => suite.ask({ grant_type: 'refresh_token', refresh_token }, headers)
  const outcome = (refresh_token: string) => suite.outcomeOf({ grant_type: 'refresh_token', refresh_token }, headers)
  return { client, headers, one, two, refreshed, outcome }
}

describe.each([rotating, fixed])('a revoked key, with $policy refresh tokens', (policy) => {
  it('ends the access tokens and the families that it began, at once and for good, and nothing else', async () => {
    const suite = start()
    const { client, headers, one, two, refreshed, outcome } = await withChains(suite, policy)
    const other = (await suite.ask({ grant_type: 'client_credentials' }, headers)).body
    const later = (await refreshed(one.refresh_token)).body
    const all = [one, later, two, other].map(({ access_token }) => access_token)
    expect(await Promise.all(all.map(suite.admits))).toEqual([true, true, true, true])
    await suite.registry.clientKeys.revoke(client.id, 'k1')
    expect(await Promise.all(all.map(suite.admits))).toEqual([false, false, true, true])
    for (let round = 0; round < 2; round++) expect(await outcome(later.refresh_token)).toBe('400 invalid_grant refresh_revoked')
    expect(await outcome(two.refresh_token)).toBe('200')
  })

  it('that was replaced under its name ends them too', async () => {
    const suite = start()
    const { one, outcome } = await withChains(suite, policy)
    const { find } = suite.registry.clientKeys
    Object.assign(suite.registry.clientKeys, {
      find: async (query: Parameters<typeof find>[0]) => {
        const answer = await find(query)
        return answer.ok ? { ok: true, key: { ...answer.key, thumbprint: 'another' } } : answer
      },
    })
    expect(await outcome(one.refresh_token)).toBe('400 invalid_grant refresh_revoked')
  })
})

describe('a key that', () => {
  it('merely expired or was retired ends nothing that it began', async () => {
    const suite = start()
    const { client, one, refreshed } = await withChains(suite)
    await suite.registry.clientKeys.retire(client.id, 'k1')
    const second = await refreshed(one.refresh_token)
    expect(second.status).toBe(200)
    expect(await suite.admits(second.body.access_token)).toBe(true)
    const short = await suite.keyed({ refresh: rotating, assertion: { mayOutlive: true } }, testKeys.es384)
    const expiresAt = suite.clock.now() / 1000 + 60
    const { es384Other: key } = testKeys
    await suite.registry.clientKeys.register({ owner: short.id, kid: 'short', jwk: publicJwkOf(key, { kid: undefined }), expiresAt })
    const headers = basic(short.id, short.secret)
    const { body } = await suite.ask(exchangeOf(await suite.jwtOf(short.id, { kid: 'short', key })), headers)
    suite.clock.advance(120)
    expect((await suite.ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token }, headers)).status).toBe(200)
  })

  it('is gone from where the client publishes its keys ends what it began', async () => {
    const suite = start()
    const { one, outcome } = await withChains(suite)
    Object.assign(suite.registry.clientKeys, { find: async () => ({ ok: false, reason: 'unknown' }) })
    expect(await outcome(one.refresh_token)).toBe('400 invalid_grant refresh_revoked')
  })

  it('cannot be asked about is an outage, and uses no refresh token up', async () => {
    const suite = start()
    const { one, outcome } = await withChains(suite, { policy: 'rotating', retryWindowSeconds: 0 })
    const { find } = suite.registry.clientKeys
    Object.assign(suite.registry.clientKeys, { find: async () => Promise.reject(new Error('down')) })
    expect(await outcome(one.refresh_token)).toBe('503 temporarily_unavailable unavailable')
    Object.assign(suite.registry.clientKeys, { find })
    expect(await outcome(one.refresh_token)).toBe('200')
  })

  it('is revoked while a request of it is under way gets no token', async () => {
    const suite = start()
    const { client, headers, one } = await withChains(suite)
    const { replay, families } = suite.stores
    const { claim } = replay
    Object.assign(replay, {
      claim: async (request: Parameters<typeof claim>[0]) => {
        const verdict = await claim(request)
        await suite.registry.clientKeys.revoke(client.id, 'k2')
        return verdict
      },
    })
    const token = await suite.jwtOf(client.id, { kid: 'k2', key: testKeys.es256 })
    expect(await suite.outcomeOf(exchangeOf(token), headers)).toBe('400 invalid_grant assertion_key_revoked')
    Object.assign(replay, { claim })
    const { rotate } = families
    Object.assign(families, {
      rotate: async (request: Parameters<typeof rotate>[0]) => {
        const rotation = await rotate(request)
        await suite.registry.clientKeys.revoke(client.id, 'k1')
        return rotation
      },
    })
    const refresh = { grant_type: 'refresh_token', refresh_token: one.refresh_token }
    expect(await suite.outcomeOf(refresh, headers)).toBe('400 invalid_grant assertion_key_revoked')
  })
})

describe('a client that signs', () => {
  it('loses tokens and families with the key that it authenticated with, and with the credential generation before a lock', async () => {
    const suite = start()
    const client = await suite.keyed({ authMethods: ['private_key_jwt'], refresh: rotating })
    await suite.registry.clientKeys.register({ owner: client.id, kid: 'k2', jwk: publicJwkOf(testKeys.es256, { kid: undefined }) })
    const authentication = async (kid: string) => {
      const key = kid === 'k1' ? testKeys.rs256 : testKeys.es256
      return {
        client_assertion: await suite.jwtOf(client.id, { kid, key, claims: { sub: client.id } }),
        client_assertion_type: clientAssertionType,
      }
    }
    const signIn = async (kid: string) => (await suite.ask({ grant_type: 'client_credentials', ...(await authentication(kid)) })).body
    const refresh = async (refresh_token: string, kid: string) =>
      suite.ask({ grant_type: 'refresh_token', refresh_token, ...(await authentication(kid)) })
    const [one, two] = [await signIn('k1'), await signIn('k2')]
    // Refreshed with the other key: owed to both.
    const crossed = (await refresh(two.refresh_token, 'k1')).body
    expect(claimsOf(crossed.access_token).client_key).toHaveLength(2)
    await suite.registry.clientKeys.revoke(client.id, 'k1')
    expect(await Promise.all([one, two, crossed].map(({ access_token }) => suite.admits(access_token)))).toEqual([false, true, false])
    expect((await refresh(one.refresh_token, 'k2')).body.error).toBe('invalid_grant')
    const last = (await refresh(crossed.refresh_token, 'k2')).body
    expect(await suite.admits(last.access_token)).toBe(true)
    await suite.clients.lock(client.id)
    await suite.clients.unlock(client.id)
    expect(await suite.admits(last.access_token)).toBe(false)
    expect((await refresh(last.refresh_token, 'k2')).body.error).toBe('invalid_grant')
    expect(await suite.admits((await signIn('k2')).access_token)).toBe(true)
  })
})

it('a replayed client assertion uses up no subject token that comes with it', async () => {
  const suite = start()
  const client = await suite.keyed({ authMethods: ['private_key_jwt'] })
  const authentication = async () => {
    const client_assertion = await suite.jwtOf(client.id, { claims: { sub: client.id } })
    return { client_assertion, client_assertion_type: clientAssertionType }
  }
  const first = await authentication()
  expect(await suite.outcomeOf({ grant_type: 'client_credentials', ...first })).toBe('200')
  const subject = exchangeOf(await suite.jwtOf(client.id))
  expect(await suite.outcomeOf({ ...subject, ...first })).toBe('401 invalid_client assertion_replayed')
  expect(await suite.outcomeOf({ ...subject, ...(await authentication()) })).toBe('200')
})

it('events name the key, of a client assertion and of a subject token, also if the request is refused', async () => {
  const heard = heardEvents()
  const suite = start()
  const client = await suite.keyed({ authMethods: ['private_key_jwt', 'client_secret_basic'] })
  const [key] = await suite.registry.clientKeys.list(client.id)
  const assertion = {
    client_assertion: await suite.jwtOf(client.id, { claims: { sub: client.id } }),
    client_assertion_type: clientAssertionType,
  }
  await suite.ask({ grant_type: 'client_credentials', scope: 'admin', ...assertion })
  await suite.ask(exchangeOf(await suite.jwtOf(client.id)), basic(client.id, client.secret))
  const bad = { ...assertion, client_assertion: await suite.jwtOf(client.id, { claims: { sub: client.id, aud: 'x' } }) }
  await suite.ask({ grant_type: 'client_credentials', ...bad })
  const stranger = { ...assertion, client_assertion: await suite.jwtOf('nobody', { claims: { sub: 'nobody' } }) }
  await suite.ask({ grant_type: 'client_credentials', ...stranger })
  expect(heard.map(({ outcome, clientId, key: thumbprint }) => [outcome, clientId, thumbprint])).toEqual([
    ['scope_not_allowed', client.id, key?.thumbprint],
    ['issued', client.id, key?.thumbprint],
    ['assertion_audience', client.id, undefined],
    ['unknown_client', undefined, undefined],
  ])
})

it('families that are owed to keys cannot be refreshed where there are none to ask about', async () => {
  const suite = start()
  const { headers, one } = await withChains(suite)
  const { clock, stores } = suite
  const without = assertionSetup({
    clock,
    allStores: stores,
    grants: [refreshToken({ secrets })],
    clientOptions: { clientKeys: undefined as never },
  })
  const refresh = { grant_type: 'refresh_token', refresh_token: one.refresh_token }
  await expect(without.ask(refresh, headers)).rejects.toThrow(TypeError)
})
