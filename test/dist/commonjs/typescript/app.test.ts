import { createFakeIssuer, type FakeIssuer } from '@countersign/testkit'
import { jwks } from '@countersign/verifier'
import request from 'supertest'
import { createApp } from './app'

const audience = 'https://api.example'
let partner: FakeIssuer
let app: ReturnType<typeof createApp>

beforeAll(async () => {
  partner = await createFakeIssuer({ audience })
  app = createApp(jwks({ issuer: partner.issuer, url: partner.jwksUrl, algorithms: ['ES256', 'RS256'], audience }))
})
afterAll(() => partner.close())

test('a token of the partner is admitted', async () => {
  const token = await partner.token({ claims: { client_id: 'batch', scope: 'jobs:read' } })
  await request(app).get('/jobs').set('authorization', `Bearer ${token}`).expect(200, { jobsFor: 'batch' })
})

test('a token without the scope is forbidden, and a request without a token is unauthorised', async () => {
  const token = await partner.token({ claims: { client_id: 'batch' } })
  await request(app).get('/jobs').set('authorization', `Bearer ${token}`).expect(403)
  await request(app).get('/jobs').expect(401)
})
