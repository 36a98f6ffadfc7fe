import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { authOf, protect, requireScopes, routes } from '@countersign/express'
import { createAuthorizationServer } from 'countersign'
import express from 'express'
import express4 from 'express4'
import request from 'supertest'
import { afterEach, describe, expect, it } from 'vitest'

const issuer = 'https://api.example'
const open: { close(): Promise<void> }[] = []

function memoryServer() {
  const server = createAuthorizationServer({
    issuer,
    stores: memoryStores(),
    masterSecret: { current: { id: '1', secret: randomBytes(32) } },
    grants: ['client_credentials'],
  })
  open.push(server)
  return server
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('on %s', (_name, create) => {
  it('a client gets a token, and the guard admits it until the client is locked', async () => {
    const server = memoryServer()
    const app = create()
    app.use(routes(server.routes))
    app.get('/jobs', protect(server.guard, requireScopes('jobs:read')), (req, res) => {
      const { via, clientId } = authOf(server.guard, req)
      res.json({ via, clientId })
    })
    expect((await server.ready()).ok).toBe(true)
    const registered = await server.clients.register({ id: 'batch', grants: ['client_credentials'], scopes: ['jobs:read'] })
    const { secret } = (registered.ok && registered.secret) || { secret: '' }

    const granted = await request(app).post('/token').auth('batch', secret).type('form').send({ grant_type: 'client_credentials' })
    expect(granted.status).toBe(200)
    const jobs = () =>
      request(app)
        .get('/jobs')
        .set('authorization', `Bearer ${granted.body.access_token as string}`)
    expect((await jobs()).body).toEqual({ via: 'own', clientId: 'batch' })
    expect((await request(app).get('/jobs')).status).toBe(401)

    await server.clients.lock('batch')
    expect((await jobs()).status).toBe(401)
    const refused = await request(app).post('/token').auth('batch', secret).type('form').send({ grant_type: 'client_credentials' })
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
  })
})
