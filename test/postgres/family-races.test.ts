import { randomUUID } from 'node:crypto'
import type { Rotation } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { type Lane, testSchema, untilWaiting } from './schema-setup.js'

const minute = 60_000

interface Answered {
  readonly presented: number
  readonly answer: Rotation
  readonly begun: number
  readonly ended: number
}

/** What must hold for every history of one family: `revokedAt` is when a revocation was answered with true. */
function expectNoFork(history: readonly Answered[], revokedAt: number): void {
  const rotated = history.filter(({ answer }) => answer.outcome === 'rotated')
  const parents = rotated.map(({ presented }) => presented)
  expect(new Set(parents).size, `rotated more than once: ${parents.join()}`).toBe(parents.length)
  for (const { presented, answer } of history)
    if (answer.outcome === 'rotated' || answer.outcome === 'retry') expect(answer.generation).toBe(presented + 1)
  const reused = history.filter(({ answer }) => answer.outcome === 'reused')
  expect(reused.length).toBeLessThanOrEqual(1)
  const over = Math.min(revokedAt, ...reused.map(({ ended }) => ended))
  const late = history.filter(({ answer, begun }) => begun > over && (answer.outcome === 'rotated' || answer.outcome === 'retry'))
  expect(late, 'granted after the end').toEqual([])
}

describeWith('postgres', 'rotation under concurrency', (url) => {
  const { admin, schema, open } = testSchema(url)

  async function create({ stores }: Lane): Promise<string> {
    const family = randomUUID()
    await stores.families.create({ family, binding: 'client', data: 'data', ttlMs: minute })
    return family
  }

  async function present(lane: Lane, family: string, generation: number, retryWindowMs: number): Promise<Answered> {
    const begun = performance.now()
    const answer = await lane.stores.families.rotate({ family, generation, binding: 'client', retryWindowMs })
    return { presented: generation, answer, begun, ended: performance.now() }
  }

  describe.each([0, minute])('with a retry window of %i ms', (retryWindowMs) => {
    it('64 that present, present again and revoke on two pools never fork the family and get nothing after its end', async () => {
      const lanes = [open(), open()] as const
      for (let round = 0; round < 12; round += 1) {
        const family = await create(lanes[0])
        const revoked = { at: Number.POSITIVE_INFINITY, times: 0 }
        const chain = async (caller: number): Promise<readonly Answered[]> => {
          const lane = lanes[caller % 2] ?? lanes[0]
          if (caller === 40 && round % 2 === 0) {
            if (await lane.stores.families.revoke(family, 'operator')) {
              revoked.at = performance.now()
              revoked.times += 1
            }
            return []
          }
          const history: Answered[] = []
          // follows the chain as an honest client, or presents its first token twice as a thief
          for (let generation = 0; generation < 3; generation += 1) {
            const answered = await present(lane, family, caller % 7 === 0 ? 0 : generation, retryWindowMs)
            history.push(answered)
            if (answered.answer.outcome !== 'rotated' && answered.answer.outcome !== 'retry') break
          }
          return history
        }
        const history = (await Promise.all(Array.from({ length: 64 }, (_, caller) => chain(caller)))).flat()
        expectNoFork(history, revoked.at)
        expect(revoked.times).toBeLessThanOrEqual(1)
        const last = await lanes[0].stores.families.find(family)
        const highest = Math.max(0, ...history.map(({ presented, answer }) => (answer.outcome === 'rotated' ? presented + 1 : 0)))
        expect(last?.generation).toBe(highest)
      }
    })
  })

  it('a rotation that waits for a revocation is refused by it', async () => {
    const lane = open({}, { application_name: 'waits for revocation' })
    const family = await create(lane)
    const revoker = await admin.connect()
    try {
      await revoker.query('begin')
      await revoker.query(`update "${schema()}".families set revoked = 'operator' where revoked is null`)
      const rotation = present(lane, family, 0, minute)
      await untilWaiting(admin, 'waits for revocation')
      await revoker.query('commit')
      expect((await rotation).answer).toEqual({ outcome: 'revoked', reason: 'operator' })
    } finally {
      revoker.release()
    }
  })

  it('a revocation that waits for a rotation ends its child', async () => {
    const lane = open({}, { application_name: 'waits for rotation' })
    const family = await create(lane)
    const rotator = await admin.connect()
    try {
      await rotator.query('begin')
      await rotator.query(`update "${schema()}".families set generation = 1, rotated_at = clock_timestamp()`)
      const revocation = lane.stores.families.revoke(family, 'operator')
      await untilWaiting(admin, 'waits for rotation')
      await rotator.query('commit')
      expect(await revocation).toBe(true)
      expect((await present(lane, family, 1, minute)).answer).toEqual({ outcome: 'revoked', reason: 'operator' })
    } finally {
      rotator.release()
    }
  })

  it('two that present one token are judged one after the other: the second waits, and then it is reuse', async () => {
    const lane = open({}, { application_name: 'waits for the first' })
    const family = await create(lane)
    const first = await admin.connect()
    try {
      await first.query('begin')
      await first.query(`update "${schema()}".families set generation = 1, rotated_at = clock_timestamp()`)
      const second = present(lane, family, 0, 0)
      await untilWaiting(admin, 'waits for the first')
      await first.query('commit')
      expect((await second).answer).toEqual({ outcome: 'reused' })
      expect((await present(lane, family, 1, 0)).answer).toEqual({ outcome: 'revoked', reason: 'reused' })
    } finally {
      first.release()
    }
  })
})
