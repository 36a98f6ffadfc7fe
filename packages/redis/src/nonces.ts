import { type NonceStore, type NonceVerdict, requireDuration } from '@countersign/core'
import type { RedisAccess } from './connection/access.js'
import type { MakeChange } from './connection/change.js'
import { wholeMs } from './connection/durations.js'

/** As it stands in a nonce: behind its length in bytes. */
const text = (value: string): string => `${Buffer.byteLength(value)}:${value}`

const undoOf =
  (key: string, callId: string): MakeChange<unknown> =>
  ({ run, deadline }) =>
    run('undoSpending', key, callId, deadline)

/** Nonces that were issued: one short string each. */
export function redisNonces({ changes, keys, callIdOf }: RedisAccess): NonceStore {
  return {
    async remember(jti, { clientId, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      const [key, callId, keep] = [keys.of('n', jti), callIdOf(call), wholeMs(ttlMs)]
      const answer = await changes.change(key, ({ run, deadline }) => {
        const note = `i${changes.serverTime()} ${callId}`
        return run('rememberNonce', key, callId, deadline, `1${text(clientId)}0${text(note)}`, keep)
      })
      if (Number(answer) !== 1) throw new Error('this nonce is remembered already')
    },
    async spend(jti, purpose, { clientId, ...call } = {}) {
      const [key, callId, bound] = [keys.of('n', jti), callIdOf(call), clientId === undefined ? '0' : '1']
      const make: MakeChange<NonceVerdict> = async ({ memory, deadline, run }) => {
        const verdict = (await run('spendNonce', key, callId, deadline, purpose, bound, clientId ?? '', memory.trusted)) as NonceVerdict
        if (verdict !== 'spent' || changes.isCurrent(memory)) return verdict
        // The connection was lost meanwhile, and another one may have answered: one to a server that lost what was spent.
        return (await changes.memory()).trusted === memory.trusted ? 'spent' : 'unknown'
      }
      return changes.change(key, make, { undo: undoOf(key, callId) })
    },
    async undo(jti, callId) {
      const [key, undone] = [keys.of('n', jti), callIdOf({ callId })]
      return Number(await changes.change(key, undoOf(key, undone), { kind: 'undo' })) === 1
    },
  }
}
