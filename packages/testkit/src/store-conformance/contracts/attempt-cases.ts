import assert from 'node:assert/strict'
import type { StoreCase } from '../store-backend.js'
import type { DefineCase } from '../store-case.js'
import { strangeStrings } from '../strange-strings.js'

const minute = 60_000

/** What `AttemptStore` promises. */
export function attemptCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('a window admits as many attempts as its limit says', async ({ stores: { attempts } }) => {
      const request = { key: 'key', limit: 3, windowMs: minute }
      for (const remaining of [2, 1, 0]) assert.deepEqual(await attempts.reserve(request), { ok: true, remaining })
      const refused = await attempts.reserve(request)
      assert.ok(!refused.ok && refused.retryAfterMs > minute - 10_000 && refused.retryAfterMs <= minute)
    }),
    define('a window begins with its first attempt and is not extended by others', async ({ stores: { attempts }, pass }) => {
      const request = { key: 'key', limit: 2, windowMs: 1_000 }
      await attempts.reserve(request)
      await pass(600)
      await attempts.reserve(request)
      assert.equal((await attempts.reserve(request)).ok, false)
      await pass(600)
      assert.deepEqual(await attempts.reserve(request), { ok: true, remaining: 1 })
    }),
    define('refused attempts are not counted: a higher limit admits the difference', async ({ stores: { attempts } }) => {
      await attempts.reserve({ key: 'key', limit: 1, windowMs: minute })
      for (let n = 0; n < 5; n += 1) assert.equal((await attempts.reserve({ key: 'key', limit: 1, windowMs: minute })).ok, false)
      assert.deepEqual(await attempts.reserve({ key: 'key', limit: 3, windowMs: minute }), { ok: true, remaining: 1 })
    }),
    define('clear forgets the attempts of one key', async ({ stores: { attempts } }) => {
      await attempts.reserve({ key: 'one', limit: 1, windowMs: minute })
      await attempts.reserve({ key: 'two', limit: 1, windowMs: minute })
      await attempts.clear('one')
      await attempts.clear('never there')
      assert.equal((await attempts.reserve({ key: 'one', limit: 1, windowMs: minute })).ok, true)
      assert.equal((await attempts.reserve({ key: 'two', limit: 1, windowMs: minute })).ok, false)
    }),
    define('what is used is told without using anything up, and is 0 after the window and after clear', async ({ stores, pass }) => {
      const { attempts } = stores
      assert.equal(await attempts.used('key'), 0)
      for (const used of [1, 2]) {
        await attempts.reserve({ key: 'key', limit: 2, windowMs: 1_000 })
        assert.deepEqual([await attempts.used('key'), await attempts.used('key'), await attempts.used('other')], [used, used, 0])
      }
      await attempts.reserve({ key: 'key', limit: 2, windowMs: 1_000 })
      assert.equal(await attempts.used('key'), 2)
      await pass(1_200)
      assert.equal(await attempts.used('key'), 0)
      await attempts.reserve({ key: 'key', limit: 2, windowMs: minute })
      await attempts.clear('key')
      assert.equal(await attempts.used('key'), 0)
    }),
    define('any text is a key of its own', async ({ stores: { attempts } }) => {
      for (const key of strangeStrings)
        assert.equal((await attempts.reserve({ key, limit: 1, windowMs: minute })).ok, true, JSON.stringify(key))
      for (const key of strangeStrings)
        assert.equal((await attempts.reserve({ key, limit: 1, windowMs: minute })).ok, false, JSON.stringify(key))
    }),
    define('a limit or window that is not positive is a TypeError', async ({ stores: { attempts } }) => {
      for (const windowMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
        await assert.rejects(attempts.reserve({ key: 'key', limit: 1, windowMs }), TypeError)
      for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
        await assert.rejects(attempts.reserve({ key: 'key', limit, windowMs: minute }), TypeError)
      assert.deepEqual(await attempts.reserve({ key: 'key', limit: 1, windowMs: minute }), { ok: true, remaining: 0 })
    }),
  ]
}
