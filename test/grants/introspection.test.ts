import { refuse } from '@countersign/core'
import { testKeys, tokenFactory } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { audience, claimsOf, issuer } from './endpoint-setup.js'
import { otherAudience, type Registered, start, statusEvents, type Trial } from './token-status-setup.js'

const inactive = { active: false }

/** A client with a token of a person, and the resource server that the token is for. */
async function trial(options: Parameters<typeof start>[0] = {}, changes: Parameters<Trial['register']>[0] = {}) {
  const suite = start(options)
  const client = await suite.register({ audiences: [audience, otherAudience], ...changes })
  // Its title says what it answers for.
  const api = await suite.register({ title: audience })
  const tokens = await suite.signIn(client, { scope: 'read' })
  const about = async (token: string, caller: Registered = api) => (await suite.introspect({ token }, caller.headers)).body
  return { ...suite, client, api, tokens, about }
}

describe('an active access token', () => {
  it('is told of as it is, and of nothing else', async () => {
    const { introspect, api, client, tokens, clock } = await trial()
    const { status, headers, body } = await introspect({ token: tokens.access }, api.headers)
    const now = clock.now() / 1000
    expect([status, headers['cache-control'], headers['content-type']]).toEqual([200, 'no-store', 'application/json'])
    expect(body).toEqual({
      active: true,
      token_type: 'Bearer',
      iss: issuer,
      sub: 'person-1',
      aud: audience,
      client_id: client.id,
      scope: 'read',
      exp: now + 900,
      iat: now,
      jti: claimsOf(tokens.access).jti,
      auth_time: now - 5,
      amr: ['pwd', 'otp'],
      acr: 'aal2',
    })
  })

  it('of a client has no words about a person; further claims are shown if they are named', async () => {
    const claims = () => ({ department: 'd1', secret: 's' })
    const { ask, api, client, about } = await trial({ tokens: { claims }, introspection: { claims: ['department', 'absent'] } })
    const { body } = await ask({ grant_type: 'client_credentials' }, client.headers)
    const told = await about(body.access_token, api)
    expect(Object.keys(told ?? {}).sort()).toEqual(
      ['active', 'token_type', 'iss', 'sub', 'aud', 'client_id', 'scope', 'exp', 'iat', 'jti', 'department'].sort(),
    )
  })

  it('is shown to its own client, to whom its audience belongs, and by policy', async () => {
    const gateway = { id: '' }
    const mayIntrospect = async (caller: { readonly id: string }, { subject }: { readonly subject: string | undefined }) =>
      caller.id === gateway.id && subject === 'person-1'
    const { register, client, api, tokens, about } = await trial({ introspection: { mayIntrospect } })
    const [other, nobody, any] = [await register({ title: otherAudience }), await register(), await register()]
    gateway.id = any.id
    const seen = await Promise.all([client, api, any, other, nobody].map(async (caller) => (await about(tokens.access, caller))?.active))
    expect(seen).toEqual([true, true, true, false, false])
  })

  it('for several audiences is shown to each of them', async () => {
    const { register, ask, client, about, api } = await trial()
    const other = await register({ title: otherAudience })
    const both = new URLSearchParams([
      ['grant_type', 'client_credentials'],
      ['resource', audience],
      ['resource', otherAudience],
    ])
    const { body } = await ask(both as never, client.headers)
    for (const caller of [api, other]) expect((await about(body.access_token, caller))?.aud).toEqual([audience, otherAudience])
  })

  it('is not shown to whom a longer audience belongs, said in one text', async () => {
    const { register, tokens, introspect } = await trial({ introspection: { audiencesOf: () => 'https://api.example.org' as never } })
    const { headers } = await register()
    await expect(introspect({ token: tokens.access }, headers)).rejects.toThrow(TypeError)
  })

  it('is shown to nobody by a policy that answers something else than true', async () => {
    for (const answer of [undefined, 1, 'yes', {}]) {
      const { register, tokens, about } = await trial({
        introspection: { mayIntrospect: () => answer as never, audiencesOf: () => undefined },
      })
      expect(await about(tokens.access, await register())).toEqual({ active: false })
    }
  })
})

describe('a token is inactive, in the same words,', () => {
  it.each<[string, (one: Awaited<ReturnType<typeof trial>>) => unknown, string]>([
    ['when it expired', ({ clock }) => clock.advance(900), 'expired'],
    ['when it was revoked', ({ revoke, tokens, client }) => revoke({ token: tokens.access }, client.headers), 'revoked_token'],
    ['when its family was revoked', ({ revoke, tokens, client }) => revoke({ token: tokens.refresh }, client.headers), 'revoked_token'],
    [
      'when its family was revoked, and no guard was told',
      ({ stores, tokens }) => stores.families.revoke(tokens.refresh.split('.')[2] ?? '', 'reused'),
      'refresh_revoked',
    ],
    ['when its client is locked', ({ clients, client }) => clients.lock(client.id), 'locked_client'],
    [
      'when its client was locked and unlocked',
      async ({ clients, client }) => [await clients.lock(client.id), await clients.unlock(client.id)],
      'revoked_key',
    ],
    ['when its client is gone', ({ clients, client }) => clients.remove(client.id), 'unknown_client'],
    ['when its secret was revoked', ({ clients, client }) => clients.revokeSecret(client.id, client.secretId), 'revoked_key'],
  ])('%s', async (_when, happens, reason) => {
    const one = await trial()
    const events = statusEvents('countersign:introspection')
    expect((await one.about(one.tokens.access))?.active).toBe(true)
    await happens(one)
    expect(await one.about(one.tokens.access)).toEqual(inactive)
    expect(events.map(({ outcome, reason: why }) => [outcome, why])).toEqual([
      ['active', undefined],
      ['inactive', reason],
    ])
  })

  it('when its subject ended', async () => {
    const ended = new Set<string>()
    const isActive = ({ subject }: { readonly subject: string }) => !ended.has(subject)
    const { tokens, about, client } = await trial({ introspection: { isActive } })
    expect([(await about(tokens.access))?.active, (await about(tokens.refresh, client))?.active]).toEqual([true, true])
    ended.add('person-1')
    expect([await about(tokens.access), await about(tokens.refresh, client)]).toEqual([{ active: false }, { active: false }])
  })

  it('when it is none, or none of ours', async () => {
    const { tokens, introspect, api, client, clock } = await trial()
    const events = statusEvents('countersign:introspection')
    const elsewhere = tokenFactory({ issuer: 'https://elsewhere.example', keys: [testKeys.es256], now: clock.now })
    const forger = tokenFactory({ issuer, audience, keys: [testKeys.es256Other], now: clock.now })
    const own = tokenFactory({ issuer, audience, keys: [testKeys.es256], now: clock.now })
    const header = { typ: 'at+jwt' }
    for (const token of [
      'x',
      `${tokens.access.slice(0, -4)}AAAA`,
      await elsewhere.token(),
      await forger.token({ header, kid: testKeys.es256.kid }),
      // signed by us, and yet no access token of the endpoint
      await own.token({ header: { typ: 'JWT' } }),
      await own.token({ header }),
      await own.token({ header, claims: { client_id: api.id } }),
      await own.token({ header, claims: { client_id: api.id, client_credential: `client:${client.id}:x` } }),
      await own.token({ header, claims: { client_id: 'toString' } }),
      await own.token({ header, claims: { client_id: api.id, aud: 'https://elsewhere.example' } }),
    ])
      expect((await introspect({ token }, api.headers)).body).toEqual(inactive)
    expect(events.map(({ reason }) => reason)).toEqual([
      'malformed',
      'signature',
      'unknown_issuer',
      'signature',
      'token_type',
      'unknown_client',
      'revoked_key',
      'revoked_key',
      'unknown_client',
      'audience',
    ])
  })

  it('when another issuer, whom the verifier trusts too, made it', async () => {
    const auth: { issuer: string; claims: object } = { issuer: 'https://partner.example', claims: {} }
    const verifier = { verify: async () => ({ ok: true, auth: { ...auth, clientId: 'c1', scopes: [], expiresAt: 4e9 } as never }) as const }
    const { introspect, revoke, register, clients } = await trial({ introspection: { verifier }, revocation: { verifier } })
    // A client of the same name, and whatever else our own tokens say.
    const { headers } = await register({ id: 'c1' })
    const client_credential = `client:c1:${(await clients.find('c1'))?.credentialGeneration}`
    const says = (iss: string) =>
      Object.assign(auth, { claims: { iss, aud: audience, client_id: 'c1', sub: 'c1', jti: 'j', client_credential } })
    const about = async () => [
      (await introspect({ token: 'x' }, headers)).body?.active,
      (await revoke({ token: 'x' }, headers)).body?.error,
    ]
    says('https://partner.example')
    expect(await about()).toEqual([false, 'unsupported_token_type'])
    says(issuer)
    expect(await about()).toEqual([true, undefined])
  })

  it('when the denylist may have forgotten that it was revoked', async () => {
    const verifier = { verify: async () => ({ ok: false as const, refusal: refuse('unprovable') }) }
    const { introspect, api, tokens } = await trial({ introspection: { verifier } })
    expect((await introspect({ token: tokens.access }, api.headers)).body).toEqual(inactive)
  })
})

it('nothing of a token is in an answer or an event before it is verified', async () => {
  const { introspect, revoke, api, tokens } = await trial()
  const heard = [statusEvents('countersign:introspection'), statusEvents('countersign:token-revocation')]
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forged = `${part({ alg: 'none' })}.${part({ ...claimsOf(tokens.access), sub: 'mallory', jti: 'mallory' })}.`
  for (const token of [forged, 'r1.r.mallory.0.x']) {
    for (const ask of [introspect, revoke]) expect(JSON.stringify(await ask({ token }, api.headers))).not.toContain('mallory')
  }
  expect(heard.map((events) => events.length)).toEqual([2, 2])
  expect(JSON.stringify(heard)).not.toContain('mallory')
})
