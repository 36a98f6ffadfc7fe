import { expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { onEveryStore } from '../grants/on-every-store.js'
import type { Page } from './browser.js'
import { type ServerApp, startServerApp, vendor } from './server-app.js'

const [{ start }] = adapters as [(typeof adapters)[number]]
const list = `/console/integrations?entity=${vendor}`
const secrets = { current: { id: '1', secret: 'a secret that two processes have: 32 bytes or more' } }

onEveryStore((open) => {
  it('two processes with one store: each accepts the forms of the other, once', async () => {
    const apps = [await startServerApp(start, open(), { secrets }), await startServerApp(start, open(), { secrets })] as const
    const [first, second] = apps
    const [here, there] = [first.as('vera'), second.as('vera')]
    const page = await here.get(list)
    for (const [name, value] of here.cookies) there.cookies.set(name, value)
    const form = /name="token" value="([^"]*)"/.exec(page.text)?.[1] ?? ''
    const sent = { token: form, entity: vendor, title: 'Dispatch', type: 'CAD' }
    const answers = await Promise.all([here.post('/console/integrations/create', sent), there.post('/console/integrations/create', sent)])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
    const done = await second.integrations.list({ operator: 'test' }, vendor)
    expect(done.ok && done.integrations.map(({ title }) => title)).toEqual(['Dispatch'])
    const clientId = done.ok ? (done.integrations[0]?.clientId ?? '') : ''
    const removed = await (await there.get(`/console/integration?client=${clientId}`)).submit('/console/integration/remove', {
      confirm: 'Dispatch',
    })
    expect(removed.status).toBe(303)
    expect((await here.get(`/console/integration?client=${clientId}`)).status).toBe(404)
    const audit = await first.as('root').get('/console/audit')
    expect(audit.text).toMatch(/integration\.remove[\s\S]*integration\.create/)
    for (const app of apps) await app.close()
  })
})

const many = 10_000

/** Integrations as they are after years. */
async function fill({ integrations }: ServerApp): Promise<void> {
  const numbers = Array.from({ length: many }, (_, n) => n)
  for (let from = 0; from < many; from += 500)
    await Promise.all(
      numbers
        .slice(from, from + 500)
        .map((n) => integrations.create({ operator: 'test' }, { entity: vendor, title: `Vehicle ${n}`, type: 'CAD' })),
    )
}

it('10,000 integrations have pages, and are found by a part of their title', async () => {
  const app = await startServerApp(start)
  await fill(app)
  const vera = app.as('vera')
  const titlesOn = (page: Page): readonly string[] =>
    [...page.text.matchAll(/<bdi class="name">(Vehicle \d+)<\/bdi>/g)].map(([, title = '']) => title)
  const first = await vera.get(list)
  expect(first.text).toContain('10000 integrations')
  expect(first.text).toContain('Page 1 of 400')
  expect(first.text.length).toBeLessThan(40_000)
  const last = await vera.get(`${list}&page=400`)
  expect([titlesOn(first).length, titlesOn(last).length]).toEqual([25, 25])
  expect(titlesOn(last).filter((title) => titlesOn(first).includes(title))).toEqual([])
  expect(last.text).not.toContain('rel="next"')
  expect((await vera.get(`${list}&page=401`)).text).toContain('Nothing was found')
  expect(titlesOn(await vera.get(`${list}&title=vehicle+777`))).toContain('Vehicle 7770')
  await app.close()
})
