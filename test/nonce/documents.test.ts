import { readFile } from 'node:fs/promises'
import request from 'supertest'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')

it.each([
  ['packages/nonce/README.md', 'test/nonce/quick-start.ts'],
  ['docs/nonces.md', 'test/nonce/login-form-express.ts'],
  ['docs/nonces.md', 'test/nonce/login-form-koa.ts'],
])('%s shows the program %s', async (document, program) => {
  expect(await read(document)).toContain((await read(program)).trimEnd())
})

it('the quick start issues a nonce that works once for each step', async () => {
  process.env.PORT = '0'
  const { app } = await import('./quick-start.js')
  const { body } = await request(app).post('/nonce').send({ client_id: 'app' }).expect(200)
  const { token } = body as { token: string }
  for (const step of ['verify-phone', 'register']) {
    await request(app).post(`/${step}`).set('nonce', token).expect(200, { done: step })
    await request(app).post(`/${step}`).set('nonce', token).expect(401, { error: 'invalid_token' })
    await request(app).post(`/${step}`).expect(401)
  }
  await request(app).post('/nonce').send({ client_id: 'stranger' }).expect(401)
})

describe.each([
  ['Express', async () => (await import('./login-form-express.js')).app],
  ['Koa', async () => (await import('./login-form-koa.js')).app.callback()],
])('the login form on %s', (_name, load) => {
  it('is taken once', async () => {
    const app = await load()
    const page = await request(app).get('/login').expect(200).expect('content-type', /html/)
    const nonce = /name="nonce" value="([\w.-]+)"/.exec(page.text)?.[1] ?? ''
    expect(nonce.split('.')).toHaveLength(3)
    const submit = (fields: object): request.Test => request(app).post('/login').type('form').send(fields)
    await submit({ nonce, user: 'alice', password: 'secret' }).expect(200, 'now compare the password')
    await submit({ nonce, user: 'alice', password: 'secret' }).expect(401)
    for (const fields of [{}, { nonce: '' }, { nonce: 'forged' }]) await submit(fields).expect(401)
    await request(app).post('/login').expect(401)
    await request(app).post('/login').type('form').send('nonce=a&nonce=b').expect(401)
  })
})
