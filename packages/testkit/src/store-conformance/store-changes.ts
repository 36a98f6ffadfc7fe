import type { Stores } from '@countersign/core'

const minute = 60_000

/** An operation that changes something, and what others do to the same record. */
export interface StoreChange {
  readonly name: string
  prepare?(stores: Stores): Promise<unknown>
  /** @returns what has to be the same each time */
  call(stores: Stores, callId: string): Promise<unknown>
  /** The answer of the first call. */
  readonly answer: unknown
  /** Another caller changes the record after the call: after that a second call of this kind would be answered otherwise or change something. */
  other(stores: Stores): Promise<unknown>
  /** What can be seen of the record, without changing it. */
  look(stores: Stores): Promise<unknown>
}

const family = { family: 'family', binding: 'binding', data: 'data', keepForMs: minute }
const rotation = { family: 'family', binding: 'binding', retryWindowMs: 0 }
const findFamily = ({ families }: Stores): Promise<unknown> => families.find('family')

/** Operations of `RefreshFamilyStore`. */
const familyChanges: readonly StoreChange[] = [
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

/** Every operation that changes something, of every contract. */
export const storeChanges: readonly StoreChange[] = [...familyChanges]
