import { callsKeptMs, createCallIds, type StoreCall } from '../call.js'
import type { Now } from '../clock.js'
import { createExpiringMap } from './expiring-map.js'

/** Answers of calls whose id the caller gave; nobody can send one again that was drawn here. */
export interface GivenCalls<A> {
  /** @throws TypeError for an id of another form */
  made(record: string, call: StoreCall | undefined): A | undefined
  /** Keeps the answer, and gives it back. */
  keep<B extends A>(record: string, call: StoreCall | undefined, answer: B): B
}

/** The calls of one store that have no record to keep them: their record is gone, or never existed. */
export function givenCalls<A>(now: Now): GivenCalls<A> {
  const answers = createExpiringMap<A>(now)
  const callIdOf = createCallIds()
  // an id has no space, so no two pairs have one name
  const nameOf = (record: string, call: StoreCall): string => `${callIdOf(call)} ${record}`
  return {
    made: (record, call) => (call?.callId === undefined ? undefined : answers.get(nameOf(record, call))),
    keep(record, call, answer) {
      if (call?.callId !== undefined) answers.set(nameOf(record, call), answer, callsKeptMs)
      return answer
    },
  }
}
