import assert from 'node:assert/strict'
import { isUnavailable } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import type { DefineCase } from '../store-case.js'
import { confusablePairs, strangeStrings } from '../strange-strings.js'

const minute = 60_000
const record = { clientId: 'client', ttlMs: minute }

/** What `NonceStore` promises. */
export function nonceCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('a nonce is spent once per purpose', async ({ stores: { nonces } }) => {
      await nonces.remember('jti', record)
      assert.equal(await nonces.spend('jti', 'one'), 'spent')
      assert.equal(await nonces.spend('jti', 'one'), 'replayed')
      assert.equal(await nonces.spend('jti', 'two'), 'spent')
      assert.equal(await nonces.spend('jti', 'one'), 'replayed')
      assert.equal(await nonces.spend('jti', 'two'), 'replayed')
    }),
    define('a nonce that was never issued is unknown, and asking does not make it known', async ({ stores: { nonces } }) => {
      assert.equal(await nonces.spend('jti', 'one'), 'unknown')
      assert.equal(await nonces.spend('jti', 'one'), 'unknown')
    }),
    define('the nonce of another client is a mismatch and stays unspent', async ({ stores: { nonces } }) => {
      await nonces.remember('jti', record)
      assert.equal(await nonces.spend('jti', 'one', { clientId: 'other' }), 'mismatch')
      assert.equal(await nonces.spend('jti', 'one', { clientId: 'clien' }), 'mismatch')
      assert.equal(await nonces.spend('jti', 'one', { clientId: '' }), 'mismatch')
      assert.equal(await nonces.spend('jti', 'one', { clientId: undefined }), 'spent')
      assert.equal(await nonces.spend('jti', 'one', { clientId: 'other' }), 'mismatch')
      assert.equal(await nonces.spend('jti', 'two', { clientId: 'client' }), 'spent')
    }),
    define('an expired nonce is unknown, and spending did not keep it longer', async ({ stores: { nonces }, pass }) => {
      await nonces.remember('jti', { ...record, ttlMs: 200 })
      await nonces.spend('jti', 'one')
      await pass(500)
      assert.equal(await nonces.spend('jti', 'one'), 'unknown')
      assert.equal(await nonces.spend('jti', 'two'), 'unknown')
    }),
    define('a nonce is remembered once', async ({ stores: { nonces } }) => {
      await nonces.remember('jti', record)
      await nonces.spend('jti', 'one')
      await assert.rejects(nonces.remember('jti', record), (error) => error instanceof Error && !isUnavailable(error))
      assert.equal(await nonces.spend('jti', 'one'), 'replayed')
    }),
    define('any text is a jti, a client and a purpose of its own', async ({ stores: { nonces } }) => {
      for (const text of strangeStrings) await nonces.remember(text, { clientId: text, ttlMs: minute })
      for (const text of strangeStrings) {
        assert.equal(await nonces.spend(text, text, { clientId: `${text}x` }), 'mismatch', JSON.stringify(text))
        assert.equal(await nonces.spend(text, text, { clientId: text }), 'spent', JSON.stringify(text))
        assert.equal(await nonces.spend(text, text, { clientId: text }), 'replayed', JSON.stringify(text))
      }
      await nonces.remember('all purposes', record)
      for (const purpose of strangeStrings) assert.equal(await nonces.spend('all purposes', purpose), 'spent', JSON.stringify(purpose))
      for (const purpose of strangeStrings) assert.equal(await nonces.spend('all purposes', purpose), 'replayed', JSON.stringify(purpose))
    }),
    define('client and purposes are not confused, however they are cut', async ({ stores: { nonces } }) => {
      for (const [index, [clientId, purpose]] of confusablePairs.entries()) {
        await nonces.remember(`${index}`, { clientId, ttlMs: minute })
        assert.equal(await nonces.spend(`${index}`, purpose, { clientId: clientId + purpose }), purpose === '' ? 'spent' : 'mismatch')
        assert.equal(await nonces.spend(`${index}`, `${clientId}${purpose}!`, { clientId }), 'spent')
      }
    }),
    define('a spending that was taken back leaves the nonce to another call', async ({ stores: { nonces }, open }) => {
      const callId = 'spending-of-one'
      await nonces.remember('jti', record)
      assert.equal(await nonces.spend('jti', 'one', { callId }), 'spent')
      assert.equal(await nonces.spend('jti', 'two'), 'spent')
      assert.equal(await (await open()).nonces.undo('jti', callId), true)
      assert.equal(await nonces.undo('jti', callId), true)
      await assert.rejects(nonces.spend('jti', 'one', { callId }), isUnavailable)
      assert.equal(await nonces.spend('jti', 'two'), 'replayed', 'the spending for another purpose was taken back')
      assert.equal(await nonces.spend('jti', 'one', { clientId: 'other' }), 'mismatch')
      assert.equal(await nonces.spend('jti', 'one'), 'spent')
      assert.equal(await nonces.undo('jti', callId), true, 'it is still taken back')
      assert.equal(await nonces.spend('jti', 'one'), 'replayed', 'the spending of another call was taken back')
    }),
    define('spendings are taken back any number of times', async ({ stores: { nonces } }) => {
      await nonces.remember('jti', record)
      for (let n = 0; n < 40; n += 1) {
        assert.equal(await nonces.spend('jti', 'one', { callId: `spending-${n}` }), 'spent')
        assert.equal(await nonces.undo('jti', `spending-${n}`), true)
        if (n === 20) assert.equal(await nonces.spend('jti', 'two', { callId: 'spending-of-two' }), 'spent')
      }
      await assert.rejects(nonces.spend('jti', 'one', { callId: 'spending-39' }), isUnavailable)
      assert.equal(await nonces.spend('jti', 'two'), 'replayed')
      assert.equal(await nonces.spend('jti', 'one', { clientId: 'other' }), 'mismatch')
      assert.equal(await nonces.spend('jti', 'one'), 'spent')
    }),
    define('only the call that spent a nonce is taken back', async ({ stores: { nonces } }) => {
      assert.equal(await nonces.undo('jti', 'spending-of-nobody'), false)
      await nonces.remember('jti', { ...record, callId: 'remembered-by' })
      assert.equal(await nonces.spend('jti', 'one', { callId: 'spending-of-one' }), 'spent')
      assert.equal(await nonces.spend('jti', 'one', { callId: 'spending-of-another' }), 'replayed')
      for (const callId of ['spending-of-another', 'spending-of', 'remembered-by']) assert.equal(await nonces.undo('jti', callId), false)
      assert.equal(await nonces.spend('jti', 'one'), 'replayed')
    }),
    define('a nonce without a positive time to live is a TypeError', async ({ stores: { nonces } }) => {
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
        await assert.rejects(nonces.remember('jti', { ...record, ttlMs }), TypeError)
      assert.equal(await nonces.spend('jti', 'one'), 'unknown')
    }),
  ]
}
