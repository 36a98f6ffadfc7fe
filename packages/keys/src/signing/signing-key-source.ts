import { type KeyAnswer, type KeySet, type KeySource, type Now, Unavailable, type VerificationKey, whenKnown } from '@countersign/core'
import { answerFrom, createKeySet, importJwk } from '@countersign/jwt'
import type { Ring } from '../ring.js'
import type { OwnRing } from './active-signer.js'
import { type KeyTimes, nextTransition, type OwnKey, verifies } from './signing-key.js'

/** What {@link createOwnKeySource} needs. */
export interface OwnKeySourceOptions {
  readonly ring: OwnRing
  readonly times: KeyTimes
  readonly now: Now
}

function verificationKey({ publicJwk, kid, algorithm: alg }: OwnKey): VerificationKey {
  const imported = importJwk({ ...publicJwk, kid, alg })
  if (imported.ok) return imported.key
  const cause = new Error(`a key of the ring cannot be used: ${imported.reason}`)
  throw new Unavailable('key_source_unavailable', { cause })
}

/** The keys of the ring that verify. Their states follow the clock between two readings. */
export function createOwnKeySource({ ring, times, now }: OwnKeySourceOptions): KeySource {
  const state = { set: createKeySet([]), ring: undefined as Ring<OwnKey> | undefined, until: Number.NEGATIVE_INFINITY }

  /** The same object while the keys are the same, so that what was verified with them stays believed. */
  function setOf(current: Ring<OwnKey>): KeySet {
    const seconds = now() / 1000
    if (state.ring === current && seconds < state.until) return state.set
    const keys = current.keys.filter((key) => verifies(key, times, seconds))
    const isSame = keys.length === state.set.keys.length && keys.every(({ kid }, index) => kid === state.set.keys[index]?.kid)
    const set = isSame ? state.set : createKeySet(keys.map(verificationKey))
    Object.assign(state, { set, ring: current, until: nextTransition(current.keys, times, seconds) })
    return set
  }

  return {
    find(query) {
      return whenKnown(ring.current(), (current): KeyAnswer | Promise<KeyAnswer> => {
        const set = setOf(current)
        const answer = answerFrom(set, query)
        if (answer.key || query.kid === undefined) return answer
        const known = current.keys.find(({ kid }) => kid === query.kid)
        if (known) return known.revokedAt === undefined ? answer : { ...answer, reason: 'revoked' }
        // Another process may have made the key just now.
        const renewed = ring.renewed()
        return renewed ? renewed.then((newer) => answerFrom(setOf(newer), query)) : answer
      })
    },
    isCurrent: (set) => whenKnown(ring.current(), (current) => setOf(current) === set),
    ready: async () => void (await ring.fresh()),
    close: () => undefined,
  }
}
