import { readFile } from 'node:fs/promises'
import request from 'supertest'
import { expect, it, vi } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')

it('the quick start of the README is this program', async () => {
  expect(await read('packages/integrations/README.md')).toContain((await read('test/integrations/quick-start.ts')).trimEnd())
})

it('the quick start lets an integration act for whom it is enrolled', async () => {
  process.env.PORT = '0'
  const { app, integrations } = await import('./quick-start.js')
  const operator = { operator: 'test' }
  const made = await integrations.create(operator, { entity: 'vendor-1', title: 'Dispatch' })
  if (!made.ok) throw new Error(made.fault)
  const { clientId, secret } = made
  const answer = await request(app).post('/token').auth(clientId, secret).type('form').send({ grant_type: 'client_credentials' })
  const { access_token: token } = answer.body as { access_token: string }
  const incidents = () => request(app).get('/departments/7/incidents').set('authorization', `Bearer ${token}`)
  expect((await incidents()).status).toBe(403)
  await integrations.enroll(operator, { entity: '7', clientId })
  expect((await incidents()).status).toBe(200)
  await request(app).post('/entities/vendor-1/integrations').set('authorization', `Bearer ${token}`).send({ title: 'x' }).expect(403)
  await integrations.remove(operator, clientId)
  await vi.waitFor(async () => expect((await incidents()).status).toBe(401), 5_000)
})
