import { type ChallengeStore, requireDuration } from '@countersign/core'
import { changeKept, type RedisAccess } from './connection/access.js'
import { wholeMs } from './connection/durations.js'

function recordIn(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('1')) throw new Error('a record of a format that this release does not know')
  return value.slice(1)
}

/** Records that are taken once. */
export function redisChallenges(access: RedisAccess): ChallengeStore {
  const { reads, keys } = access
  return {
    async put(id, record, keepForMs, call) {
      requireDuration('keepForMs', keepForMs)
      await changeKept(access, { key: keys.of('x', id), call }, 'putRecord', `1${record}`, wholeMs(keepForMs))
    },
    async keep(id, record, keepForMs, call) {
      requireDuration('keepForMs', keepForMs)
      return recordIn(await changeKept(access, { key: keys.of('x', id), call }, 'keepRecord', `1${record}`, wholeMs(keepForMs)))
    },
    async read(id) {
      const value = await reads.read(() => reads.client.get(keys.of('x', id)))
      return value === null ? null : recordIn(value)
    },
    async take(id, call) {
      const value = await changeKept(access, { key: keys.of('x', id), call, undo: ['undoTake'] }, 'takeRecord')
      return value === null ? null : recordIn(value)
    },
    async undo(id, callId) {
      return Number(await changeKept(access, { key: keys.of('x', id), call: { callId }, kind: 'undo' }, 'undoTake')) === 1
    },
  }
}
