import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, type Grant, type RefreshPolicy, refreshToken, tokenExchange } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import { fixedClock } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { accessTokenType, allowPeople, assertionSetup, exchange, exchangeOf } from './assertion-setup.js'
import { basic, claimsOf, guardOf, issuer } from './endpoint-setup.js'

const secrets = { current: { id: 'r', secret: randomBytes(32) } }
const policies: readonly RefreshPolicy[] = [
  { policy: 'rotating', retryWindowSeconds: 0 },
  { policy: 'fixed', lifetimeSeconds: 3600 },
]

/** Announces families that ended to a guard. */
function start(policy = allowPeople, further: readonly Grant[] = []) {
  const clock = fixedClock()
  const stores = memoryStores({ now: clock.now })
  const registry = createKeyRegistry({ issuer, store: stores.keys, revocations: stores.revocations, now: clock.now })
  const { guard, revocations } = guardOf(clock)
  const trusted = { verifier: guard.verifier, audiences: ['https://api.example'] }
  const grants = [clientCredentials(), refreshToken({ secrets }), tokenExchange({ policy, refreshTokens: true, trusted }), ...further]
  const suite = assertionSetup({ clock, allStores: stores, registry, grants, revocations })
  const admits = async (token: string) => (await guard.check({ headers: { authorization: `Bearer ${token}` } })).ok
  return { ...suite, registry, revocations, admits }
}

describe.each(policies)('a family, with $policy refresh tokens,', (refresh) => {
  it('whose key is away for a while is refused for a while, and neither it nor its access tokens end', async () => {
    const { keyed, jwtOf, ask, outcomeOf, registry, admits } = start()
    const client = await keyed({ refresh, assertion: { mayOutlive: true } })
    const headers = basic(client.id, client.secret)
    const one = (await ask(exchangeOf(await jwtOf(client.id)), headers)).body
    const use = { grant_type: 'refresh_token', refresh_token: one.refresh_token }
    const { find } = registry.clientKeys
    Object.assign(registry.clientKeys, { find: async () => ({ ok: false, reason: 'unknown' }) })
    for (let round = 0; round < 5; round += 1) expect(await outcomeOf(use, headers)).toBe('400 invalid_grant refresh_revoked')
    expect(await admits(one.access_token)).toBe(true)
    Object.assign(registry.clientKeys, { find })
    expect(await admits((await ask(use, headers)).body.access_token)).toBe(true)
  })

  it.each<[string, object, object]>([
    ['grant', { grants: ['refresh_token'] }, { grants: ['client_credentials', 'refresh_token'] }],
    ['audience', { audiences: ['https://elsewhere.example'] }, { audiences: undefined }],
  ])('of a client whose %s is taken, and given back, goes on where it was', async (_what, taken, given) => {
    const { register, clients, ask, outcomeOf, admits } = start()
    const { id, secret } = await register({ refresh })
    const one = (await ask({ grant_type: 'client_credentials' }, basic(id, secret))).body
    const use = { grant_type: 'refresh_token', refresh_token: one.refresh_token }
    await clients.update(id, taken)
    expect(await outcomeOf(use, basic(id, secret))).toBe('400 invalid_grant refresh_revoked')
    expect(await admits(one.access_token)).toBe(true)
    await clients.update(id, given)
    const again = await ask(use, basic(id, secret))
    expect(again.status).toBe(200)
    expect(await admits(again.body.access_token)).toBe(true)
  })

  it('of a grant that says until when gives nothing afterwards', async () => {
    const untilSoon: Grant = {
      type: 'urn:x:soon',
      validate: async ({ scopes, audiences, now }) => ({
        ok: true,
        granted: {
          ok: true,
          subject: 'person-1',
          isPerson: true,
          scopes,
          audiences,
          expiresAt: now + 60,
        },
      }),
    }
    const { register, ask, outcomeOf, clock } = start(allowPeople, [untilSoon])
    const { id, secret } = await register({ grants: ['urn:x:soon', 'refresh_token'], refresh })
    const { body } = await ask({ grant_type: 'urn:x:soon' }, basic(id, secret))
    const use = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    clock.advance(60)
    expect(await outcomeOf(use, basic(id, secret))).toBe('400 invalid_grant refresh_gone')
  })

  it('is not left by exchanging one of its access tokens for a family of its own', async () => {
    const { register, ask, revocations, admits, clock } = start(() => ({ allow: true, isPerson: false }))
    const grants = ['client_credentials', exchange, 'refresh_token']
    const { id, secret } = await register({ grants, refresh, assertion: { mayOutlive: true } })
    const one = (await ask({ grant_type: 'client_credentials' }, basic(id, secret))).body
    const parameters = { grant_type: exchange, subject_token: one.access_token, subject_token_type: accessTokenType }
    const derived = (await ask(parameters, basic(id, secret))).body
    const { refresh_family: family } = claimsOf(one.access_token)
    expect([claimsOf(derived.access_token).refresh_family, derived.refresh_token]).toEqual([family, undefined])
    expect(await admits(derived.access_token)).toBe(true)
    revocations.revoke({ type: 'family', issuer, family: String(family), expiresAt: clock.now() / 1000 + 3600 })
    expect(await admits(derived.access_token)).toBe(false)
  })
})
