import assert from 'node:assert/strict'
import { allItems, type DocumentStore, type ScannedDocument } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import { type DefineCase, sleep } from '../store-case.js'
import { confusablePairs, strangeStrings } from '../strange-strings.js'

type Place = readonly [collection: string, id: string]

/** Collections first, ids within them; both by their bytes. */
function byPlace([aCollection, aId]: Place, [bCollection, bId]: Place): number {
  return Buffer.compare(Buffer.from(aCollection), Buffer.from(bCollection)) || Buffer.compare(Buffer.from(aId), Buffer.from(bId))
}

async function scanAll(store: DocumentStore, limit?: number): Promise<readonly ScannedDocument[]> {
  const items: ScannedDocument[] = []
  for await (const item of allItems((after) => store.scan({ after, limit }))) items.push(item)
  return items
}

const placesOf = (documents: readonly ScannedDocument[]): readonly Place[] => documents.map(({ collection, id }) => [collection, id])

async function putAll(store: DocumentStore, places: readonly Place[]): Promise<void> {
  for (let from = 0; from < places.length; from += 32)
    await Promise.all(places.slice(from, from + 32).map(([collection, id]) => store.put({ collection, id, value: '0', revision: 0 })))
}

/** A few large collections, and many of one document. */
const places: readonly Place[] = [
  ...Array.from({ length: 60 }, (_, n): Place => ['large', `${n}`]),
  ...Array.from({ length: 130 }, (_, n): Place => [`small ${n}`, 'id']),
  ...Array.from({ length: 30 }, (_, n): Place => ['z', `${n}`]),
]

function wholeCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('a scan has all documents of all collections, with everything that they were put with', async ({ stores: { clients } }) => {
      assert.deepEqual(await clients.scan(), { items: [], after: undefined })
      await clients.put({ collection: 'b', id: 'id', value: '{"n":1}', revision: 0, group: 'group' })
      await clients.put({ collection: 'a', id: 'id', value: '0', revision: 0 })
      await clients.put({ collection: 'a', id: 'id', value: '1', revision: 1 })
      assert.deepEqual(await scanAll(clients), [
        { collection: 'a', id: 'id', value: '1', revision: 2, group: undefined },
        { collection: 'b', id: 'id', value: '{"n":1}', revision: 1, group: 'group' },
      ])
      await clients.put({ collection: 'c', id: 'id', value: '0', revision: 0 })
      await clients.remove({ collection: 'a', id: 'id', revision: 2 })
      assert.deepEqual(placesOf(await scanAll(clients)), [
        ['b', 'id'],
        ['c', 'id'],
      ])
    }),
    define('a scan is in the order of collections and ids, with every size of its pages', async ({ stores: { accounts }, open }) => {
      await putAll(accounts, places)
      const { accounts: other } = await open()
      const sorted = [...places].sort(byPlace)
      for (const limit of [undefined, 1_000, 220, 219, 60, 7, 1])
        assert.deepEqual(placesOf(await scanAll(other, limit)), sorted, `${limit}`)
    }),
    define('any text is a collection that a scan finds, and clients, keys and accounts are scanned apart', async ({ stores }) => {
      const texts: readonly Place[] = [...strangeStrings.map((text): Place => [text, text]), ...confusablePairs]
      const distinct = [...new Map(texts.map((place) => [JSON.stringify(place), place])).values()]
      await putAll(stores.keys, distinct)
      assert.deepEqual(placesOf(await scanAll(stores.keys, 10)), distinct.sort(byPlace))
      assert.deepEqual(await scanAll(stores.clients), [])
      assert.deepEqual(await scanAll(stores.accounts), [])
    }),
  ]
}

function partCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('a scan goes on where it stopped, on another connection, also where its last document is gone', async ({ stores, open }) => {
      await putAll(stores.clients, places)
      const { clients: other } = await open()
      const seen: ScannedDocument[] = []
      const between = async (after: string | undefined) => {
        const page = await (seen.length % 2 === 0 ? stores.clients : other).scan({ after, limit: 9 })
        seen.push(...page.items)
        const last = page.items.at(-1)
        if (last) await other.remove({ collection: last.collection, id: last.id, revision: 1 })
        return page
      }
      const passed: ScannedDocument[] = []
      for await (const item of allItems(between)) passed.push(item)
      assert.deepEqual(placesOf(seen), [...places].sort(byPlace))
      assert.deepEqual(passed, seen)
    }),
    define('while others put and remove, what is there all the time is on exactly one page of a scan', async ({ stores, open }) => {
      await putAll(stores.keys, places)
      const { keys: other } = await open()
      const state = { isOver: false }
      const change = async (): Promise<void> => {
        for (let n = 0; !state.isOver; n += 1) {
          const [collection, id] = n % 2 === 0 ? [`other ${n % 40}`, 'id'] : ['large', `other ${n % 40}`]
          if (!(await other.put({ collection, id, value: '0', revision: 0 }))) await other.remove({ collection, id, revision: 1 })
          await sleep(0)
        }
      }
      const changing = change()
      for (const limit of [50, 8]) {
        const seen = placesOf(await scanAll(stores.keys, limit))
        assert.equal(new Set(seen.map((place) => JSON.stringify(place))).size, seen.length, 'none is shown twice')
        const staying = seen.filter(([collection, id]) => !collection.startsWith('other') && !id.startsWith('other'))
        assert.deepEqual(staying, [...places].sort(byPlace))
      }
      state.isOver = true
      await changing
    }),
    define('a scan that is wrong is a TypeError', async ({ stores: { clients } }) => {
      for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) await assert.rejects(clients.scan({ limit }), TypeError)
      for (const after of ['', 'a', '{}', '["a"]', '["a",1]', '["a","b","c"]', 'null'])
        await assert.rejects(clients.scan({ after }), TypeError, after)
    }),
  ]
}

/** What `DocumentStore` promises of `scan`. */
export function documentScanCases(define: DefineCase): readonly StoreCase[] {
  return [...wholeCases(define), ...partCases(define)]
}
