import { fromIssuers, optional, requireClaims, requireScopes } from '@countersign/core'
import {
  createFakeCognito,
  createFakeIssuer,
  type FakeCognito,
  type FakeIssuer,
  type MountApp,
  publicJwkOf,
  testKeys,
} from '@countersign/testkit'
import { cognito, createGuard, protectedResourceMetadata, staticKeys } from '@countersign/verifier'
import request from 'supertest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'

const resource = 'https://api.example'

function guardOf(pool: FakeCognito, own: FakeIssuer) {
  return createGuard({
    resource,
    metadata: { scopesSupported: ['jobs:read'] },
    issuers: {
      cognito: cognito({ userPoolId: pool.userPoolId, clientId: pool.clientId, endpoint: pool.url }),
      own: staticKeys({
        issuer: own.issuer,
        keys: { keys: own.keys.map((key) => publicJwkOf(key)) },
        algorithms: ['ES256', 'RS256'],
        audience: resource,
      }),
    },
  })
}

describe.each(adapters)('two issuers on $name', ({ start }) => {
  let pool: FakeCognito
  let own: FakeIssuer
  let url = ''
  const closing: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    pool = await createFakeCognito()
    own = await createFakeIssuer({ issuer: 'https://issuer.example', audience: resource, keys: [testKeys.es256] })
    const guard = guardOf(pool, own)
    const ownPage = requireClaims((auth, host) => (host as { params: { id: string } }).params.id === auth.subject)
    const app = await start((mount: MountApp) => {
      mount.protect('/me', guard, [], ({ authOf }) => ({ via: authOf(guard).via, subject: authOf(guard).subject }))
      mount.protect('/patients', guard, [fromIssuers('cognito')], () => [])
      mount.protect('/jobs', guard, [fromIssuers('own'), requireScopes('jobs:read')], () => [])
      mount.protect('/pages/:id', guard, [ownPage], () => [])
      mount.protect('/news', guard, [optional()], ({ optionalAuthOf }) => ({ via: optionalAuthOf(guard)?.via ?? 'nobody' }))
      mount.routes(protectedResourceMetadata(guard))
    })
    url = app.url
    closing.push(app.close, pool.close, own.close, () => guard.close())
  })
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  const get = (path: string, token?: string) => {
    const sent = request(url).get(path)
    return token === undefined ? sent : sent.set('authorization', `Bearer ${token}`)
  }
  const metadata = `resource_metadata="${resource}/.well-known/oauth-protected-resource"`

  it('each issuer is accepted on its own route and on the shared one, and refused on that of the other', async () => {
    const person = await pool.accessToken()
    const job = await own.token({ claims: { sub: 'job-1', scope: 'jobs:read' } })
    await get('/me', person).expect(200, { via: 'cognito', subject: 'user-1' })
    await get('/me', job).expect(200, { via: 'own', subject: 'job-1' })
    await get('/patients', person).expect(200)
    await get('/jobs', job).expect(200)
    await get('/patients', job).expect(403)
    await get('/jobs', person).expect(403)
    expect(pool.fetches.jwks).toBe(1)
  })

  it('a missing scope is 403 and names it, a requirement on the path sees the path', async () => {
    const answer = await get('/jobs', await own.token()).expect(403)
    expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"')
    expect(answer.headers['www-authenticate']).toContain('scope="jobs:read"')
    await get('/pages/user-1', await own.token()).expect(200)
    await get('/pages/user-2', await own.token()).expect(403)
  })

  it('no credentials are 401 without a code, bad ones 401 with one, and both point to the metadata', async () => {
    const bare = await get('/me').expect(401)
    expect(bare.headers['www-authenticate']).toBe(`Bearer realm="${resource}", ${metadata}`)
    const bad = await get('/me', await own.token({ lifetimeSeconds: -60 })).expect(401)
    expect(bad.headers['www-authenticate']).toContain('error="invalid_token"')
    expect(bad.headers['www-authenticate']).toContain(metadata)
    await get('/me', await own.token({ key: testKeys.rs256 })).expect(401)
  })

  it('an optional route admits nobody and somebody, but no forgery', async () => {
    await get('/news').expect(200, { via: 'nobody' })
    await get('/news', await pool.accessToken()).expect(200, { via: 'cognito' })
    await get('/news', `${await pool.accessToken()}x`).expect(401)
  })

  it('an outage of one issuer is 503 for its tokens, and nothing for those of the other', async () => {
    await pool.stop()
    const answer = await get('/me', await pool.accessToken()).expect(503)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(answer.headers['www-authenticate']).toBeUndefined()
    await get('/me', await own.token()).expect(200)
  })

  it('the metadata of the resource names both issuers', async () => {
    const answer = await get('/.well-known/oauth-protected-resource').expect(200)
    expect(answer.body).toMatchObject({ resource, scopes_supported: ['jobs:read'] })
    expect(answer.body.authorization_servers).toContain(own.issuer)
    expect(answer.body.authorization_servers).toContain(pool.issuer)
  })
})
