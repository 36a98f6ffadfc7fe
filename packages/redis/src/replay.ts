import { type ReplayStore, type ReplayVerdict, requireDuration } from '@countersign/core'
import type { RedisAccess } from './connection/access.js'
import { wholeMs } from './connection/durations.js'

/** What was claimed while it could be proved is remembered, and by which call. */
function claimBefore(value: string | null, callId: string): ReplayVerdict {
  if (!value?.startsWith('1')) return 'unprovable'
  return value.split(';')[1] === callId ? 'claimed' : 'replayed'
}

/** Ids that may be used once: one string each, one round trip. */
export function redisReplay({ client, run, connection, keys, callIdOf }: RedisAccess): ReplayStore {
  return {
    async claim({ purpose, id, issuedAgoMs, keepForMs, ...call }) {
      requireDuration('keepForMs', keepForMs)
      if (!Number.isFinite(issuedAgoMs)) throw new TypeError('issuedAgoMs is a number of milliseconds')
      const issuedHere = performance.now() - issuedAgoMs
      const [key, callId, keep] = [keys.of('c', purpose, id), callIdOf(call), wholeMs(keepForMs)]
      return connection.change(key, async (memory, deadline) => {
        if (issuedHere < memory.trustedHere) return claimBefore(await client.get(key), callId)
        if (Number(await run('claimId', key, callId, deadline, keep)) !== 1) return 'replayed'
        if (connection.isCurrent(memory)) return 'claimed'
        // The connection was lost meanwhile, and another one may have answered: one to a server that lost its memory.
        return issuedHere < (await connection.memory()).trustedHere ? 'unprovable' : 'claimed'
      })
    },
    async undo({ purpose, id }, callId) {
      const [key, undone] = [keys.of('c', purpose, id), callIdOf({ callId })]
      return Number(await connection.change(key, (_, deadline) => run('undoClaim', key, undone, deadline))) === 1
    },
  }
}
