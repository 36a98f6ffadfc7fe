import { createRouteMatcher } from '@countersign/core'
import { handle } from '@countersign/express'
import { createGuard, introspection, requireScopes } from '@countersign/verifier'
import express from 'express'
import { expect, it, onTestFinished } from 'vitest'
import { listening } from '../contracts/listening.js'
import { newClient, servers } from '../countersign/server-setup.js'
import { answerTo, bearer } from '../verifier/guard-setup.js'

it('our own introspection endpoint tells a guard of its tokens, and of their end', async () => {
  const made = servers()
  onTestFinished(() => made.closeAll())
  const server = made.create({})
  const [id, secret] = await newClient(server)
  const matcher = createRouteMatcher(server.routes)
  const find = (path: string) => {
    const found = matcher('POST', path)
    if (found.outcome !== 'matched') throw new Error(`no route ${path}`)
    return found.endpoint
  }
  const app = express()
  for (const path of ['/token', '/introspect', '/revoke']) app.post(path, handle(find(path)))
  const { url, close } = await listening(app.listen(0, '127.0.0.1'))
  onTestFinished(close)
  const post = (path: string, form: Record<string, string>) =>
    fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams(form),
    })
  const issued = (await (await post('/token', { grant_type: 'client_credentials' })).json()) as { access_token: string }
  const guard = createGuard({
    issuers: {
      ours: introspection({
        issuer: 'https://api.example',
        endpoint: `${url}/introspect`,
        authentication: { method: 'client_secret_basic', clientId: id, secrets: { current: { id: '1', secret } } },
        recognise: { jwtIssuer: 'https://api.example' },
        audience: 'https://api.example',
        maxCacheSeconds: 0,
      }),
    },
  })
  onTestFinished(() => guard.close())
  expect(await answerTo(guard as never, issued.access_token)).toBe('200 ours')
  expect((await guard.check(bearer(issued.access_token), requireScopes('other'))).ok).toBe(false)
  expect((await post('/revoke', { token: issued.access_token })).status).toBe(200)
  expect(await answerTo(guard as never, issued.access_token)).toBe('401 inactive')
})
