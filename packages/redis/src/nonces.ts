import { type NonceStore, type NonceVerdict, requireDuration } from '@countersign/core'
import type { RedisAccess } from './connection/access.js'
import { wholeMs } from './connection/durations.js'

/** Nonces that were issued: one short string each. */
export function redisNonces({ run, connection, keys, callIdOf }: RedisAccess): NonceStore {
  return {
    async remember(jti, { clientId, keepForMs, ...call }) {
      requireDuration('keepForMs', keepForMs)
      const [key, callId, keep] = [keys.of('n', jti), callIdOf(call), wholeMs(keepForMs)]
      const answer = await connection.change(key, (_, deadline) =>
        run('rememberNonce', key, callId, deadline, clientId, connection.serverTime(), keep),
      )
      if (Number(answer) !== 1) throw new Error('this nonce is remembered already')
    },
    async spend(jti, purpose, { clientId, ...call } = {}) {
      const [key, callId, bound] = [keys.of('n', jti), callIdOf(call), clientId === undefined ? '0' : '1']
      return connection.change(key, async (memory, deadline) => {
        const verdict = (await run('spendNonce', key, callId, deadline, purpose, bound, clientId ?? '', memory.trusted)) as NonceVerdict
        if (verdict !== 'spent' || connection.isCurrent(memory)) return verdict
        // The connection was lost meanwhile, and another one may have answered: one to a server that lost what was spent.
        return (await connection.memory()).trusted === memory.trusted ? 'spent' : 'unknown'
      })
    },
    async undo(jti, callId) {
      const [key, undone] = [keys.of('n', jti), callIdOf({ callId })]
      return Number(await connection.change(key, (_, deadline) => run('undoSpending', key, undone, deadline))) === 1
    },
  }
}
