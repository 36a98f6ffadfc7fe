import assert from 'node:assert/strict'
import { isUnavailable } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import type { DefineCase } from '../store-case.js'
import { strangeStrings } from '../strange-strings.js'

const minute = 60_000

/** What `ChallengeStore` promises. */
export function challengeCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('a challenge is taken once', async ({ stores: { challenges } }) => {
      await challenges.put('id', 'record', minute)
      assert.equal(await challenges.take('id'), 'record')
      assert.equal(await challenges.take('id'), null)
      assert.equal(await challenges.take('never put'), null)
    }),
    define('a challenge is replaced with its time to live', async ({ stores: { challenges }, pass }) => {
      await challenges.put('id', 'first', 100)
      await challenges.put('id', 'second', minute)
      await pass(300)
      assert.equal(await challenges.take('id'), 'second')
      await challenges.put('id', 'third', minute)
      assert.equal(await challenges.take('id'), 'third')
    }),
    define('an expired challenge is gone', async ({ stores: { challenges }, pass }) => {
      await challenges.put('id', 'record', 100)
      await pass(300)
      assert.equal(await challenges.read('id'), null)
      assert.equal(await challenges.take('id'), null)
    }),
    define('a challenge that is read stays', async ({ stores: { challenges } }) => {
      assert.equal(await challenges.read('id'), null)
      await challenges.put('id', 'record', minute)
      assert.deepEqual([await challenges.read('id'), await challenges.read('id')], ['record', 'record'])
      assert.equal(await challenges.take('id'), 'record')
      assert.equal(await challenges.read('id'), null)
    }),
    define('a challenge is kept unless there is one, whose record and end stay', async ({ stores: { challenges }, pass }) => {
      assert.equal(await challenges.keep('id', 'first', 2_000), 'first')
      assert.equal(await challenges.keep('id', 'second', minute), 'first')
      assert.equal(await challenges.read('id'), 'first')
      await pass(2_300)
      assert.equal(await challenges.read('id'), null)
      assert.equal(await challenges.keep('id', 'third', minute), 'third')
      assert.equal(await challenges.take('id'), 'third')
      assert.equal(await challenges.keep('id', 'fourth', minute), 'fourth')
    }),
    define('any text is an id of its own and a record that comes back unchanged', async ({ stores: { challenges } }) => {
      for (const text of strangeStrings) await challenges.put(text, text, minute)
      for (const text of strangeStrings) assert.equal(await challenges.read(text), text, JSON.stringify(text))
      for (const text of strangeStrings) assert.equal(await challenges.keep(text, 'other', minute), text, JSON.stringify(text))
      for (const text of strangeStrings) assert.equal(await challenges.take(text), text, JSON.stringify(text))
      for (const text of strangeStrings) assert.equal(await challenges.keep(text, text, minute), text, JSON.stringify(text))
    }),
    define('a record of 64 KiB comes back unchanged', async ({ stores: { challenges } }) => {
      const record = 'ä'.repeat(32_768)
      await challenges.put('id', record, minute)
      assert.equal(await challenges.take('id'), record)
    }),
    define('a challenge whose taking was taken back is there for another caller, until it would have ended', async (context) => {
      const { challenges } = context.stores
      const callId = 'take-of-one'
      await challenges.put('id', 'record', 2_000)
      assert.equal(await challenges.take('id', { callId }), 'record')
      assert.equal(await (await context.open()).challenges.undo('id', callId), true)
      assert.equal(await challenges.undo('id', callId), true)
      await assert.rejects(challenges.take('id', { callId }), isUnavailable)
      assert.equal(await challenges.take('id', { callId: 'take-of-another' }), 'record')
      assert.equal(await challenges.undo('id', callId), true, 'it is still taken back')
      assert.equal(await challenges.take('id'), null, 'the taking of another call was taken back')
      assert.equal(await challenges.undo('id', 'take-of-another'), true)
      assert.equal(await challenges.read('id'), 'record')
      await context.pass(2_300)
      assert.equal(await challenges.read('id'), null)
    }),
    define('only the call that took a challenge is taken back, and not over a newer one', async ({ stores: { challenges } }) => {
      assert.equal(await challenges.undo('id', 'take-of-nobody'), false)
      await challenges.put('id', 'record', minute, { callId: 'put-of-one' })
      assert.equal(await challenges.undo('id', 'put-of-one'), false)
      assert.equal(await challenges.take('id', { callId: 'take-of-one' }), 'record')
      assert.equal(await challenges.undo('other', 'take-of-one'), false)
      await challenges.put('id', 'newer', minute)
      assert.equal(await challenges.undo('id', 'take-of-one'), false)
      assert.equal(await challenges.take('id'), 'newer')
    }),
    define('any text is taken, taken back and taken again', async ({ stores: { challenges } }) => {
      for (const text of strangeStrings) await challenges.put(text, text, minute, { callId: 'put-of-a-text' })
      for (const text of strangeStrings) {
        assert.equal(await challenges.take(text, { callId: 'take-of-a-text' }), text, JSON.stringify(text))
        assert.equal(await challenges.take(text, { callId: 'take-of-a-text' }), text, JSON.stringify(text))
        assert.equal(await challenges.undo(text, 'take-of-a-text'), true)
      }
      for (const text of strangeStrings) assert.equal(await challenges.take(text), text, JSON.stringify(text))
    }),
    define('a challenge without a positive time to live is a TypeError and replaces nothing', async ({ stores: { challenges } }) => {
      await challenges.put('id', 'record', minute)
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
        await assert.rejects(challenges.put('id', 'other', ttlMs), TypeError)
      assert.equal(await challenges.take('id'), 'record')
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
        await assert.rejects(challenges.keep('id', 'other', ttlMs), TypeError)
      assert.equal(await challenges.read('id'), null)
    }),
  ]
}
