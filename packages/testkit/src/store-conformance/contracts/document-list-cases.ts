import assert from 'node:assert/strict'
import type { DocumentListQuery, DocumentStore } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import { type DefineCase, sleep } from '../store-case.js'
import { strangeStrings } from '../strange-strings.js'

const collection = 'collection'

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

const put = (store: DocumentStore, id: string, group?: string): Promise<boolean> =>
  store.put({ collection, id, value: JSON.stringify(id), revision: 0, group })

async function putAll(
  store: DocumentStore,
  ids: readonly string[],
  groupOf: (id: string, at: number) => string | undefined,
): Promise<void> {
  for (let from = 0; from < ids.length; from += 32)
    await Promise.all(ids.slice(from, from + 32).map((id, at) => put(store, id, groupOf(id, from + at))))
}

async function idsOf(store: DocumentStore, query: Partial<DocumentListQuery> = {}): Promise<readonly string[]> {
  return (await store.list({ collection, limit: 1_000, ...query })).map(({ id }) => id)
}

function pageCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('any page is found by its number, and a page behind the last is empty', async ({ stores: { clients } }) => {
      const ids = Array.from({ length: 25 }, (_, n) => `id ${n}`)
      await putAll(clients, ids, () => undefined)
      const sorted = [...ids].sort(byBytes)
      for (const offset of [0, 1, 10, 24, 25, 1_000])
        assert.deepEqual(await idsOf(clients, { offset, limit: 10 }), sorted.slice(offset, offset + 10))
      assert.deepEqual((await clients.list({ collection, offset: 3, limit: 1 }))[0], {
        id: sorted[3],
        value: JSON.stringify(sorted[3]),
        revision: 1,
      })
    }),
    define('a list is filtered by the beginning of the ids', async ({ stores: { clients } }) => {
      const ids = ['a', 'ab', 'abc', 'abd', 'ab\u{1f511}', 'ab\uffff', 'ac', 'b', 'ä', 'A', 'ab\0']
      await putAll(clients, ids, (_, at) => (at % 2 === 0 ? 'even' : undefined))
      const expected = ids.filter((id) => id.startsWith('ab')).sort(byBytes)
      const filter = { idPrefix: 'ab' }
      assert.deepEqual(await idsOf(clients, { filter }), expected)
      assert.deepEqual(await idsOf(clients, { filter, offset: 2, limit: 2 }), expected.slice(2, 4))
      for (const after of ['', 'a', 'ab', 'abc', 'abd', 'ab\uffff', 'ac', 'z'])
        assert.deepEqual(
          await idsOf(clients, { filter, after }),
          expected.filter((id) => byBytes(id, after) > 0),
          after,
        )
      assert.deepEqual(await idsOf(clients, { filter: { idPrefix: 'none' } }), [])
    }),
    define('a list is filtered by group, and groups are counted', async ({ stores: { clients, keys } }) => {
      const groups = strangeStrings.filter((group) => group !== '' && Buffer.byteLength(group) <= 200)
      const ids = Array.from({ length: 200 }, (_, n) => `${(n * 7919) % 200} ${groups[n % groups.length]}`)
      const groupOf = (_: string, at: number): string | undefined => (at < 3 ? undefined : groups[at % groups.length])
      await putAll(clients, ids, groupOf)
      const inGroup = (group: string): readonly string[] => ids.filter((id, at) => groupOf(id, at) === group).sort(byBytes)
      for (const group of groups) {
        const expected = inGroup(group)
        assert.deepEqual(await idsOf(clients, { filter: { group } }), expected)
        assert.deepEqual(await idsOf(clients, { filter: { group }, offset: 1, limit: 2 }), expected.slice(1, 3))
        assert.deepEqual(await idsOf(clients, { filter: { group }, after: expected[1] }), expected.slice(2))
      }
      const counted = [...groups].sort(byBytes).map((group) => ({ group, count: inGroup(group).length }))
      assert.deepEqual(await clients.count({ collection }), { total: 200, groups: counted })
      assert.deepEqual(await idsOf(clients, { filter: { group: 'nobody is in it' } }), [])
      assert.deepEqual(await keys.count({ collection }), { total: 0, groups: [] })
      assert.deepEqual(await clients.count({ collection: 'other' }), { total: 0, groups: [] })
    }),
    define('a document is in the group that it was last put with, and in none when it is gone', async ({ stores: { accounts } }) => {
      const change = { collection, id: 'id', value: '0' }
      const seen = async (): Promise<unknown> => [
        await idsOf(accounts, { filter: { group: 'a' } }),
        await idsOf(accounts, { filter: { group: 'b' } }),
        await accounts.count({ collection }),
      ]
      await accounts.put({ ...change, revision: 0, group: 'a' })
      assert.deepEqual(await seen(), [['id'], [], { total: 1, groups: [{ group: 'a', count: 1 }] }])
      assert.equal(await accounts.put({ ...change, revision: 9, group: 'b' }), false)
      assert.deepEqual(await seen(), [['id'], [], { total: 1, groups: [{ group: 'a', count: 1 }] }])
      await accounts.put({ ...change, revision: 1, group: 'b' })
      assert.deepEqual(await seen(), [[], ['id'], { total: 1, groups: [{ group: 'b', count: 1 }] }])
      await accounts.put({ ...change, revision: 2 })
      assert.deepEqual(await seen(), [[], [], { total: 1, groups: [] }])
      await accounts.put({ ...change, revision: 3, group: 'a' })
      await accounts.remove({ ...change, revision: 4 })
      assert.deepEqual(await seen(), [[], [], { total: 0, groups: [] }])
      await accounts.put({ ...change, revision: 0 })
      assert.deepEqual(await seen(), [[], [], { total: 1, groups: [] }])
    }),
    define('a query that is wrong is a TypeError', async ({ stores: { clients } }) => {
      const wrong: readonly object[] = [
        { limit: 0 },
        { limit: 1.5 },
        { offset: -1 },
        { offset: 0.5 },
        { offset: 1, after: 'a' },
        { filter: {} },
        { filter: { group: '' } },
        { filter: { idPrefix: '' } },
        { filter: { group: 'a', idPrefix: 'b' } },
        { filter: { group: '\ud800' } },
      ]
      for (const query of wrong) await assert.rejects(clients.list({ collection, ...query }), TypeError, JSON.stringify(query))
      for (const group of ['', '\ud800', 'x'.repeat(201)]) await assert.rejects(put(clients, 'id', group), TypeError)
      assert.equal((await clients.count({ collection })).total, 0)
    }),
  ]
}

/** Reads all pages of one walk. */
async function walk(store: DocumentStore, query: Partial<DocumentListQuery>, between: () => Promise<void>): Promise<readonly string[]> {
  const seen: string[] = []
  for (let after: string | undefined; ; after = seen.at(-1)) {
    const page = await idsOf(store, { ...query, after, limit: 10 })
    seen.push(...page)
    if (page.length < 10) return seen
    await between()
  }
}

function concurrentCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('while others put and remove, what is there all the time is on exactly one page', async ({ stores: { clients }, open }) => {
      const { clients: other } = await open()
      const staying = Array.from({ length: 120 }, (_, n) => `${n * 2}`.padStart(4, '0'))
      await putAll(clients, staying, () => 'group')
      const state = { isOver: false }
      const change = async (worker: number): Promise<void> => {
        for (let n = worker; !state.isOver; n += 2) {
          const id = `${((n * 37) % 120) * 2 + 1}`.padStart(4, '0')
          if (!(await put(n % 4 < 2 ? other : clients, id, 'group'))) await other.remove({ collection, id, revision: 1 })
          await sleep(0)
        }
      }
      const changing = [change(0), change(1)]
      for (const filter of [undefined, { group: 'group' }, { idPrefix: '0' }])
        for (let round = 0; round < 3; round += 1) {
          const seen = await walk(clients, { filter }, () => sleep(1))
          assert.equal(new Set(seen).size, seen.length, 'none is shown twice')
          assert.deepEqual(
            seen.filter((id) => Number(id) % 2 === 0),
            staying,
          )
        }
      state.isOver = true
      await Promise.all(changing)
      const ids = await idsOf(clients)
      assert.deepEqual(await clients.count({ collection }), { total: ids.length, groups: [{ group: 'group', count: ids.length }] })
    }),
    define('64 that put and remove at once leave totals that agree with the list', async ({ stores: { keys }, open }) => {
      const { keys: other } = await open()
      await Promise.all(
        Array.from({ length: 64 }, async (_, n) => {
          const store = n % 2 === 0 ? keys : other
          const id = `${n % 16}`
          if (!(await put(store, id, `g${n % 3}`))) await store.remove({ collection, id, revision: 1 })
        }),
      )
      const ids = await idsOf(keys)
      const { total, groups } = await other.count({ collection })
      assert.equal(total, ids.length)
      for (const { group, count } of groups) assert.equal((await idsOf(keys, { filter: { group } })).length, count)
      assert.equal(
        groups.reduce((sum, { count }) => sum + count, 0),
        total,
      )
    }),
  ]
}

function batchCases(define: DefineCase): readonly StoreCase[] {
  const addresses = Array.from({ length: 300 }, (_, n) => ({ collection: `collection ${n % 100}`, id: `${n}` }))
  const fill = (store: DocumentStore): Promise<unknown> =>
    Promise.all(addresses.map((address) => store.put({ ...address, value: address.id, revision: 0, group: 'group' })))
  return [
    define('many documents are read at once, in the order of the request', async ({ stores: { accounts } }) => {
      await fill(accounts)
      const asked = [...addresses]
        .reverse()
        .flatMap((address, at) => (at % 50 === 0 ? [address, { ...address, id: 'none' }, address] : [address]))
      const found = await accounts.getMany(asked)
      assert.deepEqual(
        found,
        asked.map(({ id }) => (id === 'none' ? undefined : { id, value: id, revision: 1 })),
      )
      assert.deepEqual(await accounts.getMany([]), [])
      await assert.rejects(accounts.getMany(Array.from({ length: 1_001 }, () => ({ collection, id: 'id' }))), TypeError)
    }),
    define('many documents are removed at once, each if its revision is still the one given', async ({ stores: { accounts } }) => {
      await fill(accounts)
      const changed = { ...(addresses[7] as (typeof addresses)[number]) }
      await accounts.put({ ...changed, value: 'changed', revision: 1 })
      const meant = [...addresses.slice(0, 200), { collection, id: 'none' }].map((address) => ({ ...address, revision: 1 }))
      const removed = await accounts.removeMany(meant)
      assert.deepEqual(
        removed,
        meant.map(({ id }) => id !== '7' && id !== 'none'),
      )
      const left = await accounts.getMany(addresses)
      assert.deepEqual(
        left.flatMap((document) => (document ? [document.id] : [])),
        ['7', ...addresses.slice(200).map(({ id }) => id)],
      )
      assert.deepEqual(await accounts.count({ collection: 'collection 1' }), { total: 1, groups: [{ group: 'group', count: 1 }] })
      assert.deepEqual(await accounts.removeMany([]), [])
    }),
    define('two that remove the same documents at once share them', async ({ stores: { accounts }, open }) => {
      await fill(accounts)
      const { accounts: other } = await open()
      const meant = addresses.map((address) => ({ ...address, revision: 1 }))
      const [one, two] = await Promise.all([accounts.removeMany(meant), other.removeMany([...meant].reverse())])
      assert.deepEqual(
        [...two].reverse().map((isRemoved, at) => isRemoved !== one[at]),
        meant.map(() => true),
      )
    }),
  ]
}

/** What `DocumentStore` promises of pages, filters, totals and many documents at once. */
export function documentListCases(define: DefineCase): readonly StoreCase[] {
  return [...pageCases(define), ...concurrentCases(define), ...batchCases(define)]
}
