import type { ReplayStore } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { type Clock, checkedProof, key, presented, start } from './checker-setup.js'
import { clientKey, proofOf, startsAt } from './proofs.js'

const other = await clientKey('ES256')

describe('the claim of a proof', () => {
  /** The store began to remember long before the proofs were made. */
  function longAgo(): { clock: Clock; replay: ReplayStore } {
    const clock = { time: (startsAt - 600) * 1000 }
    const { replay } = memoryStores({ now: () => clock.time })
    clock.time = startsAt * 1000
    return { clock, replay }
  }

  it('succeeds once, also with 64 at the same time', async () => {
    const { clock, replay } = longAgo()
    const checker = start({ replay }, clock)
    const proof = await checkedProof(checker)
    const answers = await Promise.all(Array.from({ length: 64 }, () => checker.claim(proof)))
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1)
    expect(answers.filter((answer) => answer?.reason === 'proof_replayed')).toHaveLength(63)
  })

  it('of one id succeeds for each key', async () => {
    const { clock, replay } = longAgo()
    const checker = start({ replay }, clock)
    for (const one of [key, other]) {
      const checked = checker.check(presented(await proofOf(one, { claims: { jti: 'same' } }), one.thumbprint))
      expect(checked.ok && (await checker.claim(checked.proof))).toBe(undefined)
    }
  })

  it('is remembered for longer than the proof is accepted', async () => {
    const { clock, replay } = longAgo()
    const checker = start({ replay }, clock)
    const proof = await proofOf(key, { claims: { iat: startsAt + 5 } })
    for (const [seconds, reason] of [
      [0, undefined],
      [65, 'proof_replayed'],
      [70, 'proof_replayed'],
    ] as const) {
      clock.time = (startsAt + seconds) * 1000
      const checked = checker.check(presented(proof))
      expect(checked.ok && (await checker.claim(checked.proof))?.reason).toBe(reason)
    }
    clock.time = (startsAt + 71) * 1000
    expect(checker.check(presented(proof))).toMatchObject({ refusal: { reason: 'proof_time' } })
  })

  it('of a proof from before the store began to remember is refused, until such proofs are over', async () => {
    const clock = { time: startsAt * 1000 }
    const checker = start({ replay: memoryStores({ now: () => clock.time }).replay }, clock)
    expect((await checker.claim(await checkedProof(checker)))?.reason).toBe('proof_unprovable')
    clock.time += 6000
    expect(await checker.claim(await checkedProof(checker, { claims: { iat: startsAt + 6 } }))).toBe(undefined)
  })

  it('counts the time since the check', async () => {
    const clock = { time: startsAt * 1000 }
    const { replay } = memoryStores({ now: () => clock.time })
    const checker = start({ replay }, clock)
    clock.time += 4000
    const proof = await checkedProof(checker, { claims: { iat: startsAt + 4 } })
    clock.time += 3000
    // 9 s of age and tolerance reach back beyond the 7 s that the store remembers; 6 s would not.
    expect((await checker.claim(proof))?.reason).toBe('proof_unprovable')
  })

  it('rejects as an outage if the store fails', async () => {
    const down = async (): Promise<never> => {
      throw new Error('connection refused')
    }
    const replay: ReplayStore = { ...memoryStores().replay, claim: down }
    const checker = start({ replay })
    await expect(checker.claim(await checkedProof(checker))).rejects.toMatchObject({ name: 'Unavailable', reason: 'store_unavailable' })
  })

  it('is never made of an answer that a store does not give', async () => {
    const replay = { ...memoryStores().replay, claim: async () => true } as unknown as ReplayStore
    const checker = start({ replay })
    await expect(checker.claim(await checkedProof(checker))).rejects.toThrow('replay.claim must return')
  })

  it('is bounded for each key and minute', async () => {
    const { clock, replay } = longAgo()
    const checker = start({ replay, maxProofsPerMinute: 2 }, clock)
    const answers = []
    for (let count = 0; count < 3; count += 1) answers.push(await checker.claim(await checkedProof(checker)))
    expect(answers.map((answer) => answer?.reason)).toEqual([undefined, undefined, 'too_many'])
    expect(answers[2]).toMatchObject({ status: 429, retryAfterSeconds: 60 })
    clock.time += 60_000
    expect(await checker.claim(await checkedProof(checker, { claims: { iat: startsAt + 60 } }))).toBe(undefined)
  })
})
