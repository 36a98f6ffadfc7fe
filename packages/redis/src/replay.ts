import { type ReplayStore, type ReplayVerdict, requireDuration, requireIssuedAgo } from '@countersign/core'
import type { RedisAccess } from './connection/access.js'
import type { MakeChange } from './connection/change.js'
import { wholeMs } from './connection/durations.js'

/** What was claimed while it could be proved is remembered, and by which call. */
function claimBefore(value: string | null, callId: string): ReplayVerdict {
  if (!value?.startsWith('1')) return 'unprovable'
  return value.split(';')[1] === callId ? 'claimed' : 'replayed'
}

const undoOf =
  (key: string, callId: string): MakeChange<unknown> =>
  ({ run, deadline }) =>
    run('undoClaim', key, callId, deadline)

/** Ids that may be used once: one string each, one round trip. */
export function redisReplay({ changes, keys, callIdOf }: RedisAccess): ReplayStore {
  return {
    async claim({ purpose, id, issuedAgoMs, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      requireIssuedAgo(issuedAgoMs)
      const issuedHere = performance.now() - issuedAgoMs
      const [key, callId, keep] = [keys.of('c', purpose, id), callIdOf(call), wholeMs(ttlMs)]
      const make: MakeChange<ReplayVerdict> = async ({ memory, deadline, run }) => {
        if (issuedHere < memory.trustedHere) return claimBefore(await changes.client.get(key), callId)
        if (Number(await run('claimId', key, callId, deadline, keep)) !== 1) return 'replayed'
        if (changes.isCurrent(memory)) return 'claimed'
        // The connection was lost meanwhile, and another one may have answered: one to a server that lost its memory.
        return issuedHere < (await changes.memory()).trustedHere ? 'unprovable' : 'claimed'
      }
      return changes.change(key, make, { undo: undoOf(key, callId) })
    },
    async undo({ purpose, id }, callId) {
      const [key, undone] = [keys.of('c', purpose, id), callIdOf({ callId })]
      return Number(await changes.change(key, undoOf(key, undone), { kind: 'undo' })) === 1
    },
  }
}
