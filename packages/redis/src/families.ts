import { type RefreshFamilyStore, type Rotation, type RotationRequest, requireDuration, requireRotation } from '@countersign/core'
import type { RedisAccess } from './connection/access.js'
import type { MakeChange } from './connection/change.js'
import { wholeMs } from './connection/durations.js'

type Answer =
  | readonly ['rotated' | 'retry', data: string, generation: string]
  | readonly ['revoked', reason: string]
  | readonly ['reused' | 'mismatch' | 'ahead' | 'gone']

function rotationOf(answer: Answer): Rotation {
  switch (answer[0]) {
    case 'rotated':
    case 'retry':
      return { outcome: answer[0], generation: Number(answer[2]), data: answer[1] }
    case 'revoked':
      return { outcome: 'revoked', reason: answer[1] }
    default:
      return { outcome: answer[0] }
  }
}

function argumentsOf(request: RotationRequest): readonly (string | number)[] {
  requireRotation(request)
  const { generation, binding, retryWindowMs, ttlMs, heal } = request
  return [generation, binding, retryWindowMs, ttlMs === undefined ? '' : wholeMs(ttlMs), heal ? '1' : '0']
}

const undoOf =
  (key: string, callId: string): MakeChange<unknown> =>
  ({ run, deadline }) =>
    run('undoFamily', key, callId, deadline)

/** Families of refresh tokens: one hash each. */
export function redisFamilies({ reads, changes, keys, callIdOf }: RedisAccess): RefreshFamilyStore {
  return {
    async create({ family, binding, data, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      const [key, callId, keep] = [keys.of('f', family), callIdOf(call), wholeMs(ttlMs)]
      const created = await changes.change(key, ({ run, deadline }) => run('createFamily', key, callId, deadline, binding, data, keep), {
        undo: undoOf(key, callId),
      })
      if (Number(created) !== 1) throw new Error('this family exists already')
    },
    async rotate(request) {
      const [key, callId, args] = [keys.of('f', request.family), callIdOf(request), argumentsOf(request)]
      // Nobody else knows the id of this call.
      const canBeUndone = request.callId !== undefined || changes.waitsForReplicas ? '1' : ''
      const answer = await changes.change(key, ({ run, deadline }) => run('rotateFamily', key, callId, deadline, ...args, canBeUndone), {
        undo: undoOf(key, callId),
      })
      return rotationOf(answer as Answer)
    },
    async revoke(family, reason, call) {
      const [key, callId] = [keys.of('f', family), callIdOf(call)]
      return (
        Number(await changes.change(key, ({ run, deadline }) => run('revokeFamily', key, callId, deadline, reason), { kind: 'always' })) ===
        1
      )
    },
    async undo(family, callId) {
      const [key, id] = [keys.of('f', family), callIdOf({ callId })]
      return Number(await changes.change(key, undoOf(key, id), { kind: 'undo' })) === 1
    },
    async find(family) {
      const key = keys.of('f', family)
      return reads.read(async () => {
        const [version, binding, data, generation, revoked] = await reads.client.hmget(key, 'v', 'binding', 'data', 'generation', 'revoked')
        if (version === null || version === undefined) return undefined
        if (version !== '1') throw new Error('a record of a format that this release does not know')
        return { binding: binding ?? '', data: data ?? '', generation: Number(generation), revoked: revoked ?? undefined }
      })
    },
  }
}
