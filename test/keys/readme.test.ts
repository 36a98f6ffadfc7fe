import { readFile } from 'node:fs/promises'
import request from 'supertest'
import { expect, it } from 'vitest'

const readme = new URL('../../packages/keys/README.md', import.meta.url)

it('the quick start of the README is this program', async () => {
  const code = await readFile(new URL('quick-start.ts', import.meta.url), 'utf8')
  expect(await readFile(readme, 'utf8')).toContain(code.trimEnd())
})

it('the quick start signs tokens that its own guard takes, with the key that it publishes', async () => {
  process.env.PORT = '0'
  const { app } = await import('./quick-start.js')
  const { body } = await request(app).post('/token').expect(200)
  const { access_token: token } = body as { access_token: string }
  await request(app).get('/me').set('authorization', `Bearer ${token}`).expect(200, { subject: 'alice' })
  await request(app).get('/me').expect(401)
  const set = JSON.parse((await request(app).get('/.well-known/jwks.json').expect(200)).text) as { keys: { kid: string }[] }
  const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
  expect(set.keys.map(({ kid }) => kid)).toEqual([header.kid])
})
