import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import type { Auth } from '@countersign/core'
import { createFakeIssuer, createSender, type FakeIssuer, type ReceivedReply } from '@countersign/testkit'
import { createGuard, jwks } from '@countersign/verifier'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createEventServer } from './websocket-server.js'

const audience = 'https://events.example'
const upgradeHeaders = [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
] as const

describe('a WebSocket upgrade', () => {
  let issuer: FakeIssuer
  let url = ''
  let seen: Auth[] = []
  const closing: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    issuer = await createFakeIssuer({ audience })
    const guard = createGuard({
      realm: 'events',
      issuers: { partner: jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['ES256'], audience }) },
    })
    seen = []
    const server = createEventServer(guard, (ws, auth) => {
      seen.push(auth)
      ws.send(`hello ${auth.subject}`)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `127.0.0.1:${(server.address() as AddressInfo).port}`
    closing.push(
      issuer.close,
      () => guard.close(),
      async () => server.close(),
    )
  })
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  const token = (claims: Record<string, unknown> = {}, lifetimeSeconds = 300): Promise<string> =>
    issuer.token({ claims: { scope: 'events:read', ...claims }, lifetimeSeconds })

  const refusedWith = (...tokens: readonly string[]): Promise<ReceivedReply> =>
    createSender(`http://${url}`)({
      path: '/events',
      headers: [...upgradeHeaders, ...tokens.map((one) => ['authorization', `Bearer ${one}`] as const)],
    })

  it('with a good token becomes a connection that knows who it is', async () => {
    const ws = new WebSocket(`ws://${url}/events`, { headers: { authorization: `Bearer ${await token()}` } })
    const [message] = await once(ws, 'message')
    expect(String(message)).toBe('hello user-1')
    expect(seen[0]).toMatchObject({ via: 'partner', issuer: issuer.issuer, scopes: ['events:read'] })
    ws.close()
    await once(ws, 'close')
  })

  it('without credentials is 401 with a bare challenge', async () => {
    const reply = await refusedWith()
    expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer realm="events"'])
    expect(seen).toEqual([])
  })

  it('with a token for another audience is 401, without the scope 403, with two tokens 400', async () => {
    const elsewhere = await refusedWith(await token({ aud: 'https://other.example' }))
    expect([elsewhere.status, JSON.parse(elsewhere.body).error]).toEqual([401, 'invalid_token'])
    const narrow = await refusedWith(await token({ scope: 'other' }))
    expect([narrow.status, JSON.parse(narrow.body).error]).toEqual([403, 'insufficient_scope'])
    const twice = await refusedWith(await token(), await token())
    expect(twice.status).toBe(400)
    expect(seen).toEqual([])
  })

  it('in an outage of the issuer is 503 with Retry-After and no challenge', async () => {
    const good = await token()
    await issuer.stop()
    const reply = await refusedWith(good)
    expect(reply.status).toBe(503)
    expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(reply.headers['www-authenticate']).toBeUndefined()
  })

  it('whose client goes away while the keys are fetched does no harm', async () => {
    const good = await token()
    issuer.behave({ kind: 'delay', milliseconds: 100 })
    const [host, port] = url.split(':')
    const socket = connect(Number(port), host)
    const head = [...upgradeHeaders, ['host', url], ['authorization', `Bearer ${good}`]].map(([name, value]) => `${name}: ${value}`)
    socket.write(`GET /events HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`)
    await expect.poll(() => issuer.fetches.jwks).toBe(1)
    socket.resetAndDestroy()
    const ws = new WebSocket(`ws://${url}/events`, { headers: { authorization: `Bearer ${good}` } })
    await once(ws, 'message')
    ws.close()
    await once(ws, 'close')
  })

  it('ends when its token does', async () => {
    const ws = new WebSocket(`ws://${url}/events`, { headers: { authorization: `Bearer ${await token({}, 1)}` } })
    const [code] = await once(ws, 'close')
    expect(code).toBe(1008)
  })
})
