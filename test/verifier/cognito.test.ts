import type { Fetch } from '@countersign/core'
import { createFakeCognito, type FakeCognito, testKeys } from '@countersign/testkit'
import { type CognitoOptions, cognito, createGuard, createRevocations, requireScopes } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { answerTo, bearer, recorded } from './guard-setup.js'

async function startPool(region = 'eu-central-1'): Promise<FakeCognito> {
  const pool = await createFakeCognito({ region })
  onTestFinished(() => pool.close())
  return pool
}

function guardOf(pool: FakeCognito, options: Partial<CognitoOptions<'access' | 'id'>> = {}, others: object = {}) {
  const entry = cognito({ userPoolId: pool.userPoolId, clientId: pool.clientId, endpoint: pool.url, ...options })
  const guard = createGuard({ issuers: { entry }, ...others })
  onTestFinished(() => guard.close())
  return guard
}

describe('a pool', () => {
  it('is believed under both forms of its issuer, with the keys of one emulator', async () => {
    const pool = await startPool()
    const guard = guardOf(pool)
    expect(guard.verifier.issuers()).toEqual([pool.issuer, pool.otherIssuer])
    expect(pool.issuer).toBe(`https://cognito-idp.eu-central-1.amazonaws.com/${pool.userPoolId}`)
    expect(await answerTo(guard, await pool.accessToken())).toBe('200 entry')
    expect(await answerTo(guard, await pool.accessToken({ claims: { iss: pool.otherIssuer } }))).toBe('200 entry')
    expect(pool.fetches.jwks).toBe(1)
    expect(pool.requests[0]?.url).toBe(`/${pool.userPoolId}/.well-known/jwks.json`)
  })

  it.each([
    (pool: FakeCognito) => `${pool.issuer}/`,
    (pool: FakeCognito) => `${pool.url}/${pool.userPoolId}`,
    (pool: FakeCognito) => pool.issuer.replace('eu-central-1.', 'us-east-1.'),
    (pool: FakeCognito) => pool.issuer.replace('amazonaws.com', 'amazonaws.com.cn'),
    (pool: FakeCognito) => pool.issuer.replace('Test00000', 'test00000'),
  ])('is believed under no other: %#', async (issuerOf) => {
    const pool = await startPool()
    expect(await answerTo(guardOf(pool), await pool.accessToken({ claims: { iss: issuerOf(pool) } }))).toBe('401 unknown_issuer')
    expect(pool.fetches.jwks).toBe(0)
  })

  it('may be replicated: every region is an issuer with keys of its own', async () => {
    const pool = await startPool()
    const fetched: string[] = []
    const replica = pool.issuer.replace('eu-central-1.', 'us-east-1.')
    const fromPool: Fetch = (url) => {
      fetched.push(url)
      return fetch(pool.jwksUrl)
    }
    const entry = cognito({ userPoolId: pool.userPoolId, clientId: pool.clientId, region: ['eu-central-1', 'us-east-1'], fetch: fromPool })
    const guard = createGuard({ issuers: { entry } })
    expect(guard.verifier.issuers()).toHaveLength(4)
    expect(await answerTo(guard, await pool.accessToken())).toBe('200 entry')
    expect(await answerTo(guard, await pool.accessToken({ claims: { iss: replica } }))).toBe('200 entry')
    expect(fetched).toEqual([`${pool.issuer}/.well-known/jwks.json`, `${replica}/.well-known/jwks.json`])
  })

  it('in China has the domain of AWS there', () => {
    const entry = cognito({ userPoolId: 'cn-north-1_Test00000', clientId: 'c' })
    expect(createGuard({ issuers: { entry } }).verifier.issuers()).toEqual([
      'https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Test00000',
      'https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Test00000',
    ])
  })

  it('of an emulator that names itself in iss is believed under exactly that issuer', async () => {
    const pool = await startPool()
    const issuer = `${pool.url}/${pool.userPoolId}`
    const guard = guardOf(pool, { issuer })
    expect(guard.verifier.issuers()).toEqual([issuer])
    expect(await answerTo(guard, await pool.accessToken({ claims: { iss: issuer } }))).toBe('200 entry')
    expect(await answerTo(guard, await pool.accessToken({ claims: { iss: `${issuer}/` } }))).toBe('401 unknown_issuer')
    expect(await answerTo(guard, await pool.accessToken())).toBe('401 unknown_issuer')
  })

  it('takes an endpoint with or without a slash at its end', async () => {
    const pool = await startPool()
    expect(await answerTo(guardOf(pool, { endpoint: `${pool.url}/` }), await pool.accessToken())).toBe('200 entry')
  })

  it('has what is revoked under one form of its issuer revoked under the other', async () => {
    const pool = await startPool()
    const revocations = createRevocations()
    const guard = guardOf(pool, {}, { revocations })
    const token = await pool.accessToken({ claims: { iss: pool.otherIssuer, sub: 'user-1' } })
    expect(await answerTo(guard, token)).toBe('200 entry')
    revocations.revoke({ type: 'subject', issuer: pool.issuer, subject: 'user-1', notBefore: Math.ceil(Date.now() / 1000) })
    expect(await answerTo(guard, token)).toBe('401 revoked_subject')
  })
})

describe('an access token', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['of the client', {}, '200 entry'],
    ['of another client', { client_id: 'other' }, '401 issuer_rule'],
    ['of a client that only contains the name', { client_id: 'test-client-2' }, '401 issuer_rule'],
    ['without client', { client_id: undefined }, '401 issuer_rule'],
    ['with a list of clients', { client_id: ['test-client'] }, '401 issuer_rule'],
    ['that names the client in aud', { client_id: undefined, aud: 'test-client' }, '401 issuer_rule'],
    ['that is an id token', { token_use: 'id' }, '401 issuer_rule'],
    ['without a use', { token_use: undefined }, '401 issuer_rule'],
    ['that is expired', { exp: 1 }, '401 expired'],
  ])('%s', async (_what, claims, answer) => {
    const pool = await startPool()
    expect(await answerTo(guardOf(pool), await pool.accessToken({ claims }))).toBe(answer)
  })

  it('that is refused is told with what was expected and what came', async () => {
    const events = recorded('countersign:refused')
    const pool = await startPool()
    const guard = guardOf(pool)
    for (const claims of [{ client_id: 'other' }, { client_id: undefined }, { token_use: 'id' }])
      await answerTo(guard, await pool.accessToken({ claims }))
    expect(events.map(({ detail }) => detail)).toEqual([
      { expected: 'client_id test-client', received: 'client_id other' },
      { expected: 'client_id test-client' },
      { expected: 'token_use access', received: 'token_use id' },
    ])
  })

  it('may be of one of several clients, or of any where the host opts out', async () => {
    const pool = await startPool()
    const other = await pool.accessToken({ claims: { client_id: 'other' } })
    expect(await answerTo(guardOf(pool, { clientId: ['a', 'other'] }), other)).toBe('200 entry')
    expect(await answerTo(guardOf(pool, { clientId: null }), other)).toBe('200 entry')
    expect(await answerTo(guardOf(pool, { clientId: null }), await pool.idToken())).toBe('401 issuer_rule')
  })

  it('is signed with RS256 by a key of the pool, and with nothing else', async () => {
    const pool = await startPool()
    const guard = guardOf(pool)
    expect(await answerTo(guard, await pool.accessToken({ key: testKeys.es256 }))).toBe('401 algorithm')
    expect(await answerTo(guard, await pool.accessToken({ key: testKeys.rs256, alg: 'RS512' as never }))).toBe('401 algorithm')
    expect(await answerTo(guard, await pool.accessToken({ key: testKeys.ps256, kid: testKeys.rs256.kid }))).toMatch(
      /^401 (algorithm|signature)$/,
    )
  })

  it('tells who, which client and which scopes', async () => {
    const pool = await startPool()
    const outcome = await guardOf(pool).verifier.verify(await pool.accessToken({ claims: { sub: 'user-1' } }))
    expect(outcome).toMatchObject({
      ok: true,
      auth: { via: 'entry', subject: 'user-1', clientId: pool.clientId, scopes: ['aws.cognito.signin.user.admin'], issuer: pool.issuer },
    })
  })
})

it('may have its groups for scopes, and a schema', async () => {
  const pool = await startPool()
  const groups = z.object({ 'cognito:groups': z.array(z.string()), tenant: z.string().default('none') })
  const entry = cognito({
    userPoolId: pool.userPoolId,
    clientId: pool.clientId,
    endpoint: pool.url,
    schema: groups,
    scopes: (claims) => claims['cognito:groups'] as string[],
  })
  const guard = createGuard({ issuers: { entry } })
  const request = bearer(await pool.accessToken())
  expect(await answerTo(guard, request, requireScopes('staff'))).toBe('200 entry')
  const { claims } = guard.authOf(request)
  const typed: [string, string, readonly string[]] = [claims.client_id, claims.tenant, claims['cognito:groups']]
  expect(typed).toEqual([pool.clientId, 'none', ['staff']])
  expect(await answerTo(guard, await pool.accessToken({ claims: { 'cognito:groups': 'staff' } }))).toBe('401 schema')
})

describe('an id token', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['of the client', {}, '200 entry'],
    ['of another client', { aud: 'other' }, '401 audience'],
    ['without client', { aud: undefined }, '401 audience'],
    ['that is an access token', { token_use: 'access' }, '401 issuer_rule'],
  ])('%s', async (_what, claims, answer) => {
    const pool = await startPool()
    expect(await answerTo(guardOf(pool, { tokenUse: 'id' }), await pool.idToken({ claims }))).toBe(answer)
  })

  it('is none where access tokens are expected, and the other way round', async () => {
    const pool = await startPool()
    expect(await answerTo(guardOf(pool), await pool.idToken())).toBe('401 issuer_rule')
    expect(await answerTo(guardOf(pool, { tokenUse: 'id' }), await pool.accessToken())).toBe('401 audience')
  })
})
