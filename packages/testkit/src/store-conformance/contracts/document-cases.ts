import assert from 'node:assert/strict'
import type { StoreCase } from '../store-backend.js'
import type { DefineCase } from '../store-case.js'
import { confusablePairs, strangeStrings } from '../strange-strings.js'
import { documentListCases } from './document-list-cases.js'

const address = { collection: 'collection', id: 'id' }

/** Order of UTF-8 bytes, which is not the order of UTF-16 units. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function changeCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('a document is created once and then changed by those who read its last revision', async ({ stores: { clients } }) => {
      assert.equal(await clients.get(address), undefined)
      assert.equal(await clients.put({ ...address, value: '1', revision: 1 }), false)
      assert.equal(await clients.put({ ...address, value: '{"n":1}', revision: 0 }), true)
      assert.deepEqual(await clients.get(address), { id: 'id', value: '{"n":1}', revision: 1 })
      assert.equal(await clients.put({ ...address, value: '2', revision: 0 }), false)
      assert.equal(await clients.put({ ...address, value: '2', revision: 2 }), false)
      assert.equal(await clients.put({ ...address, value: '2', revision: 1 }), true)
      assert.equal(await clients.put({ ...address, value: '3', revision: 1 }), false)
      assert.deepEqual(await clients.get(address), { id: 'id', value: '2', revision: 2 })
    }),
    define('a revision that no document can have is an old one', async ({ stores: { clients } }) => {
      await clients.put({ ...address, value: '1', revision: 0 })
      for (const revision of [0.5, -1, 2 ** 60, 1e300, Number.NaN]) {
        assert.equal(await clients.put({ ...address, value: '2', revision }), false, `${revision}`)
        assert.equal(await clients.remove({ ...address, revision }), false, `${revision}`)
        assert.deepEqual(await clients.removeMany([{ ...address, revision }]), [false], `${revision}`)
      }
      assert.deepEqual(await clients.get(address), { id: 'id', value: '1', revision: 1 })
    }),
    define('a document is removed by those who read its last revision', async ({ stores: { clients } }) => {
      assert.equal(await clients.remove({ ...address, revision: 0 }), false)
      assert.equal(await clients.remove({ ...address, revision: 1 }), false)
      await clients.put({ ...address, value: '1', revision: 0 })
      await clients.put({ ...address, value: '2', revision: 1 })
      assert.equal(await clients.remove({ ...address, revision: 1 }), false)
      assert.equal(await clients.remove({ ...address, revision: 2 }), true)
      assert.equal(await clients.get(address), undefined)
      assert.deepEqual(await clients.list({ collection: 'collection' }), [])
    }),
    define('clients, keys and accounts are apart', async ({ stores: { clients, keys, accounts } }) => {
      for (const [index, documents] of [clients, keys, accounts].entries())
        assert.equal(await documents.put({ ...address, value: `${index}`, revision: 0 }), true)
      for (const [index, documents] of [clients, keys, accounts].entries()) assert.equal((await documents.get(address))?.value, `${index}`)
    }),
    define('any text is a collection and an id of its own', async ({ stores: { keys } }) => {
      for (const text of strangeStrings)
        assert.equal(await keys.put({ collection: text, id: text, value: JSON.stringify(text), revision: 0 }), true)
      for (const text of strangeStrings) {
        const document = { id: text, value: JSON.stringify(text), revision: 1 }
        assert.deepEqual(await keys.get({ collection: text, id: text }), document)
        assert.deepEqual(await keys.list({ collection: text }), [document])
      }
    }),
    define('collection and id are not confused, however they are cut', async ({ stores: { keys } }) => {
      for (const [collection, id] of confusablePairs)
        await keys.put({ collection, id, value: JSON.stringify([collection, id]), revision: 0 })
      for (const [collection, id] of confusablePairs)
        assert.equal((await keys.get({ collection, id }))?.value, JSON.stringify([collection, id]))
    }),
    define('a document of 256 KiB comes back unchanged', async ({ stores: { accounts } }) => {
      const value = JSON.stringify('ä'.repeat(131_072))
      await accounts.put({ ...address, value, revision: 0 })
      assert.equal((await accounts.get(address))?.value, value)
    }),
  ]
}

function listCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('a list is in the order of the bytes of the ids', async ({ stores: { clients } }) => {
      for (const id of strangeStrings) await clients.put({ collection: 'collection', id, value: '0', revision: 0 })
      const ids = (await clients.list({ collection: 'collection' })).map((document) => document.id)
      assert.deepEqual(ids, [...strangeStrings].sort(byBytes))
      assert.ok(ids.indexOf('\uffff') < ids.indexOf('\u{1f511}'), 'not the order of UTF-16')
    }),
    define('a list is read in pages, also when the last document of a page is removed', async ({ stores: { clients } }) => {
      const ids = Array.from({ length: 25 }, (_, n) => `id ${n}`)
      for (const id of ids) await clients.put({ collection: 'collection', id, value: '0', revision: 0 })
      const seen: string[] = []
      for (let after: string | undefined; ; after = seen.at(-1)) {
        const page = await clients.list({ collection: 'collection', after, limit: 10 })
        seen.push(...page.map((document) => document.id))
        if (page.length < 10) break
        await clients.remove({ collection: 'collection', id: seen.at(-1) ?? '', revision: 1 })
      }
      assert.deepEqual(seen, ids.sort(byBytes))
    }),
    define('a list is 100 documents where it is not told otherwise', async ({ stores: { clients } }) => {
      await Promise.all(
        Array.from({ length: 130 }, (_, n) => clients.put({ collection: 'collection', id: `${n}`, value: '0', revision: 0 })),
      )
      assert.equal((await clients.list({ collection: 'collection' })).length, 100)
      assert.equal((await clients.list({ collection: 'collection', limit: 200 })).length, 130)
      assert.deepEqual(await clients.list({ collection: 'other' }), [])
    }),
  ]
}

/** What `DocumentStore` promises. */
export function documentCases(define: DefineCase): readonly StoreCase[] {
  return [...changeCases(define), ...listCases(define), ...documentListCases(define)]
}
