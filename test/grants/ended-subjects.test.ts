import type { RevocationEntry } from '@countersign/core'
import { createIntrospectionEndpoint } from '@countersign/grants'
import { fixedClock, publicJwkOf, testKeys } from '@countersign/testkit'
import { createVerifier, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { day, person, secrets, start } from './ended-subjects-setup.js'
import { audience, claimsOf, issuer } from './endpoint-setup.js'
import { outcomes } from './outcomes.js'

describe('the end of a subject', () => {
  it.each(['rotating', 'fixed'] as const)("ends its older refresh tokens (%s), and no newer ones and nobody else's", async (refresh) => {
    const { signIn, use, end, clock } = await start({ refresh })
    const [older, bobs] = [await signIn(), await signIn('bob')]
    clock.advance(5)
    await end()
    const heard = outcomes()
    expect((await use(older)).status).toBe(400)
    expect(heard()).toEqual(['refresh_revoked'])
    clock.advance(2)
    expect((await use(bobs)).status).toBe(200)
    expect((await use(await signIn())).status).toBe(200)
  })

  it('is remembered longer than the denylist has it', async () => {
    const { signIn, use, end, clock, revocations } = await start()
    const older = await signIn()
    clock.advance(5)
    await end()
    clock.advance(200 * day)
    await revocations.ready()
    expect((await use(older)).status).toBe(400)
  })

  it('counts where only the denylist has it, as long as that does', async () => {
    const { signIn, use, end, clock } = await start({ subjects: false })
    const older = await signIn()
    clock.advance(5)
    await end()
    expect((await use(older)).status).toBe(400)
  })

  it('of two the later one counts, and taking it back takes back both', async () => {
    const { signIn, use, end, clock, revocations } = await start({ refresh: 'fixed' })
    const older = await signIn()
    clock.advance(5)
    await end()
    await end({ notBefore: clock.now() / 1000 - 100 })
    expect((await use(older)).status).toBe(400)
    await revocations.reinstate({ type: 'subject', issuer, subject: 'ann', notBefore: clock.now() / 1000 })
    expect((await use(older)).status).toBe(200)
  })

  it('of another issuer is nothing to ours', async () => {
    const { signIn, use, end, clock } = await start()
    const older = await signIn()
    clock.advance(5)
    await end({ issuer: 'https://other.example' })
    expect((await use(older)).status).toBe(200)
  })

  it('is asked for once at a refresh, and not at all without a family', async () => {
    const { signIn, use, seen } = await start()
    const token = await signIn()
    expect(seen.reads).toBe(0)
    await use(token)
    expect(seen.reads).toBe(1)
  })

  it('is an outage where it cannot be told', async () => {
    const { signIn, use, seen } = await start()
    const token = await signIn()
    seen.isDown = true
    expect((await use(token)).status).toBe(503)
  })

  it('makes its refresh tokens inactive for introspection', async () => {
    const { signIn, end, clock, clients, stores, revocations, headers } = await start()
    const keys = { keys: [publicJwkOf(testKeys.es256)] }
    const verifier = createVerifier({ issuers: { own: staticKeys({ issuer, keys, algorithms: ['ES256'], audience }) }, revocations })
    const options = { issuer, clients, stores, verifier, refreshSecrets: secrets, revocations, audiencesOf: () => [], now: clock.now }
    const introspect = createIntrospectionEndpoint(options)
    const token = await signIn()
    const active = async (): Promise<unknown> => {
      const body = new URLSearchParams({ token }).toString()
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      const reply = await introspect({ method: 'POST', url: '/', headers: { ...type, ...headers }, body })
      return (JSON.parse(String(reply.body)) as { active: unknown }).active
    }
    expect(await active()).toBe(true)
    clock.advance(5)
    await end()
    expect(await active()).toBe(false)
  })
})

describe('a token that no guard would take is not issued', () => {
  it('in the second of the end of its subject: 503, and a token a moment later', async () => {
    const { ask, headers, end, clock } = await start()
    await end()
    const again = await ask({ grant_type: person.type, user: 'ann' }, headers)
    expect([again.status, again.headers['retry-after']]).toEqual([503, '1'])
    clock.advance(1)
    expect((await ask({ grant_type: person.type, user: 'ann' }, headers)).status).toBe(200)
  })

  it('while its subject is ended until a time to come', async () => {
    const { ask, headers, end, clock } = await start()
    await end({ notBefore: clock.now() / 1000 + 3600 })
    const heard = outcomes()
    expect((await ask({ grant_type: person.type, user: 'ann' }, headers)).body.error).toBe('invalid_grant')
    expect(heard()).toEqual(['inactive_subject'])
  })

  it('to a client that is on the denylist', async () => {
    const { ask, headers, client, revocations } = await start()
    await revocations.revoke({ type: 'client', issuer, clientId: client.id })
    const heard = outcomes()
    expect((await ask({ grant_type: 'client_credentials' }, headers)).status).toBe(401)
    expect(heard()).toEqual(['locked_client'])
  })

  it('with a key that was revoked and that is the only one: 503', async () => {
    const { ask, headers, revocations } = await start()
    await revocations.revoke({ type: 'signing_key', issuer, kid: testKeys.es256.kid })
    const refusal = await ask({ grant_type: 'client_credentials' }, headers)
    expect([refusal.status, refusal.headers['retry-after']]).toEqual([503, '1'])
  })

  it('from before the memory of the denylist: 503', async () => {
    const { ask, headers, clock } = await start()
    clock.advance(-10)
    expect((await ask({ grant_type: 'client_credentials' }, headers)).status).toBe(503)
  })

  it('and no refresh token is begun for it', async () => {
    const { ask, headers, end, stores } = await start()
    await end()
    const begun: unknown[] = []
    Object.assign(stores.families, { create: async (family: unknown) => void begun.push(family) })
    expect((await ask({ grant_type: person.type, user: 'ann' }, headers)).status).toBe(503)
    expect(begun).toEqual([])
  })
})

describe('a refresh while its subject is revoked', () => {
  /** The status of a subject takes a second to be kept, in which its refresh token is used. */
  async function refreshedMeanwhile(changes: Partial<RevocationEntry> = {}) {
    const suite = await start()
    const token = await suite.signIn()
    suite.clock.advance(5)
    const refreshed: string[] = []
    suite.seen.beforePut = async () => {
      suite.clock.advance(1)
      refreshed.push((await suite.use(token)).body.access_token)
    }
    await suite.end(changes)
    const [accessToken = ''] = refreshed
    const claims = claimsOf(accessToken)
    const query = { issuer, kid: undefined, thumbprint: undefined, jti: undefined, clientId: undefined, clientKeys: [] }
    const reason = await suite.revocations.check({ ...query, subject: String(claims.sub), issuedAt: Number(claims.iat) })
    return { ...suite, iat: Number(claims.iat), reason }
  }

  it('gives an access token that ends with it, though it is newer', async () => {
    const { clock, iat, reason } = await refreshedMeanwhile()
    expect([iat, reason]).toEqual([Math.floor(clock.now() / 1000), 'revoked_subject'])
  })

  it('ends no more than was asked for, where that was some time ago', async () => {
    const { reason } = await refreshedMeanwhile({ notBefore: Math.floor(fixedClock().now() / 1000) + 2 })
    expect(reason).toBeUndefined()
  })
})
