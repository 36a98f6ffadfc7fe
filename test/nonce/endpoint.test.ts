import { gzipSync } from 'node:zlib'
import { Unavailable } from '@countersign/core'
import { createNonceEndpoint, type NonceClient, type NonceEndpointOptions } from '@countersign/nonce'
import type { SentRequest } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { mounts, posted } from './nonce-apps.js'
import { decoded, recorded, spending, startNonces } from './nonce-setup.js'

const secretsOf: Readonly<Record<string, readonly string[]>> = { web: ['web-1', 'web-2'], server: ['server-1'], blocked: ['blocked-1'] }

function clientOf(clientId: string): NonceClient | undefined {
  const secrets = Object.hasOwn(secretsOf, clientId) ? secretsOf[clientId] : undefined
  return (
    secrets && {
      clientId,
      isBlocked: clientId === 'blocked',
      requiresSecret: clientId !== 'web',
      verifySecret: (secret) => secrets.includes(secret),
      nonce: clientId === 'server' ? { audience: 'app', claims: { level: 2 } } : {},
    }
  )
}

const findClient = async (clientId: string): Promise<NonceClient | undefined> => clientOf(clientId)

function start(
  changes: Partial<NonceEndpointOptions> = {},
  nonceOptions: object = {},
): ReturnType<typeof startNonces> & {
  readonly endpoint: ReturnType<typeof createNonceEndpoint>
} {
  const running = startNonces(nonceOptions)
  return { ...running, endpoint: createNonceEndpoint({ nonces: running.nonces, findClient, ...changes }) }
}

describe.each(Object.entries(mounts))('the endpoint on %s', (name, mount) => {
  it('issues a nonce to a client, for the audience and with the claims that the client has', async () => {
    const { endpoint, nonces } = start()
    const send = await mount(endpoint)
    const reply = await send(posted({ client_id: 'server', client_secret: 'server-1' }))
    expect(reply.status).toBe(200)
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' })
    const { token, ...rest } = JSON.parse(reply.body) as { token: string }
    expect(rest).toEqual({ expires_in: 300 })
    expect(decoded(token).claims).toMatchObject({ aud: 'app', level: 2 })
    expect(await spending(nonces, token, 'login', { clientId: 'web' })).toBe('401 wrong_client')
    expect(await spending(nonces, token, 'login', { clientId: 'server' })).toBe('spent')
  })

  it.each<[name: string, body: unknown, status: number, outcome: string]>([
    ['no client id', {}, 400, 'client_id_missing'],
    ['an empty client id', { client_id: '' }, 400, 'client_id_missing'],
    ['a client id that is no text', { client_id: 7 }, 400, 'malformed_request'],
    ['a client id beyond 255 characters', { client_id: 'x'.repeat(256) }, 400, 'client_id_malformed'],
    ['an unknown client', { client_id: 'stranger' }, 401, 'client_unknown'],
    ['an unknown client with a secret', { client_id: 'stranger', client_secret: 'web-1' }, 401, 'client_unknown'],
    ['a name of every object as a client', { client_id: '__proto__' }, 401, 'client_unknown'],
    ['a blocked client', { client_id: 'blocked', client_secret: 'blocked-1' }, 401, 'client_blocked'],
    ['a blocked client with a wrong secret', { client_id: 'blocked', client_secret: 'x' }, 401, 'client_blocked'],
    ['no secret of a client that needs one', { client_id: 'server' }, 401, 'secret_missing'],
    ['an empty secret of a client that needs one', { client_id: 'server', client_secret: '' }, 401, 'secret_missing'],
    ['a wrong secret', { client_id: 'server', client_secret: 'server-2' }, 401, 'secret_wrong'],
    ['the secret of another client', { client_id: 'server', client_secret: 'web-1' }, 401, 'secret_wrong'],
    ['a wrong secret of a client that needs none', { client_id: 'web', client_secret: 'x' }, 401, 'secret_wrong'],
    ['a secret that is no text', { client_id: 'web', client_secret: ['web-1'] }, 400, 'malformed_request'],
    ['a list', [], 400, 'malformed_request'],
    ['no JSON', '{"client_id":', 400, 'malformed_request'],
  ])('refuses %s, and tells why', async (_case, body, status, outcome) => {
    const { endpoint } = start()
    const events = recorded('countersign:nonce')
    const send = await mount(endpoint)
    const reply = await send(posted(body))
    // A body that the host's own parser cannot read is answered before we are asked.
    if (name.includes('with its parser') && typeof body === 'string') {
      expect(reply.status).toBe(400)
      return
    }
    expect(reply.status).toBe(status)
    expect(events).toEqual([expect.objectContaining({ action: 'issue', outcome })])
    expect(JSON.parse(reply.body)).toMatchObject({ error: status === 401 ? 'invalid_client' : 'invalid_request' })
    expect(reply.headers['cache-control']).toBe('no-store')
  })

  it('answers 503 while the store is down', async () => {
    const store = { remember: () => Promise.reject(new Error('connection refused')), spend: async () => 'spent' }
    const send = await mount(start({}, { store }).endpoint)
    const reply = await send(posted({ client_id: 'web' }))
    expect(reply.status).toBe(503)
    expect(reply.headers['retry-after']).toBe('1')
  })
})

describe.each(Object.entries(mounts).filter(([name]) => name.includes('without')))('the endpoint on %s', (_name, mount) => {
  const body = JSON.stringify({ client_id: 'web' })
  it.each<[name: string, sent: SentRequest, status: number, outcome: string]>([
    ['another media type', posted(body, 'text/plain'), 415, 'unsupported_media_type'],
    ['no media type', { method: 'POST', path: '/nonce', headers: [], body }, 415, 'unsupported_media_type'],
    [
      'a body that is compressed',
      {
        ...posted(gzipSync(body)),
        headers: [
          ['content-type', 'application/json'],
          ['content-encoding', 'gzip'],
        ],
      },
      415,
      'unsupported_media_type',
    ],
    ['a body of more than 64 KiB', posted(`${body}${' '.repeat(65_536)}`), 413, 'too_large'],
    ['a member twice', posted('{"client_id":"server","client_id":"web"}'), 400, 'malformed_request'],
  ])('refuses %s with its status', async (_case, sent, status, outcome) => {
    const { endpoint } = start()
    const events = recorded('countersign:nonce')
    const reply = await (await mount(endpoint))(sent)
    expect([reply.status, JSON.parse(reply.body)]).toMatchObject([status, { error: 'invalid_request' }])
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(events).toEqual([{ action: 'issue', outcome }])
  })
})

describe('the endpoint', () => {
  const ask = (endpoint: ReturnType<typeof createNonceEndpoint>, body: object): ReturnType<typeof endpoint> =>
    endpoint({ method: 'POST', url: '/nonce', headers: { 'content-type': 'application/json' }, body })

  it('does not say on the wire whether a client is known, blocked or only badly authenticated', async () => {
    const { endpoint } = start()
    const bodies = [
      { client_id: 'stranger', client_secret: 'x' },
      { client_id: 'blocked', client_secret: 'x' },
      { client_id: 'server', client_secret: 'x' },
      { client_id: 'server' },
    ]
    const replies = await Promise.all(bodies.map((body) => ask(endpoint, body)))
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1)
  })

  it('names a client in its events only when it is registered', async () => {
    const { endpoint } = start()
    const events = recorded('countersign:nonce')
    await ask(endpoint, { client_id: 'stranger' })
    await ask(endpoint, { client_id: 'blocked' })
    expect(events).toEqual([
      { action: 'issue', outcome: 'client_unknown' },
      { action: 'issue', outcome: 'client_blocked', clientId: 'blocked' },
    ])
  })

  it('takes every one of the secrets of a client, and none where none is needed', async () => {
    const { endpoint } = start()
    for (const body of [{}, { client_secret: 'web-1' }, { client_secret: 'web-2' }])
      expect(await ask(endpoint, { client_id: 'web', ...body })).toMatchObject({ status: 200 })
  })

  it('looks nothing up for an id of another form than ids have here', async () => {
    const asked: string[] = []
    const { endpoint } = start({
      isClientId: (id) => id.startsWith('c-'),
      findClient: async (id) => {
        asked.push(id)
        return undefined
      },
    })
    await ask(endpoint, { client_id: 'web' })
    await ask(endpoint, { client_id: 'c-1' })
    expect(asked).toEqual(['c-1'])
  })

  it('asks for a secret before it compares one, and compares none of a blocked client', async () => {
    const compared: string[] = []
    const watching = async (clientId: string): Promise<NonceClient | undefined> => {
      const client = clientOf(clientId)
      return client && { ...client, verifySecret: (secret) => compared.push(secret) > 0 && client.verifySecret(secret) }
    }
    const { endpoint } = start({ findClient: watching })
    await ask(endpoint, { client_id: 'server' })
    await ask(endpoint, { client_id: 'blocked', client_secret: 'blocked-1' })
    expect(compared).toEqual([])
  })

  it.each([Promise.resolve(true), true])('waits for a comparison that answers later', async (verdict) => {
    const { endpoint } = start({
      findClient: async (id) => ({ ...(clientOf('server') as NonceClient), clientId: id, verifySecret: () => verdict }),
    })
    expect(await ask(endpoint, { client_id: 'x', client_secret: 'y' })).toMatchObject({ status: 200 })
  })

  it.each([1, 'true', {}, undefined, null])('takes %j of a comparison for a no', async (verdict) => {
    const { endpoint } = start({
      findClient: async (id) => ({ ...(clientOf('server') as NonceClient), clientId: id, verifySecret: () => verdict as boolean }),
    })
    expect(await ask(endpoint, { client_id: 'x', client_secret: 'y' })).toMatchObject({ status: 401 })
  })

  it('answers 429 with Retry-After beyond the cap', async () => {
    const { stores, clock } = startNonces()
    const cap = { limit: 1, attempts: stores.attempts }
    const { endpoint } = start({}, { store: stores.nonces, now: clock.now, maxIssuedPerClient: cap })
    await ask(endpoint, { client_id: 'web' })
    const reply = await ask(endpoint, { client_id: 'web' })
    expect(reply).toMatchObject({ status: 429, headers: { 'retry-after': '300' } })
  })

  it('speaks the dialect of the host, also where requests are read otherwise', async () => {
    const { endpoint } = start({
      read: async ({ url }) => ({ clientId: url?.slice(1), clientSecret: undefined }),
      dialect: {
        success: ({ token, jti }) => ({ status: 201, headers: { jti }, body: token }),
        refusal: (reason, request) => ({ status: 418, headers: {}, body: `${reason} ${request.url}` }),
      },
    })
    expect(await endpoint({ url: '/web', headers: {} })).toMatchObject({ status: 201 })
    expect(await endpoint({ url: '/stranger', headers: {} })).toEqual({ status: 418, headers: {}, body: 'client_unknown /stranger' })
  })

  it('passes on what the look-up of clients throws: a fault or an outage is no refusal', async () => {
    const outage = new Unavailable('store_unavailable')
    for (const error of [outage, new Error('bug')]) {
      const { endpoint } = start({ findClient: () => Promise.reject(error) })
      await expect(ask(endpoint, { client_id: 'web' })).rejects.toBe(error)
    }
  })
})
