import { randomFillSync } from 'node:crypto'

/** What every call that changes something may be told besides. */
export interface StoreCall {
  /**
   * Names this one call: 8 to 64 letters, digits, `_` or `-`, drawn at random. Who sends the call again with the same id within a
   * minute gets the answer that the first one got, also when others changed the record in between, and nothing happens twice.
   * @defaultValue a random one
   */
  readonly callId?: string | undefined
}

/** How long a store keeps the ids and answers of the calls that changed a record, in milliseconds. */
export const callsKeptMs = 60_000
/** How many of them it keeps for one record. */
export const callsKept = 16

/** Gives every call an id. */
export type CallIds = (call?: StoreCall) => string

const idBytes = 12
const idsDrawnAtOnce = 256

/**
 * For one store. Its function answers the id that a call was given, or a new one, and throws a TypeError for an id of another form.
 */
export function createCallIds(): CallIds {
  // one by one they would cost as much as a command
  const drawn = { bytes: Buffer.alloc(idBytes * idsDrawnAtOnce), used: idsDrawnAtOnce }
  return ({ callId }: StoreCall = {}) => {
    if (callId !== undefined) {
      if (typeof callId !== 'string' || !/^[\w-]{8,64}$/.test(callId)) throw new TypeError('callId must be 8 to 64 letters, digits, _ or -')
      return callId
    }
    if (drawn.used === idsDrawnAtOnce) {
      randomFillSync(drawn.bytes)
      drawn.used = 0
    }
    const from = drawn.used * idBytes
    drawn.used += 1
    return drawn.bytes.toString('base64url', from, from + idBytes)
  }
}
