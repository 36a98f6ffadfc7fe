import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { minuteMs, type SideBySideCase } from './side-by-side-case.js'

/** Calls with an id, and what is taken back. */
export const callCases: readonly SideBySideCase[] = [
  {
    name: 'a rotation that is taken back can be made by the other',
    needs: 'callIds',
    async run({ stores: { families: ours } }, { stores: { families: others } }) {
      const [family, callId] = [randomUUID(), randomUUID()]
      const rotation = { family, binding: 'app', retryWindowMs: 0, ttlMs: minuteMs, generation: 0 }
      await others.create({ family, binding: 'app', data: 'data', ttlMs: minuteMs })
      expect(await ours.rotate({ ...rotation, callId })).toMatchObject({ outcome: 'rotated' })
      expect(await ours.rotate({ ...rotation, callId })).toMatchObject({ outcome: 'rotated', generation: 1 })
      expect(await ours.undo(family, callId)).toBe(true)
      expect(await others.rotate(rotation)).toEqual({ outcome: 'rotated', generation: 1, data: 'data' })
      // sent again, late
      expect(await ours.undo(family, callId)).toBe(true)
      expect((await ours.find(family))?.generation).toBe(1)
    },
  },
  {
    name: 'a rotation is not taken back when the other went on from it',
    needs: 'callIds',
    async run({ stores: { families: ours } }, { stores: { families: others } }) {
      const [family, callId] = [randomUUID(), randomUUID()]
      const rotation = { family, binding: 'app', retryWindowMs: 0, ttlMs: minuteMs }
      await ours.create({ family, binding: 'app', data: '', ttlMs: minuteMs })
      expect(await ours.rotate({ ...rotation, generation: 0, callId })).toMatchObject({ outcome: 'rotated' })
      expect(await others.rotate({ ...rotation, generation: 1 })).toMatchObject({ outcome: 'rotated' })
      expect(await ours.undo(family, callId)).toBe(false)
      expect((await others.find(family))?.generation).toBe(2)
      // the call itself is answered as it was
      expect(await ours.rotate({ ...rotation, generation: 0, callId })).toMatchObject({ outcome: 'rotated', generation: 1 })
      expect(await others.rotate({ ...rotation, generation: 2 })).toMatchObject({ outcome: 'rotated', generation: 3 })
    },
  },
  {
    name: 'a family whose creation is taken back is gone, or has ended, for the other',
    needs: 'callIds',
    async run({ stores: { families: ours } }, { stores: { families: others } }) {
      const [family, callId] = [randomUUID(), randomUUID()]
      await ours.create({ family, binding: 'app', data: '', ttlMs: minuteMs, callId })
      expect(await ours.undo(family, callId)).toBe(true)
      const { outcome } = await others.rotate({ family, binding: 'app', retryWindowMs: 0, generation: 0 })
      expect(['gone', 'revoked']).toContain(outcome)
      expect(await ours.rotate({ family, binding: 'app', retryWindowMs: 0, generation: 0 })).toEqual({ outcome: 'gone' })
    },
  },
  {
    name: 'an id whose claim is taken back can be claimed at the other',
    needs: 'callIds',
    differs: { without: 'callIds', on: ['redis', 'postgres'] },
    async run({ stores: { replay } }, { stores: { replay: others } }) {
      const callId = randomUUID()
      const claim = { purpose: 'test', id: randomUUID(), issuedAgoMs: 0, ttlMs: minuteMs }
      expect(await replay.claim({ ...claim, callId })).toBe('claimed')
      expect(await replay.claim({ ...claim, callId })).toBe('claimed')
      expect(await replay.undo(claim, callId)).toBe(true)
      expect(await others.claim(claim)).toBe('claimed')
    },
  },
  {
    name: 'what was spent or taken and is taken back is there for the other',
    needs: 'callIds',
    async run({ stores: ours }, { stores: others }) {
      const [id, callId] = [randomUUID(), randomUUID()]
      await others.nonces.remember(id, { clientId: 'app', ttlMs: minuteMs })
      expect(await ours.nonces.spend(id, 'login', { callId })).toBe('spent')
      expect(await ours.nonces.spend(id, 'login', { callId })).toBe('spent')
      expect(await ours.nonces.undo(id, callId)).toBe(true)
      expect(await others.nonces.spend(id, 'login')).toBe('spent')
      expect(await ours.nonces.spend(id, 'login')).toBe('replayed')

      await others.challenges.put(id, 'record', minuteMs)
      expect(await ours.challenges.take(id, { callId })).toBe('record')
      expect(await others.challenges.take(id)).toBeNull()
      expect(await ours.challenges.take(id, { callId })).toBe('record')
      expect(await ours.challenges.undo(id, callId)).toBe(true)
      expect(await others.challenges.take(id)).toBe('record')
    },
  },
]
