import assert from 'node:assert/strict'
import { isUnavailable } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import type { DefineCase } from '../store-case.js'
import { confusablePairs, strangeStrings } from '../strange-strings.js'

const minute = 60_000
const claimOf = (id: string, purpose = 'test'): { purpose: string; id: string; issuedAgoMs: number; ttlMs: number } => ({
  purpose,
  id,
  issuedAgoMs: 0,
  ttlMs: minute,
})

/** What `ReplayStore` promises. */
export function replayCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('a claim is granted once', async ({ stores: { replay } }) => {
      assert.equal(await replay.claim(claimOf('id')), 'claimed')
      assert.equal(await replay.claim(claimOf('id')), 'replayed')
    }),
    define('ids of two purposes never meet, however they are cut', async ({ stores: { replay } }) => {
      const pairs = [...new Set(confusablePairs.map((pair) => JSON.stringify(pair)))].map((pair) => JSON.parse(pair) as [string, string])
      for (const [purpose, id] of pairs) assert.equal(await replay.claim(claimOf(id, purpose)), 'claimed', JSON.stringify([purpose, id]))
    }),
    define('any text is an id of its own', async ({ stores: { replay } }) => {
      for (const id of strangeStrings) assert.equal(await replay.claim(claimOf(id)), 'claimed', JSON.stringify(id))
      for (const id of strangeStrings) assert.equal(await replay.claim(claimOf(id)), 'replayed', JSON.stringify(id))
    }),
    define('ids that are no well-formed Unicode are kept apart or refused', async ({ stores: { replay } }) => {
      const verdicts: string[] = []
      for (const id of ['\ud800', '\ud801', '\ufffd'])
        verdicts.push(await replay.claim(claimOf(id)).catch((error: unknown) => (error instanceof TypeError ? 'claimed' : 'failed')))
      assert.deepEqual(verdicts, ['claimed', 'claimed', 'claimed'])
    }),
    define('an id may be claimed again when it has expired', async ({ stores: { replay }, pass }) => {
      assert.equal(await replay.claim({ ...claimOf('id'), ttlMs: 100 }), 'claimed')
      await pass(300)
      assert.equal(await replay.claim(claimOf('id')), 'claimed')
    }),
    define('a refused claim does not keep an id longer', async ({ stores: { replay }, pass }) => {
      assert.equal(await replay.claim({ ...claimOf('id'), ttlMs: 1_000 }), 'claimed')
      assert.equal(await replay.claim(claimOf('id')), 'replayed')
      await pass(1_200)
      assert.equal(await replay.claim(claimOf('id')), 'claimed')
    }),
    define('what may have been issued before the memory of the store begins is unprovable', async ({ stores: { replay }, open }) => {
      const old = { ...claimOf('id'), issuedAgoMs: 60 * minute }
      assert.equal(await replay.claim(old), 'unprovable')
      assert.equal(await (await open()).replay.claim(old), 'unprovable')
    }),
    define('a claim that was granted is replayed, also when it would be unprovable now', async ({ stores: { replay } }) => {
      await replay.claim(claimOf('id'))
      assert.equal(await replay.claim({ ...claimOf('id'), issuedAgoMs: 60 * minute }), 'replayed')
    }),
    define('something from the future counts as issued now', async ({ stores: { replay } }) => {
      assert.equal(await replay.claim({ ...claimOf('id'), issuedAgoMs: -minute }), 'claimed')
      assert.equal(await replay.claim({ ...claimOf('id'), issuedAgoMs: -minute }), 'replayed')
    }),
    define('a claim without a positive time to live is a TypeError and claims nothing', async ({ stores: { replay } }) => {
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
        await assert.rejects(replay.claim({ ...claimOf('id'), ttlMs }), TypeError)
      await assert.rejects(replay.claim({ ...claimOf('id'), issuedAgoMs: Number.NaN }), TypeError)
      assert.equal(await replay.claim(claimOf('id')), 'claimed')
    }),
    define('a claim that was taken back may be claimed again, by another call', async ({ stores: { replay }, open }) => {
      const [id, callId, laterId] = [claimOf('id'), 'claim-of-one', 'claim-of-another']
      assert.equal(await replay.claim({ ...id, callId }), 'claimed')
      assert.equal(await (await open()).replay.undo(id, callId), true)
      assert.equal(await replay.undo(id, callId), true)
      await assert.rejects(replay.claim({ ...id, callId }), isUnavailable)
      assert.equal(await replay.claim({ ...id, callId: laterId }), 'claimed')
      assert.equal(await replay.claim(id), 'replayed')
      await assert.rejects(replay.claim({ ...id, callId }), isUnavailable)
      assert.equal(await replay.undo(id, callId), true, 'it is still taken back')
      assert.equal(await replay.claim(id), 'replayed', 'the claim of another call was taken back')
      assert.equal(await replay.undo(id, laterId), true)
      assert.equal(await replay.claim(id), 'claimed')
    }),
    define('the call that claimed an id is answered again, also when it would be unprovable now', async ({ stores: { replay }, open }) => {
      const call = { ...claimOf('id'), callId: 'claim-of-one' }
      assert.equal(await replay.claim(call), 'claimed')
      for (const { replay: one } of [{ replay }, await open()])
        for (const issuedAgoMs of [0, 60 * minute]) {
          assert.equal(await one.claim({ ...call, issuedAgoMs }), 'claimed')
          assert.equal(await one.claim({ ...call, issuedAgoMs, callId: 'claim-of-another' }), 'replayed')
        }
    }),
    define('only the call that claimed an id is taken back', async ({ stores: { replay } }) => {
      assert.equal(await replay.undo(claimOf('id'), 'claim-of-nobody'), false)
      assert.equal(await replay.claim({ ...claimOf('id'), callId: 'claim-of-one' }), 'claimed')
      assert.equal(await replay.claim({ ...claimOf('id'), callId: 'claim-of-another' }), 'replayed')
      for (const callId of ['claim-of-another', 'claim-of', 'claim-of-on_']) assert.equal(await replay.undo(claimOf('id'), callId), false)
      assert.equal(await replay.claim(claimOf('id')), 'replayed')
    }),
    define('a call id of another form is a TypeError and claims nothing', async ({ stores: { replay } }) => {
      for (const callId of ['', 'short', 'with space', 'semi;colon', 'x'.repeat(65)]) {
        await assert.rejects(replay.claim({ ...claimOf('id'), callId }), TypeError)
        await assert.rejects(replay.undo(claimOf('id'), callId), TypeError)
      }
      assert.equal(await replay.claim(claimOf('id')), 'claimed')
    }),
    define('fractions of a millisecond and centuries are durations', async ({ stores: { replay } }) => {
      for (const ttlMs of [0.25, 1500.5, 1e13, Number.MAX_SAFE_INTEGER])
        assert.equal(await replay.claim({ ...claimOf(String(ttlMs)), ttlMs }), 'claimed')
    }),
  ]
}
