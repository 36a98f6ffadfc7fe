import assert from 'node:assert/strict'
import { type AuditEntry, type AuditPageQuery, type AuditStore, allItems, type StoredAuditEntry } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import type { DefineCase } from '../store-case.js'
import { strangeStrings } from '../strange-strings.js'

const minute = 60_000
const kept = { ttlMs: minute }

async function pageAll(store: AuditStore, query: AuditPageQuery = {}): Promise<readonly StoredAuditEntry[]> {
  const items: StoredAuditEntry[] = []
  for await (const item of allItems((after) => store.page({ ...query, after }))) items.push(item)
  return items
}

/** An entry without what the store gave it. */
const bare = ({ id: _id, atMs: _at, ...entry }: StoredAuditEntry): AuditEntry => entry

const entryOf = (n: number): AuditEntry => ({
  event: `event ${n % 3}`,
  ...(n % 2 === 0 && { clientId: `client ${n % 4}` }),
  ...(n % 5 !== 0 && { subject: `subject ${n % 6}` }),
  detail: { n, text: 'ä\0\u{1f511}', flag: true, none: null },
})

/** All ways to filter. */
const queries: readonly AuditPageQuery[] = [undefined, 'event 1', 'none'].flatMap((event) =>
  [undefined, 'client 2', 'none'].flatMap((clientId) => [undefined, 'subject 4', 'none'].map((subject) => ({ event, clientId, subject }))),
)

const fits = ({ event, clientId, subject }: AuditPageQuery, entry: AuditEntry): boolean =>
  (event ?? entry.event) === entry.event &&
  (clientId === undefined || clientId === entry.clientId) &&
  (subject === undefined || subject === entry.subject)

function pageCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('entries come back as they were appended, in either order, with an id and a time each', async ({ stores: { audit }, open }) => {
      assert.deepEqual(await audit.page(), { items: [], after: undefined })
      const entries = Array.from({ length: 25 }, (_, n) => entryOf(n))
      const ids: string[] = []
      for (const entry of entries) {
        const { id, dropped } = await audit.append(entry, kept)
        assert.equal(dropped, 0)
        ids.push(id)
      }
      assert.equal(new Set(ids).size, 25)
      const { audit: other } = await open()
      for (const limit of [undefined, 25, 10, 1]) {
        const found = await pageAll(other, { limit })
        assert.deepEqual(found.map(bare), entries)
        assert.deepEqual(
          found.map(({ id }) => id),
          ids,
        )
        assert.deepEqual(await pageAll(other, { limit, newestFirst: true }), [...found].reverse())
        assert.ok(found.every(({ atMs }, n) => Number.isSafeInteger(atMs) && atMs >= (found[n - 1]?.atMs ?? 0)))
      }
    }),
    define('entries are filtered by event, client and subject', async ({ stores: { audit } }) => {
      const entries = Array.from({ length: 60 }, (_, n) => entryOf(n))
      for (const entry of entries) await audit.append(entry, kept)
      for (const query of queries) {
        const expected = entries.filter((entry) => fits(query, entry))
        assert.deepEqual((await pageAll(audit, { ...query, limit: 4 })).map(bare), expected, JSON.stringify(query))
        const newest = await pageAll(audit, { ...query, limit: 4, newestFirst: true })
        assert.deepEqual(newest.map(bare), expected.reverse(), JSON.stringify(query))
      }
    }),
    define('entries are filtered by their time', async ({ stores: { audit }, pass }) => {
      for (let n = 0; n < 6; n += 1) {
        await audit.append(entryOf(n), kept)
        await pass(3)
      }
      const all = await pageAll(audit)
      for (const { atMs } of all)
        for (const newestFirst of [false, true])
          for (const query of [
            { fromMs: atMs },
            { untilMs: atMs },
            { fromMs: atMs, untilMs: atMs + 1 },
            { fromMs: atMs - 0.5, untilMs: atMs + 0.5 },
          ]) {
            const { fromMs = 0, untilMs = Number.POSITIVE_INFINITY } = query
            const expected = all.filter((entry) => entry.atMs >= fromMs && entry.atMs < untilMs)
            assert.deepEqual(await pageAll(audit, { ...query, newestFirst, limit: 2 }), newestFirst ? expected.reverse() : expected)
          }
      const wide = { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }
      for (const query of [wide, { fromMs: -1e300, untilMs: 1e300 }]) assert.deepEqual(await pageAll(audit, query), all)
      for (const nothing of [{ fromMs: 1e300 }, { untilMs: 0 }, { untilMs: Number.NEGATIVE_INFINITY }])
        for (const newestFirst of [false, true]) assert.deepEqual(await pageAll(audit, { ...nothing, newestFirst }), [])
    }),
    define('any text is a client and a subject that entries are filtered by', async ({ stores: { audit } }) => {
      for (const text of strangeStrings) await audit.append({ event: 'event', clientId: text, subject: text }, kept)
      for (const text of strangeStrings)
        for (const query of [{ clientId: text }, { subject: text }])
          assert.deepEqual((await pageAll(audit, query)).map(bare), [{ event: 'event', clientId: text, subject: text }])
    }),
  ]
}

function lifeCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('an entry is on pages for as long as it is kept, even if others are kept for longer', async ({ stores: { audit }, pass }) => {
      for (let n = 0; n < 10; n += 1) await audit.append(entryOf(n), { ttlMs: n % 2 === 0 ? 150 : minute })
      await pass(300)
      await audit.append(entryOf(10), kept)
      assert.deepEqual(
        (await pageAll(audit, { limit: 2 })).map(({ detail }) => detail?.n),
        [1, 3, 5, 7, 9, 10],
      )
      assert.deepEqual(await pageAll(audit, { event: 'event 2', newestFirst: true }).then((all) => all.map(({ detail }) => detail?.n)), [5])
    }),
    define('of 64 that append at once none is lost', async ({ stores: { audit }, open }) => {
      const { audit: other } = await open()
      const appended = await Promise.all(Array.from({ length: 64 }, (_, n) => (n % 2 === 0 ? audit : other).append(entryOf(n), kept)))
      const found = await pageAll(audit, { limit: 7 })
      assert.deepEqual(new Set(found.map(({ id }) => id)), new Set(appended.map(({ id }) => id)))
      assert.equal(found.length, 64)
    }),
    define('an entry or a query that is wrong is a TypeError', async ({ stores: { audit } }) => {
      for (const ttlMs of [0, -1, Number.NaN]) await assert.rejects(audit.append({ event: 'event' }, { ttlMs }), TypeError)
      const wrong: readonly object[] = [
        {},
        { event: '' },
        { event: 'x'.repeat(101) },
        { event: 'event', clientId: 1 },
        { event: 'event', subject: null },
        { event: 'event', detail: [] },
        { event: 'event', detail: { deep: {} } },
        { event: 'event', detail: { n: Number.NaN } },
        { event: 'event', detail: new Date(0) },
        { event: 'event', detail: new Map([['a', 1]]) },
        { event: 'event', subject: 'x'.repeat(20_000) },
      ]
      for (const entry of wrong)
        await assert.rejects(audit.append(entry as AuditEntry, kept), TypeError, JSON.stringify(entry).slice(0, 100))
      await audit.append({ event: 'event', more: 'is left out' } as AuditEntry, kept)
      assert.deepEqual((await pageAll(audit)).map(bare), [{ event: 'event' }])
      const queries: readonly object[] = [
        { limit: 0 },
        { limit: 1_001 },
        { event: '' },
        { clientId: 1 },
        { fromMs: Number.NaN },
        { untilMs: '1' },
      ]
      for (const query of queries) await assert.rejects(audit.page(query), TypeError, JSON.stringify(query))
      for (const after of ['', 'nonsense', '-1']) await assert.rejects(audit.page({ after }), TypeError, after)
    }),
  ]
}

/** What `AuditStore` promises. */
export function auditCases(define: DefineCase): readonly StoreCase[] {
  return [...pageCases(define), ...lifeCases(define)]
}
