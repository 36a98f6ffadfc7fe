const { randomBytes } = require('node:crypto')
const request = require('supertest')
const { openApp } = require('./app')

const newSecret = () => ({ current: { id: '1', secret: randomBytes(32) } })
let opened

beforeAll(async () => {
  opened = await openApp({ issuer: 'https://api.example', encryption: newSecret(), pepper: newSecret() })
})
afterAll(() => opened.close())

test('a client gets a token, and the token is admitted', async () => {
  const { secret } = await opened.clients.register({ id: 'batch', grants: ['client_credentials'], scopes: ['jobs:read'] })
  const form = { grant_type: 'client_credentials' }
  const { body } = await request(opened.app).post('/v1/token').auth('batch', secret.secret).type('form').send(form).expect(200)
  await request(opened.app).get('/jobs').set('authorization', `Bearer ${body.access_token}`).expect(200, { client: 'batch' })
  await request(opened.app).get('/jobs').expect(401)
})

test('a wrong secret gets no token', async () => {
  await request(opened.app).post('/v1/token').auth('batch', 'wrong').type('form').send({ grant_type: 'client_credentials' }).expect(401)
})
