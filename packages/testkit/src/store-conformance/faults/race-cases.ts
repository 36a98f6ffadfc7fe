import assert from 'node:assert/strict'
import type { Stores } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import type { CaseContext, DefineCase } from '../store-case.js'

const callers = 64
const minute = 60_000

interface Race {
  readonly name: string
  prepare?(stores: Stores): Promise<unknown>
  /** What one caller does; `caller` counts from 0. */
  call(stores: Stores, caller: number): Promise<unknown>
  /** @param answers - one per caller; a rejection is `Error` */
  judge(answers: readonly unknown[], stores: Stores): void | Promise<void>
}

const family = { family: 'family', binding: 'binding', data: 'data', ttlMs: minute }
const presented = { family: 'family', generation: 0, binding: 'binding' }
const document = { collection: 'collection', id: 'id' }

function count(answers: readonly unknown[], wanted: unknown): number {
  return answers.filter((answer) => JSON.stringify(answer) === JSON.stringify(wanted)).length
}

function exactlyOne(answers: readonly unknown[], wanted: unknown, others: unknown): void {
  assert.equal(count(answers, wanted), 1)
  assert.equal(count(answers, others), callers - 1)
}

const tokenRaces: readonly Race[] = [
  {
    name: 'one claim is granted',
    call: ({ replay }) => replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }),
    judge: (answers) => exactlyOne(answers, 'claimed', 'replayed'),
  },
  {
    name: 'a nonce is spent once',
    prepare: ({ nonces }) => nonces.remember('jti', { clientId: 'client', ttlMs: minute }),
    call: ({ nonces }) => nonces.spend('jti', 'purpose', { clientId: 'client' }),
    judge: (answers) => exactlyOne(answers, 'spent', 'replayed'),
  },
  {
    name: 'a nonce is spent once for each of two purposes',
    prepare: ({ nonces }) => nonces.remember('jti', { clientId: 'client', ttlMs: minute }),
    call: ({ nonces }, caller) => nonces.spend('jti', caller % 2 === 0 ? 'even' : 'odd'),
    judge: (answers) => assert.deepEqual([count(answers, 'spent'), count(answers, 'replayed')], [2, callers - 2]),
  },
  {
    name: 'a nonce is remembered once',
    call: ({ nonces }) => nonces.remember('jti', { clientId: 'client', ttlMs: minute }).then(() => 'remembered'),
    judge: (answers) => exactlyOne(answers, 'remembered', 'Error'),
  },
  {
    name: 'a challenge is taken once',
    prepare: ({ challenges }) => challenges.put('id', 'record', minute),
    call: ({ challenges }) => challenges.take('id'),
    judge: (answers) => exactlyOne(answers, 'record', null),
  },
  {
    name: 'all are told which challenge is kept',
    call: ({ challenges }, caller) => challenges.keep('id', `${caller}`, minute),
    async judge(answers, { challenges }) {
      const kept = await challenges.read('id')
      assert.equal(count(answers, kept), callers)
      assert.ok(Number(kept) >= 0 && Number(kept) < callers)
    },
  },
  {
    name: 'attempts pass up to the limit',
    call: ({ attempts }) =>
      attempts.reserve({ key: 'key', limit: 5, windowMs: minute }).then((verdict) => (verdict.ok ? verdict.remaining : 'refused')),
    judge: (answers) => {
      assert.deepEqual(new Set(answers.filter((answer) => answer !== 'refused')), new Set([0, 1, 2, 3, 4]))
      assert.equal(count(answers, 'refused'), callers - 5)
    },
  },
]

const familyRaces: readonly Race[] = [
  {
    name: 'a family is created once',
    call: ({ families }) => families.create(family).then(() => 'created'),
    judge: (answers) => exactlyOne(answers, 'created', 'Error'),
  },
  {
    name: 'one token rotates without a retry window, the next ends the family, and nothing is granted after that',
    prepare: ({ families }) => families.create(family),
    call: ({ families }) => families.rotate({ ...presented, retryWindowMs: 0 }).then(({ outcome }) => outcome),
    async judge(answers, { families }) {
      assert.deepEqual([count(answers, 'rotated'), count(answers, 'reused'), count(answers, 'revoked')], [1, 1, callers - 2])
      assert.equal((await families.rotate({ ...presented, generation: 1, retryWindowMs: 0 })).outcome, 'revoked')
    },
  },
  {
    name: 'one token rotates within a retry window and all others get the same child',
    prepare: ({ families }) => families.create(family),
    call: ({ families }) => families.rotate({ ...presented, retryWindowMs: minute }),
    async judge(answers, { families }) {
      exactlyOne(answers, { outcome: 'rotated', generation: 1, data: 'data' }, { outcome: 'retry', generation: 1, data: 'data' })
      assert.equal((await families.find('family'))?.generation, 1)
    },
  },
  {
    name: 'a family is revoked once, and no rotation is granted after that',
    prepare: ({ families }) => families.create(family),
    call: ({ families }, caller) =>
      caller < 32 ? families.revoke('family', `reason ${caller}`) : families.rotate({ ...presented, retryWindowMs: minute }),
    async judge(answers, { families }) {
      assert.equal(count(answers, true), 1)
      assert.equal((await families.rotate({ ...presented, generation: 1, retryWindowMs: minute })).outcome, 'revoked')
    },
  },
]

const lastingRaces: readonly Race[] = [
  {
    name: 'a document is created once',
    call: ({ clients }, caller) => clients.put({ ...document, value: `${caller}`, revision: 0 }),
    async judge(answers, { clients }) {
      exactlyOne(answers, true, false)
      assert.deepEqual(await clients.get(document), { id: 'id', value: `${answers.indexOf(true)}`, revision: 1 })
    },
  },
  {
    name: 'a document is changed once from one revision',
    prepare: ({ clients }) => clients.put({ ...document, value: 'first', revision: 0 }),
    call: ({ clients }, caller) => clients.put({ ...document, value: `${caller}`, revision: 1 }),
    async judge(answers, { clients }) {
      exactlyOne(answers, true, false)
      assert.deepEqual(await clients.get(document), { id: 'id', value: `${answers.indexOf(true)}`, revision: 2 })
    },
  },
  {
    name: 'a document is changed or removed once from one revision',
    prepare: ({ clients }) => clients.put({ ...document, value: 'first', revision: 0 }),
    call: ({ clients }, caller) =>
      caller % 2 === 0 ? clients.put({ ...document, value: `${caller}`, revision: 1 }) : clients.remove({ ...document, revision: 1 }),
    judge: (answers) => exactlyOne(answers, true, false),
  },
  {
    name: 'every revocation has a cursor of its own, and a reader gets them all',
    call: ({ revocations }, caller) => revocations.revoke({ type: 'client', issuer: 'issuer', clientId: `${caller}` }),
    async judge(answers, { revocations }) {
      const { records, cursor } = await revocations.since(undefined)
      assert.deepEqual(new Set(records.map((record) => record.cursor)), new Set(answers))
      assert.equal(records.length, callers)
      assert.equal(records.at(-1)?.cursor, cursor)
    },
  },
]

async function run(race: Race, context: CaseContext, lanes: readonly Stores[]): Promise<void> {
  await race.prepare?.(context.stores)
  const calls = Array.from({ length: callers }, (_, caller) => {
    const lane = lanes[caller % lanes.length] ?? context.stores
    return race.call(lane, caller).catch((error: unknown) => (error instanceof Error ? error.name : 'unknown'))
  })
  await race.judge(await Promise.all(calls), context.stores)
}

/** One winner among 64 callers: on one connection, on two, and in two processes where the backend has them. */
export function raceCases(define: DefineCase, processes: boolean): readonly StoreCase[] {
  return [...tokenRaces, ...familyRaces, ...lastingRaces].flatMap((race) => [
    define(`of 64 callers on one connection: ${race.name}`, (context) => run(race, context, [context.stores])),
    define(`of 64 callers on two connections: ${race.name}`, async (context) => run(race, context, [context.stores, await context.open()])),
    ...(processes
      ? [
          define(`of 64 callers in two processes: ${race.name}`, async (context) =>
            run(race, context, [context.stores, await context.openProcess()]),
          ),
        ]
      : []),
  ])
}
