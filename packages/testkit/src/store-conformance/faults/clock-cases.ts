import assert from 'node:assert/strict'
import type { Stores } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import type { CaseContext, DefineCase } from '../store-case.js'

const minute = 60_000
const hour = 60 * minute

/** Runs with an app clock that is wrong. Cases run one after the other, so nobody else sees it. */
async function withAppClock(offsetMs: number, use: () => Promise<void>): Promise<void> {
  const real = Date.now
  Date.now = () => real() + offsetMs
  try {
    await use()
  } finally {
    Date.now = real
  }
}

/** One of everything that depends on time; `name` keeps two runs apart. */
async function write({ replay, nonces, challenges, families, attempts, revocations }: Stores, name: string): Promise<string> {
  const cursor = await revocations.cursor()
  assert.equal(await replay.claim({ purpose: 'test', id: name, issuedAgoMs: 0, ttlMs: minute }), 'claimed')
  await nonces.remember(name, { clientId: 'client', ttlMs: minute })
  await challenges.put(name, 'record', minute)
  await families.create({ family: name, binding: 'binding', data: 'data', ttlMs: minute })
  await families.rotate({ family: name, generation: 0, binding: 'binding', retryWindowMs: minute })
  assert.equal((await attempts.reserve({ key: name, limit: 1, windowMs: minute })).ok, true)
  await revocations.revoke({ type: 'client', issuer: 'issuer', clientId: name }, { ttlMs: minute })
  return cursor
}

async function judge({ replay, nonces, challenges, families, attempts, revocations }: Stores, name: string, cursor: string): Promise<void> {
  assert.equal(await replay.claim({ purpose: 'test', id: name, issuedAgoMs: 0, ttlMs: minute }), 'replayed')
  assert.equal(await replay.claim({ purpose: 'test', id: `old ${name}`, issuedAgoMs: hour, ttlMs: minute }), 'unprovable')
  assert.equal(await nonces.spend(name, 'purpose'), 'spent')
  assert.equal(await challenges.take(name), 'record')
  const again = await families.rotate({ family: name, generation: 0, binding: 'binding', retryWindowMs: minute })
  assert.deepEqual(again, { outcome: 'retry', generation: 1, data: 'data' })
  const attempt = await attempts.reserve({ key: name, limit: 1, windowMs: minute })
  assert.ok(!attempt.ok && attempt.retryAfterMs > minute - 15_000 && attempt.retryAfterMs <= minute)
  const { records, lost } = await revocations.since(cursor)
  assert.deepEqual([records.length, lost], [1, false])
  const left = records[0]?.ttlMs ?? 0
  assert.ok(left > minute - 15_000 && left <= minute)
}

async function crossed(context: CaseContext, offsetMs: number): Promise<void> {
  const before = await write(context.stores, 'before')
  await withAppClock(offsetMs, async () => {
    const other = await context.open()
    await judge(other, 'before', before)
    await judge(other, 'within', await write(context.stores, 'within'))
    const cursor = await write(other, 'after')
    await withAppClock(-offsetMs, () => judge(context.stores, 'after', cursor))
  })
}

/** A clock that is wrong in the app. Seen from there, a store whose clock is an hour ahead is an app an hour behind. */
export function clockCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('an app clock one hour ahead changes no verdict', (context) => crossed(context, hour)),
    define('an app clock one hour behind, or a store clock one hour ahead, changes no verdict', (context) => crossed(context, -hour)),
  ]
}
