import { type ChallengeStore, callsKeptMs, requireDuration, type StoreCall } from '@countersign/core'
import { changeKept, type RedisAccess } from './connection/access.js'
import type { MakeChange } from './connection/change.js'
import { wholeMs } from './connection/durations.js'
import type { ServerMemory } from './connection/server-memory.js'

function recordIn(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('1')) throw new Error('a record of a format that this release does not know')
  return value.slice(1)
}

/** Records that are taken once. When each was issued has a key of its own: an earlier release reads the record whole. */
export function redisChallenges(access: RedisAccess): ChallengeStore {
  const { reads, changes, keys, callIdOf } = access

  /** Runs a script with further arguments, which depend on what the server can vouch for. */
  function change(
    script: 'putRecord' | 'keepRecord' | 'takeRecord',
    { id, call }: { readonly id: string; readonly call: StoreCall | undefined },
    argsOf: (memory: ServerMemory) => readonly (string | number)[],
  ): Promise<unknown> {
    const key = keys.of('x', id)
    const [callId, issued, isTaken] = [callIdOf(call), keys.ofIssue(key), script === 'takeRecord']
    const isPut = script === 'putRecord'
    const callKey = isPut ? '' : keys.ofCall(key, callId)
    // What is taken back later must still be known then.
    const keep = call?.callId === undefined && !(changes.waitsForReplicas && isTaken) ? '' : callsKeptMs
    const make: MakeChange<unknown> = async ({ memory, deadline, run }) => {
      if (isPut) return run(script, key, issued, keep, deadline, ...argsOf(memory), callId)
      const answer = await run(script, key, callKey, issued, keep, deadline, ...argsOf(memory))
      if (!isTaken || answer === null || changes.isCurrent(memory)) return answer
      // The connection was lost meanwhile, and another one may have answered: one to a server that lost what was taken.
      return (await changes.memory()).trusted === memory.trusted ? answer : null
    }
    const undo: MakeChange<unknown> = ({ run, deadline }) => run('undoTake', key, callKey, '', deadline)
    return changes.change(key, make, isTaken ? { undo } : {})
  }

  return {
    async put(id, record, ttlMs, call) {
      requireDuration('ttlMs', ttlMs)
      await change('putRecord', { id, call }, () => [`1${record}`, wholeMs(ttlMs), changes.serverTime()])
    },
    async keep(id, record, ttlMs, call) {
      requireDuration('ttlMs', ttlMs)
      const args = [`1${record}`, wholeMs(ttlMs)]
      return recordIn(await change('keepRecord', { id, call }, ({ trusted }) => [...args, changes.serverTime(), trusted]))
    },
    async read(id) {
      const key = keys.of('x', id)
      // at a replica nothing is decided, so what it has is shown
      const value = await reads.read(({ isReplica, trusted }) => reads.run('readRecord', key, keys.ofIssue(key), isReplica ? 0 : trusted))
      return typeof value === 'string' ? recordIn(value) : null
    },
    async take(id, call) {
      const value = await change('takeRecord', { id, call }, ({ trusted }) => [trusted])
      return value === null ? null : recordIn(value)
    },
    async undo(id, callId) {
      return Number(await changeKept(access, { key: keys.of('x', id), call: { callId }, kind: 'undo' }, 'undoTake')) === 1
    },
  }
}
