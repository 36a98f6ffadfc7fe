import { allItems, type StoredAuditEntry, Unavailable } from '@countersign/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { department, vendor } from '../integrations/account-setup.js'
import { type Browser, formsOf, type Page } from './browser.js'
import { type ConsoleApp, startConsole } from './console-app.js'

const list = `/console/integrations?entity=${vendor}`
const secretIn = (page: Page): string | undefined => /id="secret"[^>]* value="([^"]*)"/.exec(page.text)?.[1]

describe.each(adapters.filter(({ name }) => !/[42]$/.test(name)))('the integrations of a console on $name', ({ start }) => {
  let app: ConsoleApp
  let vera: Browser

  beforeEach(async () => {
    app = await startConsole(start)
    vera = app.as('vera')
  })
  afterEach(() => app.close())

  async function created(title = 'Dispatch'): Promise<{ readonly clientId: string; readonly secret: string }> {
    const answer = await (await vera.get(list)).submit('/console/integrations/create', { title })
    expect(answer.status).toBe(200)
    return { clientId: /client=([0-9a-f-]{36})/.exec(answer.text)?.[1] ?? '', secret: secretIn(answer) ?? '' }
  }
  const audit = async (): Promise<readonly StoredAuditEntry[]> => {
    const entries: StoredAuditEntry[] = []
    for await (const entry of allItems((after) => app.stores.audit.page({ after }))) entries.push(entry)
    return entries
  }

  it('are created by a form, whose answer alone shows the secret', async () => {
    const page = await vera.get(list)
    expect(page.text).toContain('There are no integrations yet')
    const answer = await page.submit('/console/integrations/create', { title: 'Dispatch' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const secret = secretIn(answer) ?? ''
    expect(secret).toMatch(/^cs_/)
    const [integration] = await app.integrations.list({ operator: 'test' }, vendor).then((done) => (done.ok ? done.integrations : []))
    const raw = { id: integration?.clientId ?? '', secret }
    expect(await app.clients.authenticate({ method: 'client_secret_basic', decoded: raw, raw })).toMatchObject({ ok: true })
    const detail = `/console/integration?client=${integration?.clientId}`
    for (const path of [list, detail]) {
      const later = await vera.get(path)
      expect(later.status).toBe(200)
      expect(later.text).toContain('Dispatch')
      expect(later.text).not.toContain(secret)
    }
  })

  it('a change is on record before it is made, with who made it', async () => {
    const { clientId, secret } = await created()
    const page = await vera.get(`/console/integration?client=${clientId}`)
    expect((await page.submit('/console/integration/remove', { confirm: 'Dispatch' })).status).toBe(303)
    const entries = await audit()
    expect(entries.map(({ event, subject, detail }) => [event, subject, detail?.action, detail?.outcome])).toEqual([
      ['countersign:console', 'vera', 'integration.create', 'begun'],
      ['countersign:console', 'vera', 'integration.create', 'done'],
      ['countersign:console', 'vera', 'integration.remove', 'begun'],
      ['countersign:console', 'vera', 'integration.remove', 'done'],
    ])
    expect(JSON.stringify(entries)).not.toContain(secret)
    expect(entries[3]).toMatchObject({ clientId, detail: { role: 'owner' } })
  })

  it('a change that cannot be recorded is not made', async () => {
    const broken = await startConsole(start, {
      parts: {
        integrations: app.integrations,
        replay: app.stores.replay,
        audit: { ...app.stores.audit, append: () => Promise.reject(new Error('full')) },
      },
    })
    const answer = await (await broken.as('root').get(list)).submit('/console/integrations/create', { title: 'Dispatch' })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(await app.integrations.list({ operator: 'test' }, vendor)).toEqual({ ok: true, integrations: [] })
    await broken.close()
  })

  it('a form that is sent twice is carried out once', async () => {
    const page = await vera.get(list)
    const first = await page.submit('/console/integrations/create', { title: 'Dispatch' })
    const second = await page.submit('/console/integrations/create', { title: 'Dispatch' })
    expect([first.status, second.status]).toEqual([200, 409])
    expect(second.text).toContain('Sent twice')
    expect(second.text).not.toContain(secretIn(first))
    expect(await app.integrations.page({ operator: 'test' }, { entity: vendor })).toMatchObject({ totalCount: 1 })
  })

  it('a credential is added, shown once, and revoked', async () => {
    const { clientId } = await created()
    const detail = `/console/integration?client=${clientId}`
    const answer = await (await vera.get(detail)).submit('/console/integration/add-credential', { title: 'Second server' })
    expect(secretIn(answer)).toMatch(/^cs_/)
    const page = await vera.get(detail)
    expect(page.text).toContain('Second server')
    expect(page.text).not.toContain(secretIn(answer))
    const found = await app.integrations.find({ operator: 'test' }, clientId)
    const [, second] = found.ok ? found.integration.credentials : []
    const revoked = await page.submit('/console/integration/revoke-credential', { credential: second?.id ?? '' })
    expect(revoked.status).toBe(303)
    const after = await vera.get(revoked.headers.get('location') ?? '')
    expect(after.text).toContain('The credential is revoked')
    expect(after.text).not.toContain('Second server')
  })

  it('an integration is deleted only if its title was typed', async () => {
    const { clientId } = await created()
    const page = await vera.get(`/console/integration?client=${clientId}`)
    const wrong = await page.submit('/console/integration/remove', { confirm: 'Dispatc' })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toMatch(/aria-invalid="true"/)
    const right = await wrong.submit('/console/integration/remove', { confirm: 'Dispatch' })
    expect(right.status).toBe(303)
    expect((await vera.get(right.headers.get('location') ?? '')).text).toContain('The integration is deleted')
    expect((await vera.get(`/console/integration?client=${clientId}`)).status).toBe(404)
  })

  it('a department enrolls an integration, and withdraws it', async () => {
    const { clientId } = await created()
    const carl = app.as('carl')
    const path = `/console/enrollments?entity=${department}`
    expect((await (await carl.get(path)).submit('/console/integration/enroll', { client: clientId })).status).toBe(303)
    const page = await carl.get(path)
    expect(page.text).toContain('Dispatch')
    expect((await vera.get(`/console/integration?client=${clientId}`)).text).toContain('Enrolled by 1 entity')
    expect((await page.submit('/console/integration/unenroll', { client: clientId })).status).toBe(303)
    expect((await carl.get(path)).text).toContain('Nothing is enrolled')
  })

  it('a wrong value is told at its field, and what was typed stays', async () => {
    const page = await vera.get(list)
    const title = `${'x'.repeat(200)}"><script>`
    const answer = await page.submit('/console/integrations/create', { title })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('more than 200 characters')
    expect(answer.text).toContain('&quot;&gt;&lt;script&gt;')
    expect(answer.text).not.toContain('"><script>')
    expect(formsOf(answer.text, '/console/integrations/create')).toMatchObject([{ fields: { title }, hidden: { entity: vendor } }])
    expect((await answer.submit('/console/integrations/create', { title: 'Dispatch' })).status).toBe(200)
  })

  it('an outage is a page with 503, and not a sign-in', async () => {
    app.breakHost(new Unavailable('store_unavailable', { retryAfterSeconds: 3 }))
    const answer = await vera.get(list)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '3'])
    expect(answer.headers.get('content-type')).toContain('text/html')
    app.breakHost(undefined)
    app.accounts.isDown = true
    expect((await vera.get(list)).status).toBe(503)
  })
})
