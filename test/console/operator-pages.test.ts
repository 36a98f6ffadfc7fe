import { allItems, createShadowReport, eventChannel, type StoredAuditEntry } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import type { Browser, Page } from './browser.js'
import { type ServerApp, startServerApp, vendor } from './server-app.js'

const secretIn = (page: Page): string => /id="secret"[^>]* value="([^"]*)"/.exec(page.text)?.[1] ?? ''

describe.each(adapters.filter(({ name }) => !/[42]$/.test(name)))('the pages of an operator on $name', ({ start }) => {
  let app: ServerApp
  let root: Browser

  beforeEach(async () => {
    app = await startServerApp(start)
    root = app.as('root')
  })
  afterEach(() => app.close())

  /** Sends a form of a page, and goes where the answer leads. */
  async function sent(path: string, action: string, filled: Readonly<Record<string, string>>): Promise<Page> {
    const answer = await (await root.get(path)).submit(`/console${action}`, filled)
    expect(answer.status).toBe(303)
    return root.get(answer.headers.get('location') ?? '')
  }
  const register = async (filled: Readonly<Record<string, string>>): Promise<Page> =>
    (await root.get('/console/clients')).submit('/console/clients/register', filled)

  it('the first page is the overview, for owners their entities', async () => {
    expect((await root.get('/console')).headers.get('location')).toBe('/console/overview')
    expect((await app.as('vera').get('/console/')).headers.get('location')).toBe('/console/entities')
  })

  it('who may open no page is told so', async () => {
    const other = await startServerApp(start, memoryStores(), { parts: {} })
    const page = await other.as('vera').get('/console')
    expect([page.status, page.headers.get('location')]).toEqual([403, null])
    expect(page.text).toContain('This console has no page that you may open.')
    await other.close()
  })

  it('the overview tells which parts are ready, and counts what guards refuse', async () => {
    for (let n = 0; n < 3; n += 1) await app.server.guard.check({ headers: { authorization: 'Bearer junk' } })
    const page = await root.get('/console/overview')
    expect(page.status).toBe(200)
    expect(page.text).toMatch(/<span class="title">keys<\/span><span class="badge good">ready/)
    expect(page.text).toMatch(/<code>malformed<\/code><span>3<\/span>/)
    expect(page.text).toMatch(/Requests refused<\/dt><dd class="figure">3/)
  })

  it('a client is registered, and its secret shown once', async () => {
    const made = await register({ id: 'batch', title: 'Batch <b>', grants: 'client_credentials', scopes: 'jobs:read' })
    expect(made.status).toBe(200)
    const secret = secretIn(made)
    const raw = { id: 'batch', secret }
    expect(await app.server.clients.authenticate({ method: 'client_secret_basic', decoded: raw, raw })).toMatchObject({ ok: true })
    const page = await root.get('/console/client?client=batch')
    expect(page.text).toContain('Batch &lt;b&gt;')
    expect(page.text).toContain('jobs:read')
    expect(page.text).not.toContain(secret)
    expect((await register({ id: 'batch', grants: 'client_credentials' })).status).toBe(409)
  })

  it('a wrong setting of a client is told in the form', async () => {
    const answer = await register({ id: 'batch', authMethod: 'none', grants: 'client_credentials' })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('grants must not have client_credentials for a public client')
    expect(await app.server.clients.find('batch')).toBeUndefined()
  })

  it('a client gets another secret, is locked, unlocked and removed', async () => {
    await register({ id: 'batch', grants: 'client_credentials' })
    const path = '/console/client?client=batch'
    const added = await (await root.get(path)).submit('/console/client/add-secret', { title: 'Second' })
    expect(secretIn(added)).toMatch(/^cs_/)
    const [, second] = (await app.server.clients.find('batch'))?.secrets ?? []
    expect((await sent(path, '/client/revoke-secret', { credential: second?.id ?? '' })).text).not.toContain('Second')
    expect((await (await root.get(path)).submit('/console/client/lock', { confirm: 'bath' })).status).toBe(422)
    expect(await app.server.clients.find('batch')).toMatchObject({ isLocked: false })
    expect((await sent(path, '/client/lock', { confirm: 'batch' })).text).toContain('locked')
    expect(await app.server.clients.find('batch')).toMatchObject({ isLocked: true })
    await sent(path, '/client/unlock', {})
    expect(await app.server.clients.find('batch')).toMatchObject({ isLocked: false })
    expect((await sent(path, '/client/remove', { confirm: 'batch' })).text).toContain('The client is removed')
    expect((await root.get(path)).status).toBe(404)
  })

  it('a key of a client is registered, retired and revoked', async () => {
    await register({ id: 'signer', authMethod: 'private_key_jwt', grants: 'client_credentials' })
    const path = '/console/client?client=signer'
    const wrong = await (await root.get(path)).submit('/console/client/register-key', { name: 'k1', key: 'a key' })
    expect([wrong.status, /neither a JWK nor PEM/.test(wrong.text)]).toEqual([422, true])
    const page = await sent(path, '/client/register-key', { name: 'k1', key: JSON.stringify(publicJwkOf(testKeys.es256)) })
    expect(page.text).toContain('The key is registered')
    expect((await sent(path, '/client/retire-key', { kid: 'k1' })).text).toContain('retired')
    expect((await sent(path, '/client/revoke-key', { kid: 'k1', confirm: 'k1' })).text).toContain('revoked')
    expect(await app.server.keys.clientKeys.list('signer')).toMatchObject([{ kid: 'k1', state: 'revoked' }])
  })

  it('a key is made, is too young to sign, and another is revoked with its name typed', async () => {
    const [first] = await app.server.keys.signing.list()
    const made = await sent('/console/keys', '/keys/generate', {})
    expect(made.text).toContain('staged')
    expect(made.text).toContain('<svg class="chart wide"')
    const staged = (await app.server.keys.signing.list()).find(({ state }) => state === 'staged')
    const early = await (await root.get('/console/keys')).submit('/console/keys/activate', { kid: staged?.kid ?? '' })
    expect([early.status, /It is too early.* UTC on/.test(early.text)]).toEqual([409, true])
    const kid = first?.kid ?? ''
    expect((await (await root.get('/console/keys')).submit('/console/keys/revoke', { kid, confirm: 'no' })).status).toBe(422)
    await sent('/console/keys', '/keys/revoke', { kid, confirm: kid.slice(0, 8) })
    const after = await app.server.keys.signing.list()
    expect(after.find((key) => key.kid === kid)).toMatchObject({ state: 'revoked' })
    expect(after.filter(({ state }) => state === 'active').length).toBe(1)
    await sent('/console/keys', '/keys/rotate', {})
    expect((await app.server.keys.signing.list()).length).toBe(after.length + 1)
  })

  it('a subject is revoked, listed, and reinstated', async () => {
    const filled = { type: 'subject', issuer: 'https://api.example', name: 'mallory', reason: 'left', confirm: 'mallory' }
    const wrong = await (await root.get('/console/revocations')).submit('/console/revocations/add', { ...filled, confirm: 'malory' })
    expect(wrong.status).toBe(422)
    expect((await sent('/console/revocations', '/revocations/add', filled)).text).toContain('mallory')
    expect((await root.get('/console/revocations?name=nobody')).text).toContain('Nothing was found')
    await sent('/console/revocations', '/revocations/reinstate', { name: 'mallory' })
    expect((await root.get('/console/revocations')).text).not.toContain('Reinstate…')
  })

  it('the audit log has one line for each change, and can be searched', async () => {
    await register({ id: 'batch', grants: 'client_credentials' })
    const page = await root.get('/console/audit')
    expect(page.text.match(/client\.register/g)?.length).toBe(1)
    expect((await root.get('/console/audit?subject=vera')).text).toContain('There are no entries')
    const entries: StoredAuditEntry[] = []
    for await (const entry of allItems((after) => app.server.stores.audit.page({ after }))) entries.push(entry)
    expect(entries.map(({ detail }) => detail?.outcome)).toEqual(['begun', 'done'])
  })

  it('a token is explained, and is not on the page', async () => {
    const made = await register({ id: 'batch', grants: 'client_credentials' })
    const answer = await fetch(`${app.url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`batch:${secretIn(made)}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const { access_token: token = '' } = (await answer.json()) as { readonly access_token?: string }
    const explain = async (jwt: string): Promise<Page> => (await root.get('/console/explain')).submit('/console/explain/token', { jwt })
    const good = await explain(token)
    expect([good.status, good.headers.get('cache-control')]).toEqual([200, 'no-store'])
    for (const text of ['Nothing speaks against it', 'good signature', 'not expired', 'not revoked']) expect(good.text).toContain(text)
    expect(good.text).not.toContain(token.split('.')[2])
    expect((await explain(`${token.slice(0, -4)}AAAA`)).text).toContain('bad signature')
    await app.server.clients.lock('batch')
    expect((await explain(`Bearer ${token}`)).text).toMatch(/It would be refused[\s\S]*revoked_key/)
    const people = await app.people.token({ claims: { sub: 'x' } })
    expect((await explain(people)).text).toContain('not checked')
    expect((await explain('junk')).status).toBe(422)
  })

  it('the audit log, the clients and the list of revocations have pages', async () => {
    for (let n = 0; n < 30; n += 1) {
      await app.server.clients.register({ id: `c${String(n).padStart(2, '0')}`, grants: ['client_credentials'], secret: false })
      await app.server.revocations.revoke({ type: 'client', issuer: 'https://api.example', clientId: `c${n}` })
      for (let twice = 0; twice < 2; twice += 1)
        await app.server.stores.audit.append({ event: 'e', subject: `s${n}-${twice}` }, { ttlMs: 60_000 })
    }
    for (const [path, first, last] of [
      ['/console/clients', 'c00', 'c29'],
      ['/console/revocations', 'c29', 'c0'],
      ['/console/audit', 's29-1', 's0-0'],
    ] as const) {
      const page = await root.get(path)
      expect(page.text).toContain(`>${first}<`)
      expect(page.text).not.toContain(`>${last}<`)
      const next = /rel="next" href="([^"]*)"/.exec(page.text)?.[1] ?? ''
      expect((await root.get(next.replaceAll('&amp;', '&'))).text).toContain(`>${last}<`)
    }
  })

  it('the report of a shadow tells what a new guard would refuse', async () => {
    const report = createShadowReport()
    const channel = eventChannel('countersign:shadow')
    const event = {
      route: '/patients/<b>',
      via: undefined,
      issuer: 'https://old.example',
      detail: undefined,
      isDifferent: true,
      isEnforced: false,
    } as const
    channel.publish({ ...event, old: 'admitted', new: 'refused', reason: 'audience' })
    const shadowed = await startServerApp(start, undefined, { parts: { shadowReport: report } })
    const page = await shadowed.as('root').get('/console/shadow')
    for (const text of ['not yet', '/patients/&lt;b&gt;', '<code>audience</code>', 'https://old.example']) expect(page.text).toContain(text)
    expect((await shadowed.as('vera').get('/console/shadow')).status).toBe(403)
    expect((await root.get('/console/shadow')).status).toBe(404)
    report.close()
    await shadowed.close()
  })

  it('an operator opens any entity', async () => {
    expect((await root.get(`/console/integrations?entity=${vendor}`)).status).toBe(200)
    expect((await root.get('/console/integrations?entity=nobody')).status).toBe(404)
  })
})
