import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { type Browser, formsOf } from './browser.js'
import { department, type ServerApp, startServerApp, vendor } from './server-app.js'

const actor = { operator: 'test' }
const [{ start }] = adapters as [(typeof adapters)[number]]

/** Everything that a form could change. */
async function contents({ server, integrations }: ServerApp): Promise<unknown> {
  const [ofVendor, ofDepartment, enrolled] = await Promise.all([
    integrations.list(actor, vendor),
    integrations.list(actor, department),
    integrations.enrollments(actor, { entity: department }),
  ])
  const [clients, keys, clientKeys, revoked, audit] = await Promise.all([
    server.clients.list(),
    server.keys.signing.list(),
    server.keys.clientKeys.list('batch'),
    server.stores.revocations.page(),
    server.stores.audit.page({ event: 'countersign:console' }),
  ])
  const outcomes = audit.items.filter(({ detail }) => detail?.outcome === 'done')
  return { ofVendor, ofDepartment, enrolled, clients, keys, clientKeys, revoked: revoked.items.map(({ entry }) => entry), outcomes }
}

/** An integration of the department that the vendor must not touch, and one of the vendor. */
async function fill(app: ServerApp): Promise<Readonly<Record<'foreign' | 'credential' | 'own', string>>> {
  const foreign = await app.integrations.create(actor, { entity: department, title: 'Not yours', type: 'CAD' })
  const own = await app.integrations.create(actor, { entity: vendor, title: 'Yours', type: 'CAD' })
  if (!foreign.ok || !own.ok) throw new Error('the integrations were not made')
  await app.integrations.enroll(actor, { entity: department, clientId: foreign.clientId })
  await app.server.clients.register({ id: 'batch', grants: ['client_credentials'] })
  return { foreign: foreign.clientId, credential: foreign.credentialId, own: own.clientId }
}

describe('every route of a console', () => {
  let app: ServerApp
  let ids: Readonly<Record<'foreign' | 'credential' | 'own', string>>
  let routes: readonly { readonly method: string; readonly path: string }[]

  beforeAll(async () => {
    app = await startServerApp(start)
    ids = await fill(app)
    routes = app.console.filter(({ path }) => !path.includes('/assets/'))
  })
  afterAll(() => app.close())

  const posts = (): readonly string[] => routes.filter(({ method }) => method === 'POST').map(({ path }) => path)
  /** Values that each form takes, about what belongs to the department. */
  const valuesOf = (confirm: string): Readonly<Record<string, string>> => ({
    entity: department,
    client: ids.foreign,
    credential: ids.credential,
    title: 'Taken over',
    type: 'CAD',
    confirm,
    id: 'batch',
    grants: 'client_credentials',
    kid: 'k',
    name: 'k',
    issuer: 'https://api.example',
    jwt: 'junk',
    key: '{}',
    jwk: '{}',
  })
  const tokenOf = async (browser: Browser): Promise<string> => {
    const page = await browser.get(`/console/integrations?entity=${vendor}`)
    return formsOf(page.text, '/console/integrations/create')[0]?.hidden.token ?? ''
  }

  it('there are pages and forms', () => {
    expect(posts().length).toBeGreaterThan(20)
    expect(routes.filter(({ method }) => method === 'GET').length).toBeGreaterThan(10)
  })

  it('shows an owner nothing of another entity and nothing of the server', async () => {
    const vera = app.as('vera')
    const isOpen: string[] = []
    for (const { path } of routes.filter(({ method }) => method === 'GET')) {
      const page = await vera.get(`${path}?entity=${department}&client=${ids.foreign}`)
      const told = ['Not yours', ids.credential, 'batch'].filter((word) => page.text.includes(word))
      expect({ path, told }).toEqual({ path, told: [] })
      if (page.status < 400) isOpen.push(path)
    }
    expect(isOpen).toEqual(['/console', '/console/', '/console/entities'])
  })

  it('lets an owner change nothing of another entity and nothing of the server', async () => {
    const vera = app.as('vera')
    const before = await contents(app)
    for (const path of posts()) {
      for (const confirm of ['Not yours', ids.foreign, 'k']) {
        const page = await vera.post(path, { ...valuesOf(confirm), token: await tokenOf(vera) })
        const isRefused = page.status >= 403 && page.status < 500
        expect({ path, isRefused, isTold: page.text.includes('Not yours') }).toEqual({ path, isRefused: true, isTold: false })
        expect({ path, after: await contents(app) }).toEqual({ path, after: before })
      }
    }
  })

  it('refuses forms that no page of the console sent, or somebody else’s', async () => {
    const root = app.as('root')
    const before = await contents(app)
    const own = await tokenOf(root)
    const ofVera = await tokenOf(app.as('vera'))
    const cookies = [...root.cookies]
    const attempts: readonly (readonly [what: string, headers: Readonly<Record<string, string>>, token: string | undefined])[] = [
      ['a foreign origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, own],
      ['a foreign origin that the browser does not judge', { origin: 'https://evil.example', 'sec-fetch-site': '' }, own],
      ['a sister site', { 'sec-fetch-site': 'same-site' }, own],
      ['another port', { origin: `${new URL(app.url).protocol}//${new URL(app.url).hostname}:1` }, own],
      ['a sandboxed page', { origin: 'null' }, own],
      ['no token', {}, undefined],
      ['a made-up token', {}, own.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
      ['the token of somebody else', {}, ofVera],
      ['an older time in the token', {}, own.replace(/\.(\d+)\./, (_, time: string) => `.${Number(time) - 1}.`)],
    ]
    for (const path of posts()) {
      for (const [what, headers, token] of attempts) {
        const page = await root.post(path, { ...valuesOf('Not yours'), ...(token !== undefined && { token }) }, headers)
        expect([`${path}: ${what}`, page.status]).toEqual([`${path}: ${what}`, 403])
      }
      for (const [name] of cookies.filter(([one]) => one !== 'user')) root.cookies.delete(name)
      const noCookie = await root.post(path, { ...valuesOf('Not yours'), token: own })
      expect([path, noCookie.status]).toEqual([path, 403])
      for (const [name, value] of cookies) root.cookies.set(name, value)
      const nobody = await app.as().post(path, { ...valuesOf('Not yours'), token: own })
      expect([path, nobody.status]).toEqual([path, 401])
    }
    expect(await contents(app)).toEqual(before)
  })

  it('takes no JSON and no query in place of a form', async () => {
    const root = app.as('root')
    const token = await tokenOf(root)
    const headers = { origin: app.url, cookie: [...root.cookies].map((pair) => pair.join('=')).join('; ') }
    const values = { ...valuesOf('Not yours'), token }
    for (const path of posts()) {
      const json = await fetch(app.url + path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(values),
      })
      expect([path, json.status]).toEqual([path, 415])
      const query = await fetch(`${app.url}${path}?${new URLSearchParams(values).toString()}`, { method: 'POST', headers })
      expect([path, query.status]).toEqual([path, 403])
    }
  })

  it('has the headers that keep it closed on each page', async () => {
    const root = app.as('root')
    for (const { path } of routes.filter(({ method }) => method === 'GET')) {
      const { headers, status } = await root.get(`${path}?entity=${vendor}&client=${ids.own}`)
      if (status === 303) continue
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toMatch(/^default-src 'none';.*frame-ancestors 'none'; base-uri 'none'$/)
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
      expect([path, headers.get('cache-control')]).toEqual([path, 'no-store'])
      expect([path, headers.get('x-content-type-options')]).toEqual([path, 'nosniff'])
      expect([path, headers.get('referrer-policy')]).toEqual([path, 'same-origin'])
    }
    const cookie = (await app.as('root').get('/console/overview')).headers.get('set-cookie')
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/)
  })
})

it('a form of an earlier session keeps what was typed, and is sent with a second click', async () => {
  const app = await startServerApp(start)
  const vera = app.as('vera')
  const page = await vera.get(`/console/integrations?entity=${vendor}`)
  app.newSession()
  await vera.get('/console/entities') // signed in again elsewhere
  const late = await page.submit('/console/integrations/create', { title: 'Dispatch' })
  expect(late.status).toBe(403)
  expect(await app.integrations.list(actor, vendor)).toEqual({ ok: true, integrations: [] })
  expect(formsOf(late.text, '/console/integrations/create')[0]?.fields.title).toBe('Dispatch')
  expect((await late.submit('/console/integrations/create')).status).toBe(200)
  await app.close()
})

it('without https a browser on another machine gets no cookie without `Secure`', async () => {
  const app = await startServerApp(start, undefined, { origin: 'https://api.example' })
  const overview = app.console.find(({ path }) => path === '/console/entities')
  const reply = await overview?.endpoint({ method: 'GET', url: '/console/entities', headers: { host: 'api.example', cookie: 'user=root' } })
  expect(reply?.headers['set-cookie']).toMatch(/^__Host-countersign-console=.*; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
  await app.close()
})

it('what a host returns by mistake opens nothing', async () => {
  const returned: readonly unknown[] = [
    true,
    'ada',
    {},
    { id: 'ada' },
    { role: 'admin', id: 'ada' },
    { role: 'operator', id: '' },
    { role: 'owner', id: 'vera', entities: [vendor] },
  ]
  for (const one of returned) {
    const app = await startServerApp(start, undefined, { operator: () => one as never })
    const page = app.console.find(({ path }) => path === '/console/entities')
    await expect(page?.endpoint({ method: 'GET', url: '/console/entities', headers: {} })).rejects.toThrow(
      /^createConsole: operator must return/,
    )
    await app.close()
  }
})
