import type { DocumentStore, Stores } from '@countersign/core'
import { expect, it } from 'vitest'
import { onEveryStore } from '../grants/on-every-store.js'
import { type Deployment, deploy } from './account-setup.js'

const operator = { operator: 'test' }
const createdBy = { operator: 'test' }
const options = { types: ['CAD', 'RMS'], defaultType: 'RMS' }
const many = 1_200

const clientIdOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
/** The stores of a suite are shared by its tests: each has entities of its own. */
const [vendor, busyVendor] = ['VN10000001', 'VN10000002'] as const
const entityOf = (n: number): string => `FD${String(n).padStart(8, '0')}`

interface Counted {
  readonly stores: Stores
  readonly calls: { count: number; inFlight: number; most: number }
}

/** Counts the calls on accounts and clients, and how many are under way at once. */
function counted(stores: Stores): Counted {
  const calls = { count: 0, inFlight: 0, most: 0 }
  const watched = (documents: DocumentStore): DocumentStore =>
    new Proxy(documents, {
      get: (store, method: keyof DocumentStore) =>
        async function (this: unknown, ...args: readonly unknown[]): Promise<unknown> {
          calls.count += 1
          calls.inFlight += 1
          calls.most = Math.max(calls.most, calls.inFlight)
          try {
            return await (store[method] as (...all: readonly unknown[]) => Promise<unknown>)(...args)
          } finally {
            calls.inFlight -= 1
          }
        },
    })
  return { stores: { ...stores, accounts: watched(stores.accounts), clients: watched(stores.clients) }, calls }
}

async function putAll(
  store: DocumentStore,
  documents: readonly { readonly collection: string; readonly id: string; readonly record: object }[],
) {
  for (let from = 0; from < documents.length; from += 64)
    await Promise.all(
      documents
        .slice(from, from + 64)
        .map(({ collection, id, record }) => store.put({ collection, id, value: JSON.stringify({ v: 1, ...record }), revision: 0 })),
    )
}

const numbers = Array.from({ length: many }, (_, n) => n)

/** Enrollments as the release before kept them. */
const enrollment = (clientId: string, id: string) => [
  { collection: `enrolled_by:${id}`, id: clientId, record: {} },
  { collection: `enrollments:${clientId}`, id, record: { id: clientId, entityName: id, createdBy, createdAt: 1 } },
]
const integration = (n: number) => ({
  collection: 'integrations',
  id: clientIdOf(n),
  record: { entity: vendor, title: `T${n}`, type: n % 3 === 0 ? 'CAD' : 'RMS', createdBy, createdAt: 1, isBeingDeleted: false },
})

async function pagesOf(
  { integrations }: Pick<Deployment, 'integrations'>,
  query: { readonly entity: string } | { readonly clientId: string },
): Promise<{ readonly ids: readonly string[]; readonly totals: readonly number[] }> {
  const ids: string[] = []
  const totals: number[] = []
  for (let pageNumber = 1; ; pageNumber += 1) {
    const page = await integrations.enrollments(operator, { ...query, pageNumber, pageSize: 100 })
    if (!page.ok) throw new Error(page.reason)
    totals.push(page.totalCount)
    ids.push(...page.enrollments.map((one) => ('entity' in query ? one.clientId : one.entity)))
    if (pageNumber >= page.pageCount) return { ids, totals }
  }
}

onEveryStore((open) => {
  it('an entity has many enrollments, also those of the release before: each is on one page, and a page is a few calls', async () => {
    const entity = 'FD90000001'
    const { stores, calls } = counted(open())
    await putAll(stores.accounts, [...numbers.map(integration), ...numbers.flatMap((n) => enrollment(clientIdOf(n), entity))])
    const deployment = deploy(options, stores)
    calls.most = 0
    const { ids, totals } = await pagesOf(deployment, { entity })
    expect(ids).toEqual(numbers.map(clientIdOf))
    expect(new Set(totals)).toEqual(new Set([many]))
    expect(calls.most).toBeLessThanOrEqual(64)

    Object.assign(calls, { count: 0, most: 0 })
    const page = await deployment.integrations.enrollments(operator, { entity, pageNumber: many / 10 })
    expect(page).toMatchObject({ totalCount: many, pageCount: many / 10, types: ['CAD', 'RMS'] })
    expect(page.ok && page.enrollments.map(({ integrationTitle }) => integrationTitle)).toEqual(numbers.slice(-10).map((n) => `T${n}`))
    expect(calls.count).toBeLessThanOrEqual(8)
    expect(calls.most).toBeLessThanOrEqual(4)

    const search = await deployment.integrations.enrollments(operator, { entity, title: 't119', pageSize: 100 })
    expect(search).toMatchObject({ totalCount: 11, types: ['CAD', 'RMS'] })
  })

  it('the integrations of an owner are listed in a few calls, each with its credentials', async () => {
    const owner = 'VN10000003'
    const { stores, calls } = counted(open())
    const { integrations } = deploy(options, stores)
    const titles = Array.from({ length: 25 }, (_, n) => `T${n}`)
    for (const title of titles) expect(await integrations.create(operator, { entity: owner, title })).toMatchObject({ ok: true })
    calls.count = 0
    const list = await integrations.list(operator, owner)
    expect(calls.count).toBeLessThanOrEqual(4)
    if (!list.ok) throw new Error(list.reason)
    expect(list.integrations.map(({ title }) => title).sort()).toEqual(titles.sort())
    for (const { credentials, isLocked } of list.integrations)
      expect([credentials.length, credentials[0]?.lastUsedAt, isLocked]).toEqual([1, undefined, false])
  })

  it('what is withdrawn, by this release or the one before, or with its integration, is on no page and in no total', async () => {
    const entity = 'FD90000002'
    const { stores } = counted(open())
    const some = numbers.slice(0, 40)
    const deployment = deploy(options, stores)
    const made: string[] = []
    for (const n of some) {
      const created = await deployment.integrations.create(operator, { entity: vendor, title: `T${n}` })
      if (!created.ok) throw new Error(created.reason)
      made.push(created.clientId)
      await deployment.integrations.enroll(operator, { entity, clientId: created.clientId })
    }
    const pages = async (): Promise<readonly string[]> => {
      const ids: string[] = []
      for (const pageNumber of [1, 2, 3, 4, 5]) {
        const page = await deployment.integrations.enrollments(operator, { entity, pageNumber, pageSize: 9 })
        ids.push(...(page.ok ? page.enrollments.map(({ clientId }) => clientId) : []))
      }
      return ids
    }
    const left = async (): Promise<readonly string[]> => {
      const ids = await pages()
      expect(await deployment.integrations.enrollments(operator, { entity })).toMatchObject({ totalCount: ids.length })
      return ids
    }
    const sorted = [...made].sort()
    expect(await left()).toEqual(sorted)
    const [first, byOther, gone] = [sorted[0] ?? '', sorted[17] ?? '', sorted[30] ?? '']
    await deployment.integrations.unenroll(operator, { entity, clientId: first })
    expect(await left()).toEqual(sorted.slice(1))
    await stores.accounts.remove({ collection: `enrollments:${byOther}`, id: entity, revision: 1 })
    expect(await pages()).not.toContain(byOther)
    expect(await left()).toEqual(sorted.filter((id) => id !== first && id !== byOther))
    await deployment.integrations.remove(operator, gone)
    const expected = sorted.filter((id) => ![first, byOther, gone].includes(id))
    expect(await left()).toEqual(expected)
    await deployment.integrations.enroll(operator, { entity, clientId: first })
    expect(await left()).toEqual([first, ...expected])
    expect(await deployment.integrations.enrollments(operator, { entity, title: 'T', pageSize: 100 })).toMatchObject({ totalCount: 38 })
  })

  it('an open pointer that leads nowhere goes when nobody can be about to write behind it', async () => {
    const entity = 'FD90000003'
    const { stores } = counted(open())
    const deployment = deploy(options, stores)
    const made = await deployment.integrations.create(operator, { entity: vendor, title: 'T' })
    const clientId = made.ok ? made.clientId : ''
    await putAll(stores.accounts, [{ collection: `enrolled_by:${entity}`, id: clientId, record: {} }])
    const pointer = () => stores.accounts.get({ collection: `enrolled_by:${entity}`, id: clientId })
    const listed = async () => expect(await deployment.integrations.enrollments(operator, { entity })).toMatchObject({ totalCount: 0 })
    for (const seconds of [0, 1800, 1799]) {
      deployment.clock.advance(seconds)
      await listed()
      expect(await pointer()).toBeDefined()
    }
    deployment.clock.advance(2)
    await listed()
    expect(await pointer()).toBeUndefined()
  })

  it('an integration with many enrollments is listed by pages and removed in a few calls', async () => {
    const { stores, calls } = counted(open())
    const deployment = deploy(options, stores)
    const made = await deployment.integrations.create(operator, { entity: vendor, title: 'Dispatch', type: 'CAD' })
    const clientId = made.ok ? made.clientId : ''
    await putAll(
      stores.accounts,
      numbers.flatMap((n) => enrollment(clientId, entityOf(n))),
    )
    Object.assign(calls, { count: 0, most: 0 })
    const page = await deployment.integrations.enrollments(operator, { clientId, pageNumber: 3, pageSize: 7 })
    expect(page).toMatchObject({ totalCount: many, types: ['CAD'] })
    expect(page.ok && page.enrollments.map((one) => one.entity)).toEqual(numbers.slice(14, 21).map(entityOf))
    expect(calls.count).toBeLessThanOrEqual(4)

    Object.assign(calls, { count: 0, most: 0 })
    expect(await deployment.integrations.remove(operator, clientId)).toEqual({ ok: true })
    expect(calls.count).toBeLessThanOrEqual(30)
    expect(calls.most).toBeLessThanOrEqual(64)
    expect(await stores.accounts.count({ collection: `enrollments:${clientId}` })).toMatchObject({ total: 0 })
    for (const n of [0, 599, many - 1])
      expect(await stores.accounts.get({ collection: `enrolled_by:${entityOf(n)}`, id: clientId })).toBeUndefined()
  })

  it('an entity that owns many integrations lists them with a bounded number of calls at once', async () => {
    const { stores, calls } = counted(open())
    const some = numbers.slice(0, 300)
    await putAll(stores.accounts, [
      ...some.map((n) => integration(n + 100_000)),
      ...some.map((n) => ({ collection: `integrations_of:${busyVendor}`, id: clientIdOf(n + 100_000), record: {} })),
    ])
    calls.most = 0
    const list = await deploy(options, stores).integrations.list(operator, busyVendor)
    expect(list.ok && list.integrations.map(({ clientId }) => clientId)).toEqual(some.map((n) => clientIdOf(n + 100_000)))
    expect(calls.most).toBeLessThanOrEqual(16)
  })
})
