import { randomUUID } from 'node:crypto'
import type { Stores } from '@countersign/core'
import type { StoreChange } from './store-change.js'

const minute = 60_000

const family = { family: 'family', binding: 'binding', data: 'data', ttlMs: minute }
const rotation = { family: 'family', binding: 'binding', retryWindowMs: 0 }
const findFamily = ({ families }: Stores): Promise<unknown> => families.find('family')

/** Operations of `RefreshFamilyStore`. */
export const familyChanges: readonly StoreChange[] = [
  {
    name: 'families.create',
    call: ({ families }, callId) => families.create({ ...family, callId }),
    answer: undefined,
    other: ({ families }) => families.rotate({ ...rotation, generation: 0 }),
    look: findFamily,
  },
  {
    name: 'families.rotate that rotates',
    prepare: ({ families }) => families.create(family),
    call: ({ families }, callId) => families.rotate({ ...rotation, generation: 0, callId }),
    answer: { outcome: 'rotated', generation: 1, data: 'data' },
    other: ({ families }) => families.rotate({ ...rotation, generation: 1 }),
    look: findFamily,
  },
  {
    name: 'families.rotate that answers a retry',
    prepare: async ({ families }) => {
      await families.create(family)
      await families.rotate({ ...rotation, generation: 0 })
    },
    call: ({ families }, callId) => families.rotate({ ...rotation, generation: 0, retryWindowMs: minute, callId }),
    answer: { outcome: 'retry', generation: 1, data: 'data' },
    other: ({ families }) => families.rotate({ ...rotation, generation: 1 }),
    look: findFamily,
  },
  {
    name: 'families.rotate that sees reuse',
    prepare: async ({ families }) => {
      await families.create(family)
      await families.rotate({ ...rotation, generation: 0 })
    },
    call: ({ families }, callId) => families.rotate({ ...rotation, generation: 0, callId }),
    answer: { outcome: 'reused' },
    other: ({ families }) => families.rotate({ ...rotation, generation: 1 }),
    look: findFamily,
  },
  {
    name: 'families.revoke',
    prepare: ({ families }) => families.create(family),
    call: ({ families }, callId) => families.revoke('family', 'reason', { callId }),
    answer: true,
    other: ({ families }) => families.revoke('family', 'another'),
    look: findFamily,
  },
  {
    name: 'families.undo of a rotation',
    prepare: async ({ families }) => {
      await families.create(family)
      await families.rotate({ ...rotation, generation: 0, callId: 'rotation-that-is-undone' })
    },
    call: ({ families }) => families.undo('family', 'rotation-that-is-undone'),
    answer: true,
    other: ({ families }) => families.rotate({ ...rotation, generation: 0 }),
    look: findFamily,
  },
  {
    name: 'families.undo of a creation',
    prepare: ({ families }) => families.create({ ...family, callId: 'creation-that-is-undone' }),
    call: ({ families }) => families.undo('family', 'creation-that-is-undone'),
    answer: true,
    other: ({ families }) => families.create({ ...family, data: 'other' }),
    look: findFamily,
  },
]

const claim = { purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }
/** Too old to be claimed: it says only whether somebody did. */
const seenClaim = ({ replay }: Stores): Promise<unknown> => replay.claim({ ...claim, issuedAgoMs: 60 * minute })

/** Operations of `ReplayStore`. */
export const replayChanges: readonly StoreChange[] = [
  {
    name: 'replay.claim',
    call: ({ replay }, callId) => replay.claim({ ...claim, callId }),
    answer: 'claimed',
    other: ({ replay }) => replay.claim(claim),
    look: seenClaim,
  },
  {
    name: 'replay.claim of an id whose claim was taken back',
    async prepare({ replay }) {
      await replay.claim({ ...claim, callId: 'claim-that-is-undone' })
      await replay.undo(claim, 'claim-that-is-undone')
    },
    call: ({ replay }, callId) => replay.claim({ ...claim, callId }),
    answer: 'claimed',
    other: ({ replay }) => replay.claim(claim),
    look: seenClaim,
  },
  {
    name: 'replay.undo',
    prepare: ({ replay }) => replay.claim({ ...claim, callId: 'claim-that-is-undone' }),
    call: ({ replay }) => replay.undo(claim, 'claim-that-is-undone'),
    answer: true,
    other: ({ replay }) => replay.claim(claim),
    look: seenClaim,
  },
]

const nonce = { clientId: 'client', ttlMs: minute }
/** Spends the nonce to see whether it was, and takes that back. */
async function seenNonce({ nonces }: Stores): Promise<unknown> {
  const callId = randomUUID()
  const verdict = await nonces.spend('jti', 'purpose', { callId })
  if (verdict === 'spent') await nonces.undo('jti', callId)
  return verdict
}

/** Operations of `NonceStore`. */
export const nonceChanges: readonly StoreChange[] = [
  {
    name: 'nonces.remember',
    call: ({ nonces }, callId) => nonces.remember('jti', { ...nonce, callId }),
    answer: undefined,
    other: ({ nonces }) => nonces.spend('jti', 'purpose'),
    look: seenNonce,
  },
  {
    name: 'nonces.spend',
    prepare: ({ nonces }) => nonces.remember('jti', nonce),
    call: ({ nonces }, callId) => nonces.spend('jti', 'purpose', { callId }),
    answer: 'spent',
    other: ({ nonces }) => nonces.spend('jti', 'another'),
    look: seenNonce,
  },
  {
    name: 'nonces.undo',
    async prepare({ nonces }) {
      await nonces.remember('jti', nonce)
      await nonces.spend('jti', 'purpose', { callId: 'spend-that-is-undone' })
    },
    call: ({ nonces }) => nonces.undo('jti', 'spend-that-is-undone'),
    answer: true,
    other: ({ nonces }) => nonces.spend('jti', 'purpose'),
    look: seenNonce,
  },
]
