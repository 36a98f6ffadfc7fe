import assert from 'node:assert/strict'
import type { RevocationDelta, RevocationEntry } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import { type DefineCase, sleep } from '../store-case.js'
import { strangeStrings } from '../strange-strings.js'

const minute = 60_000
const keyEntry = (kid: string): RevocationEntry => ({ type: 'signing_key', issuer: 'https://issuer.example', kid })
const kids = (delta: RevocationDelta): readonly string[] =>
  delta.records.map(({ entry }) => (entry.type === 'signing_key' ? entry.kid : entry.type))

function readCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('the beginning is a cursor, not a loss', async ({ stores: { revocations } }) => {
      const cursor = await revocations.cursor()
      const all = await revocations.since(undefined)
      assert.deepEqual([all.records, all.lost, all.cursor], [[], false, cursor])
      assert.deepEqual(await revocations.since(cursor).then(({ records, lost }) => ({ records, lost })), { records: [], lost: false })
      assert.ok(all.retainedSince <= all.now)
    }),
    define('readers get what was added after their cursor, in order', async ({ stores: { revocations }, open }) => {
      const other = (await open()).revocations
      const cursors = [await revocations.cursor()]
      for (const kid of ['a', 'b', 'c']) cursors.push(await revocations.revoke(keyEntry(kid)))
      for (const [index, cursor] of cursors.entries()) {
        const delta = await other.since(cursor)
        assert.deepEqual(kids(delta), ['a', 'b', 'c'].slice(index))
        assert.equal(delta.lost, false)
        assert.equal(delta.cursor, cursors.at(-1))
      }
      assert.deepEqual(kids(await other.since(undefined)), ['a', 'b', 'c'])
      assert.equal(await other.cursor(), cursors.at(-1))
    }),
    define('cursors are ordered, also beyond digits', async ({ stores: { revocations } }) => {
      const cursors = [await revocations.cursor()]
      for (let n = 0; n < 12; n += 1) cursors.push(await revocations.revoke(keyEntry(`${n}`)))
      for (const [i, a] of cursors.entries())
        for (const [j, b] of cursors.entries()) assert.equal(Math.sign(revocations.compare(a, b)), Math.sign(i - j), `${a} and ${b}`)
    }),
    define('records of one read are ordered by their cursors', async ({ stores: { revocations } }) => {
      await Promise.all(Array.from({ length: 40 }, (_, n) => revocations.revoke(keyEntry(`${n}`))))
      const { records } = await revocations.since(undefined)
      assert.equal(records.length, 40)
      for (const [index, { cursor }] of records.entries())
        if (index > 0) assert.ok(revocations.compare(records[index - 1]?.cursor ?? '', cursor) < 0)
    }),
    define('an entry comes back as it was, with what is left of its time', async ({ stores: { revocations } }) => {
      const entries: readonly RevocationEntry[] = [
        ...strangeStrings.map(keyEntry),
        { type: 'client_key', issuer: 'i', thumbprint: 't' },
        { type: 'jti', issuer: 'i', jti: 'j', expiresAt: 1_800_000_000.5 },
        { type: 'family', issuer: 'i', family: 'f', expiresAt: 1_800_000_000 },
        { type: 'subject', issuer: 'i', subject: 's', notBefore: 1_800_000_000 },
        { type: 'client', issuer: 'i', clientId: 'c' },
      ]
      for (const entry of entries) await revocations.revoke(entry)
      assert.deepEqual(
        (await revocations.since(undefined)).records.map(({ entry }) => entry),
        entries,
      )
      const cursor = await revocations.cursor()
      await revocations.revoke(keyEntry('for a while'), { ttlMs: minute })
      await revocations.revoke(keyEntry('for a while'), { reinstated: true })
      const [added, undone] = (await revocations.since(cursor)).records
      assert.ok(added?.ttlMs !== undefined && added.ttlMs <= minute && added.ttlMs > minute - 10_000)
      assert.equal(added.reinstated ?? false, false)
      assert.deepEqual([undone?.reinstated, undone?.ttlMs], [true, undefined])
    }),
    define('more entries than one read of a store holds come back whole', async ({ stores: { revocations } }) => {
      await Promise.all(Array.from({ length: 2_500 }, (_, n) => revocations.revoke(keyEntry(`${n}`), { ttlMs: minute })))
      const { records, cursor } = await revocations.since(undefined)
      assert.deepEqual(new Set(records.map(({ cursor: at }) => at)).size, 2_500)
      assert.equal(records.at(-1)?.cursor, cursor)
    }),
    define(
      'parts of a limited size follow one another, each entry once, what is added meanwhile too',
      async ({ stores: { revocations } }) => {
        for (let n = 0; n < 25; n += 1) await revocations.revoke(keyEntry(`${n}`), n % 5 === 0 ? {} : { ttlMs: minute })
        const read: string[] = []
        let part = await revocations.since(undefined, { limit: 10 })
        const first = part
        for (let parts = 1; part.more === true && parts < 9; parts += 1) {
          assert.equal(part.cursor, part.records.at(-1)?.cursor)
          read.push(...kids(part))
          if (parts === 1) await revocations.revoke(keyEntry('meanwhile'))
          part = await revocations.since(part.cursor, { limit: 10 })
          assert.equal(part.lost, false)
        }
        read.push(...kids(part))
        assert.deepEqual([first.records.length, first.more], [10, true])
        assert.deepEqual(read, [...Array.from({ length: 25 }, (_, n) => `${n}`), 'meanwhile'])
        assert.deepEqual([part.more ?? false, part.cursor], [false, await revocations.cursor()])
        for (const limit of [0, -1, 1.5, Number.NaN]) await assert.rejects(revocations.since(undefined, { limit }), TypeError)
      },
    ),
  ]
}

function lifeCases(define: DefineCase): readonly StoreCase[] {
  return [
    define(
      'an entry ends, entries without end stay, and a reader from before misses nothing',
      async ({ stores: { revocations }, pass }) => {
        const before = await revocations.cursor()
        await revocations.revoke(keyEntry('for ever'))
        for (let n = 0; n < 50; n += 1) await revocations.revoke(keyEntry('short'), { ttlMs: 200 })
        await pass(500)
        for (let n = 0; n < 600; n += 1) await revocations.revoke(keyEntry('filler'), { ttlMs: minute })
        const delta = await revocations.since(before)
        assert.equal(delta.lost, false)
        assert.equal(kids(delta).filter((kid) => kid === 'short').length, 0)
        assert.equal(kids(delta)[0], 'for ever')
        assert.equal(delta.records.length, 601)
      },
    ),
    define('a cursor stays known when its entry has ended', async ({ stores: { revocations }, pass }) => {
      const cursor = await revocations.revoke(keyEntry('short'), { ttlMs: 100 })
      await pass(300)
      assert.equal(await revocations.cursor(), cursor)
      assert.deepEqual(await revocations.since(cursor).then(({ records, lost }) => ({ records, lost })), { records: [], lost: false })
      await revocations.revoke(keyEntry('next'))
      assert.deepEqual(kids(await revocations.since(cursor)), ['next'])
      assert.equal((await revocations.since(cursor)).lost, false)
    }),
    define('a listener is told of what another connection adds, until it unsubscribes', async ({ stores, open }) => {
      const other = (await open()).revocations
      const calls = { count: 0 }
      const unsubscribe = stores.revocations.subscribe(() => {
        calls.count += 1
      })
      for (let n = 0; n < 20 && calls.count === 0; n += 1) {
        await other.revoke(keyEntry(`${n}`))
        await sleep(100)
      }
      assert.ok(calls.count > 0, 'no call in two seconds')
      unsubscribe()
      unsubscribe()
      await sleep(50)
      const heard = calls.count
      await other.revoke(keyEntry('after'))
      await sleep(100)
      assert.equal(calls.count, heard)
    }),
    define('a listener that throws fails no revocation, and keeps no other from being told', async ({ stores, open }) => {
      const other = await open()
      const calls = { thrown: 0, heard: 0 }
      const ends = [
        stores.revocations.subscribe(() => {
          calls.thrown += 1
          throw new Error('the conformance suite throws this on purpose')
        }),
        stores.revocations.subscribe(() => {
          calls.heard += 1
        }),
      ]
      try {
        await sleep(300)
        // Each of them after the first: one that is told only of a new connection is not told of what is added.
        for (const kid of ['a', 'b', 'c']) {
          const before = { ...calls }
          for (let n = 0; n < 20 && (calls.heard === before.heard || calls.thrown === before.thrown); n += 1) {
            await other.revocations.revoke(keyEntry(`${kid}${n}`))
            await sleep(100)
          }
          assert.ok(calls.thrown > before.thrown && calls.heard > before.heard, 'one of two listeners was not called in two seconds')
        }
      } finally {
        for (const end of ends) end()
      }
    }),
    define('an entry without a positive time is a TypeError', async ({ stores: { revocations } }) => {
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
        await assert.rejects(revocations.revoke(keyEntry('k'), { ttlMs }), TypeError)
      assert.deepEqual((await revocations.since(undefined)).records, [])
    }),
  ]
}

/** What `RevocationStore` promises. */
export function revocationCases(define: DefineCase): readonly StoreCase[] {
  return [...readCases(define), ...lifeCases(define)]
}
