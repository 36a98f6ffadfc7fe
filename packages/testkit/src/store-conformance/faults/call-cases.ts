import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { isUnavailable } from '@countersign/core'
import type { StoreChange } from '../changes/store-change.js'
import { storeChanges } from '../changes/store-changes.js'
import type { StoreCase } from '../store-backend.js'
import { connectEverywhere, type DefineCase, sleep, untilAnswered } from '../store-case.js'

function sentAgain({ name, prepare, call, answer, other, look }: StoreChange, define: DefineCase): StoreCase {
  return define(`${name}: the same call gets the same answer, also after another caller's change, and changes nothing`, async (context) => {
    const { stores } = context
    const another = await context.open()
    const callId = randomUUID()
    await prepare?.(stores)
    assert.deepEqual(await call(stores, callId), answer)
    assert.deepEqual(await call(stores, callId), answer, 'at once')
    await other(another)
    const seen = await look(stores)
    assert.deepEqual(await call(stores, callId), answer, "after another caller's change")
    assert.deepEqual(await call(another, callId), answer, 'on another connection')
    assert.deepEqual(await look(stores), seen, 'changed something')
  })
}

/** Calls by their ids: a call that is made again is answered again, and nothing happens twice. */
export function callCases(define: DefineCase): readonly StoreCase[] {
  return storeChanges.map((change) => sentAgain(change, define))
}

/** What a driver that sends again gets, or else the caller who sends again with the same id. */
async function answerAtLast(first: Promise<unknown>, again: () => Promise<unknown>): Promise<unknown> {
  try {
    return await first
  } catch (error) {
    if (!isUnavailable(error)) throw error
    return await untilAnswered(again)
  }
}

function answerDropped({ name, prepare, call, answer, other, look }: StoreChange, define: DefineCase): StoreCase {
  return define(`${name}: an answer that was lost with its connection is given to the call that is sent again`, async (context) => {
    const { stores: sound } = context
    const { stores, network } = await context.openBreakable()
    const callId = randomUUID()
    await prepare?.(sound)
    await connectEverywhere(stores)
    network.loseAnswers()
    const lost = call(stores, callId)
    lost.catch(() => undefined)
    await sleep(150)
    await other(sound)
    const seen = await look(sound)
    network.breakDown()
    network.restore()
    assert.deepEqual(await answerAtLast(lost, () => call(stores, callId)), answer)
    assert.deepEqual(await look(sound), seen, 'changed something')
  })
}

const isOutage = (error: unknown): boolean => isUnavailable(error)

function givenUp(change: StoreChange, define: DefineCase, how: 'breakDown' | 'holdRequests'): StoreCase {
  const { name, prepare, call, look } = change
  const when = how === 'breakDown' ? 'when the connection is back' : 'when it arrives late'
  return define(`${name}: a call that was given up is not carried out ${when}`, async (context) => {
    const { stores: sound } = context
    const { stores, network } = await context.openBreakable()
    await prepare?.(sound)
    await connectEverywhere(stores)
    const seen = await look(sound)
    network[how]()
    await assert.rejects(call(stores, randomUUID()), isOutage)
    network.restore()
    await untilAnswered(() => stores.families.find('nobody'))
    await sleep(150)
    assert.deepEqual(await look(sound), seen, 'it was carried out')
  })
}

/** Calls through a network that breaks. */
export function lostCallCases(define: DefineCase): readonly StoreCase[] {
  return storeChanges.flatMap((change) => [
    answerDropped(change, define),
    givenUp(change, define, 'breakDown'),
    givenUp(change, define, 'holdRequests'),
  ])
}
