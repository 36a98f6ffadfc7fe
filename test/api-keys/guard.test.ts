import type { ClientAuthenticator, DocumentStore } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { apiKeyRoutes, createApiKeys } from '@countersign/keys'
import { apiKeys, createGuard, createRevocations } from '@countersign/verifier'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { from } from '../introspection/setup.js'
import { answerTo, entryOf, startsAt, tokenOf } from '../verifier/guard-setup.js'

const issuer = 'https://api.example'
const pepper = { current: { id: '1', secret: 'p'.repeat(32) } }
const owner = { type: 'person', id: 'user-1' } as const

/** @param options - `revocations`: whether the keys have those of the guard; undefined: the guard has none */
function start(options: { revocations?: boolean } = {}) {
  const stores = memoryStores()
  const state = { reads: 0, isDown: false }
  const store: DocumentStore = {
    ...stores.keys,
    async get(address) {
      if (address.collection === 'api_keys') state.reads += 1
      if (state.isDown) throw new Error('the store is away')
      return stores.keys.get(address)
    },
  }
  const revocations = createRevocations()
  const keys = createApiKeys({ store, pepper, issuer, ...(options.revocations === true && { revocations }) })
  const guard = createGuard({
    issuers: { jwts: entryOf(), keys: apiKeys({ keys }) },
    ...(options.revocations !== undefined && { revocations }),
    now: () => startsAt * 1000,
  })
  onTestFinished(() => guard.close())
  return { keys, guard: guard as never, state }
}

async function keyOf(keys: ReturnType<typeof start>['keys']): Promise<string> {
  const made = await keys.create({ owner, scopes: ['read'] })
  if (!made.ok) throw new Error(made.reason)
  return made.secret
}

describe('a guard with JWTs and API keys', () => {
  it('reads nothing for a key with another form or a wrong checksum', async () => {
    const { keys, guard, state } = start()
    const key = await keyOf(keys)
    const wrong = [
      key.slice(0, -1),
      `${key}0`,
      key.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      key.toUpperCase(),
      'ck_',
      key.replace('ck_', 'cs_'),
    ]
    for (const one of wrong) expect(await answerTo(guard, one)).toBe('401 malformed')
    expect(state.reads).toBe(0)
    expect(await answerTo(guard, await tokenOf())).toBe('200 jwts')
    expect(await answerTo(guard, key)).toBe('200 keys')
  })

  it('refuses a made-up key with a good checksum, and bounds how many one address may try', async () => {
    const { guard, state } = start()
    const others = createApiKeys({ store: memoryStores().keys, pepper, issuer })
    const answers: string[] = []
    for (let n = 0; n < 100; n++) {
      const made = await others.create({ owner: { type: 'person', id: `user-${n}` }, scopes: [] })
      answers.push(await answerTo(guard, from('203.0.113.7', made.ok ? made.secret : '')))
    }
    expect(answers.filter((answer) => answer === '401 unknown_credential')).toHaveLength(50)
    expect(answers.filter((answer) => answer === '503 store_unavailable')).toHaveLength(50)
    expect(state.reads).toBe(50)
  })

  it('bounds how many one address may try while the store is away, too', async () => {
    const { guard, state } = start()
    state.isDown = true
    const others = createApiKeys({ store: memoryStores().keys, pepper, issuer })
    for (let n = 0; n < 100; n++) {
      const made = await others.create({ owner: { type: 'person', id: `user-${n}` }, scopes: [] })
      expect(await answerTo(guard, from('203.0.113.7', made.ok ? made.secret : ''))).toBe('503 store_unavailable')
    }
    expect(state.reads).toBe(50)
  })

  it('reads a record once with the denylist of the keys, and at each request without one or with another', async () => {
    for (const [revocations, reads] of [
      [true, 1],
      [false, 5],
      [undefined, 5],
    ] as const) {
      const { keys, guard, state } = start(revocations === undefined ? {} : { revocations })
      const key = await keyOf(keys)
      for (let n = 0; n < 5; n++) expect(await answerTo(guard, key)).toBe('200 keys')
      expect(state.reads).toBe(reads)
    }
  })

  it('answers 503 while the store is away, and names it in ready()', async () => {
    const { keys, guard, state } = start()
    const key = await keyOf(keys)
    state.isDown = true
    expect(await answerTo(guard, key)).toBe('503 store_unavailable')
    expect(await (guard as { ready(): Promise<unknown> }).ready()).toMatchObject({ ok: false, parts: { keys: { ok: false } } })
  })

  it('accepts keys under a previous pepper, and moves them to the current one when they are used', async () => {
    const store = memoryStores().keys
    const made = await createApiKeys({ store, pepper, issuer }).create({ owner, scopes: [] })
    const renewed = createApiKeys({ store, issuer, pepper: { current: { id: '2', secret: 'q'.repeat(32) }, previous: [pepper.current] } })
    expect(await renewed.find(made.ok ? made.secret : '')).toMatchObject({ ok: true })
    await vi.waitFor(async () => expect(await renewed.keysByPepper()).toEqual({ '2': 1 }))
    const without = createApiKeys({ store, issuer, pepper: { current: { id: '2', secret: 'q'.repeat(32) } } })
    expect(await without.find(made.ok ? made.secret : '')).toMatchObject({ ok: true })
    const others = createApiKeys({ store, issuer, pepper: { current: { id: '3', secret: 'r'.repeat(32) } } })
    expect(await others.find(made.ok ? made.secret : '')).toMatchObject({ ok: false, refusal: { reason: 'unknown_credential' } })
  })

  it('an owner has as many keys as the host allows', async () => {
    const keys = createApiKeys({ store: memoryStores().keys, pepper, issuer, maxKeysPerOwner: 2 })
    await keyOf(keys)
    await keyOf(keys)
    expect(await keys.create({ owner, scopes: [] })).toEqual({ ok: false, reason: 'too_many' })
    for (const { id } of await keys.list(owner)) await keys.revoke(id, owner)
    expect(await keys.create({ owner, scopes: [] })).toMatchObject({ ok: true })
    expect(await keys.list(owner)).toHaveLength(3)
  })

  it('parallel requests make no more than that, and every live key is listed', async () => {
    const keys = createApiKeys({ store: memoryStores().keys, pepper, issuer, maxKeysPerOwner: 5 })
    const made = await Promise.all(Array.from({ length: 64 }, () => keys.create({ owner, scopes: [] })))
    const good = made.flatMap((one) => (one.ok ? [one.key.id] : []))
    expect(good.length).toBeLessThanOrEqual(5)
    expect((await keys.list(owner)).map(({ id }) => id).toSorted()).toEqual(good.toSorted())
  })
})

describe.each(adapters)('routes for API keys on $name', (adapter) => {
  it('let a client make, list and revoke its own keys, and an operator those of all', async () => {
    const stores = memoryStores()
    const known = { isLocked: false, credentialGeneration: 'g', scopes: ['read'] }
    const clients = { find: async (id: string) => (id.startsWith('app') ? known : undefined) }
    const keys = createApiKeys({ store: stores.keys, pepper, issuer, clients })
    const authenticate: ClientAuthenticator = async ({ headers }) => ({ ok: true, clientId: String(headers['x-client']) })
    const isOperator = (_request: unknown, clientId: string): boolean => clientId === 'operator'
    const guard = createGuard({ issuers: { keys: apiKeys({ keys }) } })
    onTestFinished(() => guard.close())
    const app = await adapter.start((define) => {
      define.routes(apiKeyRoutes({ keys, authenticate, isOperator }))
      define.protect('/me', guard, [], (request) => ({ id: request.authOf(guard).credentialId, clientId: request.authOf(guard).clientId }))
    })
    onTestFinished(() => app.close())
    const send = async (client: string, method: string, path: string, body?: object) => {
      const headers = { 'x-client': client, ...(body && { 'content-type': 'application/json' }) }
      const response = await fetch(app.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
      const text = await response.text()
      expect(response.headers.get('cache-control')).toBe('no-store')
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
    }
    const path = '/clients/app-1/api-keys'
    const made = await send('app-1', 'POST', path, { scope: 'read', label: 'ci' })
    expect(made).toMatchObject({ status: 201, body: { scope: 'read', label: 'ci', state: 'active' } })
    const [id, key] = [String(made.body.id), String(made.body.api_key)]
    const me = await fetch(`${app.url}/me`, { headers: { authorization: `Bearer ${key}` } })
    expect(await me.json()).toEqual({ id, clientId: 'app-1' })
    const listed = await send('app-1', 'GET', path)
    expect(listed).toMatchObject({ status: 200, body: { keys: [{ id, label: 'ci' }] } })
    expect(JSON.stringify(listed)).not.toContain(key)
    expect((await send('app-2', 'GET', path)).status).toBe(403)
    expect((await send('operator', 'GET', path)).status).toBe(200)
    expect((await send('app-1', 'POST', path, { scope: 'admin' })).body.error).toBe('invalid_scope')
    expect((await send('app-1', 'POST', path, { scope: 7 })).body.error).toBe('invalid_request')
    expect((await send('app-1', 'POST', path, { expires_at: '2030' })).body.error).toBe('invalid_request')
    expect((await send('app-2', 'DELETE', `/clients/app-2/api-keys/${id}`)).status).toBe(404)
    expect((await send('app-1', 'DELETE', `${path}/${id}`)).status).toBe(204)
    expect((await fetch(`${app.url}/me`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(401)
  })
})
