import assert from 'node:assert/strict'
import {
  allItems,
  type RevocationEntry,
  type RevocationPageQuery,
  type RevocationRecord,
  type RevocationStore,
  revocationName,
} from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import type { DefineCase } from '../store-case.js'
import { strangeStrings } from '../strange-strings.js'

const minute = 60_000

async function pageAll(store: RevocationStore, query: RevocationPageQuery = {}): Promise<readonly RevocationRecord[]> {
  const items: RevocationRecord[] = []
  for await (const item of allItems((after) => store.page({ ...query, after }))) items.push(item)
  return items
}

/** Of every type, of two issuers, with names that come again. */
function entryOf(n: number): RevocationEntry {
  const issuer = `issuer ${n % 2}`
  const name = `name ${n % 7}`
  const all: readonly RevocationEntry[] = [
    { type: 'signing_key', issuer, kid: name },
    { type: 'client_key', issuer, thumbprint: name },
    { type: 'jti', issuer, jti: name, expiresAt: 1_800_000_000 },
    { type: 'family', issuer, family: name, expiresAt: 1_800_000_000 },
    { type: 'subject', issuer, subject: name, notBefore: 1_800_000_000 },
    { type: 'client', issuer, clientId: name },
  ]
  return all[n % all.length] as RevocationEntry
}

const fits = ({ type, issuer, name }: RevocationPageQuery, entry: RevocationEntry): boolean =>
  (type ?? entry.type) === entry.type &&
  (issuer ?? entry.issuer) === entry.issuer &&
  (name ?? revocationName(entry)) === revocationName(entry)

/** All ways to filter. */
const queries: readonly RevocationPageQuery[] = [undefined, 'jti', 'client', 'none'].flatMap((type) =>
  [undefined, 'issuer 1', 'none'].flatMap((issuer) =>
    [undefined, 'name 3', 'none'].map((name) => ({ type: type as RevocationEntry['type'] | undefined, issuer, name })),
  ),
)

const entriesOf = (records: readonly RevocationRecord[]): readonly RevocationEntry[] => records.map(({ entry }) => entry)

function pageCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('pages have every record that counts, with all its fields, in either order', async ({ stores: { revocations }, open }) => {
      assert.deepEqual(await revocations.page(), { items: [], after: undefined })
      for (let n = 0; n < 25; n += 1)
        await revocations.revoke(entryOf(n), { ...(n % 3 === 0 && { ttlMs: minute }), ...(n % 4 === 0 && { reinstated: true }) })
      const { revocations: other } = await open()
      const { records } = await revocations.since(undefined)
      const bare = (all: readonly RevocationRecord[]): unknown =>
        all.map(({ ttlMs, ...record }) => ({ ...record, ends: ttlMs !== undefined && ttlMs <= minute && ttlMs > 0 }))
      for (const limit of [undefined, 25, 10, 1]) {
        assert.deepEqual(bare(await pageAll(other, { limit })), bare(records))
        assert.deepEqual(bare(await pageAll(other, { limit, newestFirst: true })), bare([...records].reverse()))
      }
    }),
    define('pages are filtered by type, issuer and name', async ({ stores: { revocations } }) => {
      const entries = Array.from({ length: 126 }, (_, n) => entryOf(n))
      await revocations.revokeAll(entries.map((entry) => ({ entry })))
      for (const query of queries) {
        const expected = entries.filter((entry) => fits(query, entry))
        const found = await pageAll(revocations, { ...query, limit: 5 })
        const newest = await pageAll(revocations, { ...query, limit: 5, newestFirst: true })
        assert.deepEqual(entriesOf(found), expected, JSON.stringify(query))
        assert.deepEqual(entriesOf(newest), expected.reverse(), JSON.stringify(query))
      }
    }),
    define('any text is an issuer and a name that pages are filtered by', async ({ stores: { revocations } }) => {
      await revocations.revokeAll(strangeStrings.map((text) => ({ entry: { type: 'client', issuer: text, clientId: text } })))
      for (const text of strangeStrings) {
        for (const query of [{ issuer: text }, { name: text }, { issuer: text, name: text, type: 'client' as const }])
          assert.deepEqual(
            (await pageAll(revocations, query)).map(({ entry }) => entry),
            [{ type: 'client', issuer: text, clientId: text }],
          )
      }
    }),
    define('what has ended is on no page', async ({ stores: { revocations }, pass }) => {
      for (let n = 0; n < 20; n += 1) await revocations.revoke(entryOf(n), n % 2 === 0 ? { ttlMs: 200 } : {})
      await pass(400)
      for (const query of [{}, { newestFirst: true }, { issuer: 'issuer 1' }])
        assert.equal((await pageAll(revocations, { ...query, limit: 3 })).length, 10)
      assert.deepEqual(await pageAll(revocations, { issuer: 'issuer 0' }), [])
    }),
    define('a query of revocations that is wrong is a TypeError', async ({ stores: { revocations } }) => {
      await revocations.revoke(entryOf(1))
      for (const limit of [0, 1.5, 1_001, Number.NaN]) await assert.rejects(revocations.page({ limit }), TypeError)
      for (const after of ['', 'nonsense', '-1', '["a","b"]', '0x10-0x10'])
        await assert.rejects(revocations.page({ after }), TypeError, after)
      for (const wrong of [{ issuer: 1 }, { name: null }]) await assert.rejects(revocations.page(wrong as never), TypeError)
    }),
  ]
}

function togetherCases(define: DefineCase): readonly StoreCase[] {
  return [
    define(
      'entries that are revoked together have a cursor each, in their order, and readers get them',
      async ({ stores: { revocations }, open }) => {
        const before = await revocations.revoke(entryOf(0))
        const entries = Array.from({ length: 1_000 }, (_, n) => entryOf(n))
        const cursors = await revocations.revokeAll(
          entries.map((entry, n) => ({ entry, ...(n % 2 === 0 && { ttlMs: minute }), ...(n % 5 === 0 && { reinstated: true }) })),
        )
        const { records, cursor } = await (await open()).revocations.since(before)
        assert.deepEqual(
          records.map((record) => record.cursor),
          cursors,
        )
        assert.deepEqual(
          records.map((record) => [record.entry, record.reinstated ?? false, record.ttlMs !== undefined]),
          entries.map((entry, n) => [entry, n % 5 === 0, n % 2 === 0]),
        )
        assert.equal(cursor, cursors.at(-1))
        assert.deepEqual(await revocations.revokeAll([]), [])
        assert.equal(await revocations.cursor(), cursor)
      },
    ),
    define('of entries of which one is wrong none is revoked', async ({ stores: { revocations } }) => {
      for (const ttlMs of [0, -1, Number.NaN])
        await assert.rejects(revocations.revokeAll([{ entry: entryOf(0) }, { entry: entryOf(1), ttlMs }]), TypeError)
      await assert.rejects(revocations.revokeAll(Array.from({ length: 1_001 }, (_, n) => ({ entry: entryOf(n) }))), TypeError)
      assert.deepEqual((await revocations.since(undefined)).records, [])
    }),
  ]
}

/** What `RevocationStore` promises of pages, and of many entries at once. */
export function revocationPageCases(define: DefineCase): readonly StoreCase[] {
  return [...pageCases(define), ...togetherCases(define)]
}
