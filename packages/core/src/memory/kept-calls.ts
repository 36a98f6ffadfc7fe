import { callsKept, callsKeptMs } from '../call.js'
import { Unavailable } from '../unavailable.js'

/** A call that changed a record, and its answer. */
export interface KeptCall<A> {
  readonly callId: string
  /** Epoch milliseconds of the store's clock. */
  readonly at: number
  readonly answer: A
  /** True when the call was taken back. */
  readonly undone?: boolean
}

/** The calls of a record, the newest first. */
export type KeptCalls<A> = readonly KeptCall<A>[]

/** What a call gets that comes again after it was taken back. */
export function callTakenBack(): Unavailable {
  return new Unavailable('store_unavailable', { cause: new Error('this call was taken back') })
}

/**
 * The call of that id, if it was made before.
 *
 * @throws Unavailable if it was taken back: then it is not carried out again, and its answer does not hold any more
 */
export function madeBefore<A>(calls: KeptCalls<A> | undefined, callId: string): KeptCall<A> | undefined {
  const made = calls?.find((call) => call.callId === callId)
  if (made?.undone) throw callTakenBack()
  return made
}

/** The calls of a record after one more. */
export function withCall<A>(calls: KeptCalls<A> | undefined, call: KeptCall<A>): KeptCalls<A> {
  const others = (calls ?? []).filter(({ at }) => call.at - at <= callsKeptMs)
  return [call, ...others.slice(0, callsKept - 1)]
}

/** Whether a call was taken back. */
export function isUndone(calls: KeptCalls<unknown>, callId: string): boolean {
  return calls.some((call) => call.callId === callId && call.undone === true)
}

/** The calls of a record, the newest of which was taken back. */
export function withNewestUndone<A>(calls: KeptCalls<A>): KeptCalls<A> {
  return calls.map((call, index) => (index === 0 ? { ...call, undone: true } : call))
}
