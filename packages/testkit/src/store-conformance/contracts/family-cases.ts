import assert from 'node:assert/strict'
import { isUnavailable, type RefreshFamilyStore, type Rotation, type RotationRequest } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import type { DefineCase } from '../store-case.js'
import { strangeStrings } from '../strange-strings.js'

const minute = 60_000
const created = { family: 'family', binding: 'binding', data: 'data', ttlMs: minute }

function rotate(families: RefreshFamilyStore, generation: number, more: Partial<RotationRequest> = {}): Promise<Rotation> {
  return families.rotate({ family: 'family', generation, binding: 'binding', retryWindowMs: minute, ...more })
}

const rotated = (generation: number): Rotation => ({ outcome: 'rotated', generation, data: 'data' })
const retry = (generation: number): Rotation => ({ outcome: 'retry', generation, data: 'data' })
const reused: Rotation = { outcome: 'reused' }
const revoked = (reason: string): Rotation => ({ outcome: 'revoked', reason })

function tableCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('the newest token rotates, and every rotation is one generation', async ({ stores: { families } }) => {
      await families.create(created)
      for (let generation = 0; generation < 5; generation += 1)
        assert.deepEqual(await rotate(families, generation, { retryWindowMs: 0 }), rotated(generation + 1))
      assert.deepEqual(await families.find('family'), { binding: 'binding', data: 'data', generation: 5, revoked: undefined })
    }),
    define('a lost answer is repeated with the same generation', async ({ stores: { families } }) => {
      await families.create(created)
      assert.deepEqual(await rotate(families, 0), rotated(1))
      for (let n = 0; n < 3; n += 1) assert.deepEqual(await rotate(families, 0), retry(1))
      assert.deepEqual(await rotate(families, 1), rotated(2))
    }),
    define('a token whose child was presented is reused, and that ends the family', async ({ stores: { families } }) => {
      await families.create(created)
      await rotate(families, 0)
      await rotate(families, 1)
      assert.deepEqual(await rotate(families, 0), reused)
      assert.deepEqual(await rotate(families, 2), revoked('reused'))
      assert.deepEqual(await rotate(families, 0), revoked('reused'))
      assert.equal((await families.find('family'))?.revoked, 'reused')
    }),
    define('without a retry window a second presentation is reuse', async ({ stores: { families } }) => {
      await families.create(created)
      await rotate(families, 0)
      assert.deepEqual(await rotate(families, 0, { retryWindowMs: 0 }), reused)
      assert.deepEqual(await rotate(families, 1), revoked('reused'))
    }),
    define('the retry window is measured from the first rotation and no retry extends it', async ({ stores: { families }, pass }) => {
      await families.create(created)
      await rotate(families, 0, { retryWindowMs: 1_500 })
      await pass(800)
      assert.deepEqual(await rotate(families, 0, { retryWindowMs: 1_500 }), retry(1))
      await pass(800)
      assert.deepEqual(await rotate(families, 0, { retryWindowMs: 1_500 }), reused)
    }),
    define('each rotation begins a window of its own', async ({ stores: { families }, pass }) => {
      await families.create(created)
      await rotate(families, 0)
      await pass(300)
      await rotate(families, 1)
      assert.deepEqual(await rotate(families, 1, { retryWindowMs: 10_000 }), retry(2))
    }),
    define('the token of another binding is a mismatch with every generation, and changes nothing', async ({ stores: { families } }) => {
      await families.create(created)
      await rotate(families, 0)
      for (const generation of [0, 1, 2])
        assert.deepEqual(await rotate(families, generation, { binding: 'other' }), { outcome: 'mismatch' })
      assert.deepEqual(await rotate(families, 5, { binding: 'other', heal: true }), { outcome: 'mismatch' })
      assert.deepEqual(await rotate(families, 1), rotated(2))
    }),
    define('a generation beyond the store is ahead, and changes nothing', async ({ stores: { families } }) => {
      await families.create(created)
      assert.deepEqual(await rotate(families, 1), { outcome: 'ahead' })
      assert.deepEqual(await rotate(families, 7), { outcome: 'ahead' })
      assert.deepEqual(await rotate(families, 0), rotated(1))
    }),
    define('heal goes on from the presented generation, and what is older is reused', async ({ stores: { families } }) => {
      await families.create(created)
      assert.deepEqual(await rotate(families, 5, { heal: true }), rotated(6))
      assert.deepEqual(await rotate(families, 5, { heal: true }), retry(6))
      assert.deepEqual(await rotate(families, 6, { heal: true }), rotated(7))
      assert.deepEqual(await rotate(families, 1, { heal: true }), reused)
      assert.deepEqual(await rotate(families, 9, { heal: true }), revoked('reused'))
    }),
    define('what expired or never was is gone', async ({ stores: { families }, pass }) => {
      assert.deepEqual(await rotate(families, 0), { outcome: 'gone' })
      await families.create({ ...created, ttlMs: 100 })
      await pass(300)
      assert.deepEqual(await rotate(families, 0), { outcome: 'gone' })
      assert.equal(await families.find('family'), undefined)
      assert.equal(await families.revoke('family', 'late'), false)
    }),
  ]
}

function lifeCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('revoke wins over everything and says why', async ({ stores: { families } }) => {
      await families.create(created)
      await rotate(families, 0)
      assert.equal(await families.revoke('family', 'sign-out'), true)
      assert.equal(await families.revoke('family', 'again'), false)
      assert.equal(await families.revoke('other', 'not there'), false)
      for (const generation of [0, 1, 2, 9]) assert.deepEqual(await rotate(families, generation, { heal: true }), revoked('sign-out'))
      assert.deepEqual(await rotate(families, 1, { binding: 'other' }), revoked('sign-out'))
      assert.deepEqual(await families.find('family'), { binding: 'binding', data: 'data', generation: 1, revoked: 'sign-out' })
    }),
    define('a rotation renews the time to live where it says so', async ({ stores: { families }, pass }) => {
      await families.create({ ...created, ttlMs: 1_000 })
      assert.deepEqual(await rotate(families, 0, { ttlMs: minute }), rotated(1))
      await pass(1_300)
      assert.deepEqual(await rotate(families, 1), rotated(2))
    }),
    define('a rotation keeps the end of the family where it does not', async ({ stores: { families }, pass }) => {
      await families.create({ ...created, ttlMs: 600 })
      await pass(300)
      await rotate(families, 0)
      await pass(500)
      assert.deepEqual(await rotate(families, 1), { outcome: 'gone' })
    }),
    define('a retry, a mismatch and a revocation renew nothing', async ({ stores: { families }, pass }) => {
      await families.create({ ...created, ttlMs: 600 })
      await rotate(families, 0)
      await rotate(families, 0, { ttlMs: minute })
      await rotate(families, 0, { ttlMs: minute, binding: 'other' })
      await families.revoke('family', 'end')
      await rotate(families, 1, { ttlMs: minute })
      await pass(900)
      assert.deepEqual(await rotate(families, 1), { outcome: 'gone' })
    }),
    define('a family is created once, also after its end', async ({ stores: { families } }) => {
      const isRefusal = (error: unknown): boolean => error instanceof Error && !isUnavailable(error)
      await families.create(created)
      await assert.rejects(families.create({ ...created, binding: 'thief' }), isRefusal)
      await families.revoke('family', 'end')
      await assert.rejects(families.create(created), isRefusal)
      assert.deepEqual(await rotate(families, 0), revoked('end'))
    }),
    define('any text is a family, a binding, data and a reason', async ({ stores: { families } }) => {
      for (const text of strangeStrings) await families.create({ family: text, binding: text, data: text, ttlMs: minute })
      for (const text of strangeStrings) {
        const request = { family: text, generation: 0, retryWindowMs: 0 }
        assert.deepEqual(await families.rotate({ ...request, binding: `${text}x` }), { outcome: 'mismatch' })
        assert.deepEqual(await families.rotate({ ...request, binding: text }), { outcome: 'rotated', generation: 1, data: text })
        assert.equal(await families.revoke(text, text), true)
        assert.deepEqual(await families.find(text), { binding: text, data: text, generation: 1, revoked: text })
        assert.deepEqual(await families.rotate({ ...request, binding: text }), revoked(text))
      }
    }),
    define('a family without a positive time to live is a TypeError', async ({ stores: { families } }) => {
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        await assert.rejects(families.create({ ...created, ttlMs }), TypeError)
        await families.create({ ...created, family: `exists ${ttlMs}` })
        await assert.rejects(rotate(families, 0, { family: `exists ${ttlMs}`, ttlMs }), TypeError)
        assert.equal((await families.find(`exists ${ttlMs}`))?.generation, 0)
      }
      assert.equal(await families.find('family'), undefined)
    }),
  ]
}

/** What `RefreshFamilyStore` promises. */
export function familyCases(define: DefineCase): readonly StoreCase[] {
  return [...tableCases(define), ...lifeCases(define)]
}
