import { readFile } from 'node:fs/promises'
import request from 'supertest'
import { expect, it } from 'vitest'

const root = new URL('../../packages/express/README.md', import.meta.url)

it('the quick start of the README is this program', async () => {
  const code = await readFile(new URL('quick-start.ts', import.meta.url), 'utf8')
  expect(await readFile(root, 'utf8')).toContain(code.trimEnd())
})

it('the quick start answers as the README says', async () => {
  process.env.PORT = '0'
  const { app } = await import('./quick-start.js')
  const answer = await request(app).get('/me').expect(401)
  const readme = await readFile(root, 'utf8')
  expect(readme).toContain(`WWW-Authenticate: ${answer.headers['www-authenticate']}`)
  expect(readme).toContain(answer.text)
})
