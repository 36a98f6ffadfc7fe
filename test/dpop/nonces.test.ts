import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { checkedProof, key, presented, secrets, start } from './checker-setup.js'
import { type ProofChanges, proofOf, startsAt } from './proofs.js'

describe('with nonces', () => {
  const withNonce = (nonce: string | undefined, iat = startsAt - 86_400): ProofChanges => ({ claims: { nonce, iat } })

  it('a proof needs one, and its own time does not count', async () => {
    const checker = start({ nonce: { secrets } })
    expect(checker.check(presented(await proofOf(key)))).toMatchObject({
      refusal: { reason: 'proof_nonce', code: 'use_dpop_nonce', detail: { received: 'no nonce' } },
    })
    expect(await checker.claim(await checkedProof(checker, withNonce(checker.nonce())))).toBe(undefined)
  })

  it('of all processes that have the secrets, it is good; of another server it is not', async () => {
    const [one, two, stranger] = [
      start({ nonce: { secrets } }),
      start({ nonce: { secrets } }),
      start({ nonce: { secrets: { current: { id: '1', secret: 'o'.repeat(32) } } } }),
    ]
    const proof = presented(await proofOf(key, withNonce(one.nonce())))
    expect(two.check(proof).ok).toBe(true)
    expect(stranger.check(proof)).toMatchObject({ refusal: { reason: 'proof_nonce' } })
  })

  it('a previous secret is accepted, and one that is gone is not', async () => {
    const nonce = start({ nonce: { secrets } }).nonce()
    const next = { id: '2', secret: 'p'.repeat(32) }
    const proof = presented(await proofOf(key, withNonce(nonce)))
    expect(start({ nonce: { secrets: { current: next, previous: [secrets.current] } } }).check(proof).ok).toBe(true)
    expect(start({ nonce: { secrets: { current: next } } }).check(proof)).toMatchObject({ refusal: { reason: 'proof_nonce' } })
  })

  it('one ends after its lifetime, and a fresh one rides on replies of its second half', async () => {
    const clock = { time: startsAt * 1000 }
    const checker = start({ nonce: { secrets, lifetimeSeconds: 100 } }, clock)
    const nonce = checker.nonce()
    const young = await checkedProof(checker, withNonce(nonce))
    expect(checker.nonceAfter(young)).toBe(undefined)
    clock.time += 51_000
    const old = await checkedProof(checker, withNonce(nonce))
    expect(checker.nonceAfter(old)).toMatch(/^[\w-]{30}$/)
    clock.time += 50_000
    expect(checker.check(presented(await proofOf(key, withNonce(nonce))))).toMatchObject({
      refusal: { reason: 'proof_nonce', detail: { received: 'a nonce of 101 s ago' } },
    })
  })

  it('a nonce of a process whose clock is ahead is good for a second where a store is shared', async () => {
    const { replay } = memoryStores({ now: () => (startsAt - 60) * 1000 })
    for (const [ahead, expected] of [
      [1000, true],
      [1001, false],
    ] as const) {
      const nonce = start({ nonce: { secrets } }, { time: startsAt * 1000 + ahead }).nonce()
      const checked = start({ nonce: { secrets }, replay }).check(presented(await proofOf(key, withNonce(nonce))))
      expect(checked.ok).toBe(expected)
    }
  })

  it.each(['', 'A', 'A'.repeat(30), 'A'.repeat(29), `${'A'.repeat(29)}=`, 'A'.repeat(5000), '💥'.repeat(15)])(
    '%j is refused',
    async (nonce) => {
      const checker = start({ nonce: { secrets } })
      expect(checker.check(presented(await proofOf(key, withNonce(nonce))))).toMatchObject({ refusal: { reason: 'proof_nonce' } })
    },
  )

  it('no changed bit of a nonce is accepted', async () => {
    const checker = start({ nonce: { secrets } })
    const nonce = Buffer.from(checker.nonce() ?? '', 'base64url')
    for (let bit = 0; bit < nonce.length * 8; bit += 1) {
      const changed = Buffer.from(nonce)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const proof = await proofOf(key, withNonce(changed.toString('base64url')))
      expect(checker.check(presented(proof))).toMatchObject({ refusal: { reason: 'proof_nonce' } })
    }
  })

  describe('that are not required', () => {
    const options = { nonce: { secrets, required: false, lifetimeSeconds: 10 } }

    it('a proof without one is judged by its time', async () => {
      const checker = start(options)
      expect(checker.check(presented(await proofOf(key))).ok).toBe(true)
      expect(checker.check(presented(await proofOf(key, withNonce(undefined))))).toMatchObject({ refusal: { reason: 'proof_time' } })
    })

    it('a proof with one is judged by it alone: an old, a foreign and a broken one are refused, and a new one is demanded', async () => {
      const clock = { time: startsAt * 1000 }
      const checker = start(options, clock)
      const old = checker.nonce()
      clock.time += 11_000
      const foreign = start({ nonce: { secrets: { current: { id: '1', secret: 'o'.repeat(32) } } } }, clock).nonce()
      for (const nonce of [old, foreign, '', 'A'.repeat(30)])
        expect(checker.check(presented(await proofOf(key, withNonce(nonce, clock.time / 1000))))).toMatchObject({
          refusal: { reason: 'proof_nonce', code: 'use_dpop_nonce' },
        })
      expect(checker.check(presented(await proofOf(key, withNonce(checker.nonce())))).ok).toBe(true)
    })

    it('a proof is used once, also after its nonce and the claim of it are over', async () => {
      const clock = { time: startsAt * 1000 }
      const checker = start(options, clock)
      const proof = presented(await proofOf(key, withNonce(checker.nonce(), startsAt + 120)))
      const use = async (): Promise<string> => {
        const checked = checker.check(proof)
        return checked.ok ? ((await checker.claim(checked.proof))?.reason ?? 'used') : checked.refusal.reason
      }
      const answers: string[] = []
      for (; clock.time <= (startsAt + 200) * 1000; clock.time += 5000) answers.push(await use())
      expect(answers.filter((answer) => answer === 'used')).toEqual(['used'])
      expect(new Set(answers)).toEqual(new Set(['used', 'proof_replayed', 'proof_nonce']))
    })
  })

  it('a fresh store demands a new nonce, and then the proof is good', async () => {
    const clock = { time: startsAt * 1000 }
    const nonce = start({ nonce: { secrets } }, clock).nonce()
    clock.time += 5000
    const { replay } = memoryStores({ now: () => clock.time })
    clock.time += 1500
    const checker = start({ nonce: { secrets }, replay }, clock)
    const refusal = await checker.claim(await checkedProof(checker, withNonce(nonce)))
    expect(refusal).toMatchObject({ reason: 'proof_nonce', code: 'use_dpop_nonce' })
    expect(await checker.claim(await checkedProof(checker, withNonce(checker.nonce())))).toBe(undefined)
  })

  it('a store that began this second cannot tell with any nonce: an outage of a second', async () => {
    const clock = { time: startsAt * 1000 }
    const { replay } = memoryStores({ now: () => clock.time })
    const checker = start({ nonce: { secrets }, replay }, clock)
    const nonce = checker.nonce()
    clock.time += 10
    const outage = checker.claim(await checkedProof(checker, withNonce(nonce)))
    await expect(outage).rejects.toMatchObject({ reason: 'store_unavailable', retryAfterSeconds: 1 })
    clock.time += 1000
    expect((await checker.claim(await checkedProof(checker, withNonce(nonce))))?.reason).toBe('proof_nonce')
    expect(await checker.claim(await checkedProof(checker, withNonce(checker.nonce())))).toBe(undefined)
  })

  it('memory of this process can tell at once', async () => {
    const checker = start({ nonce: { secrets } })
    expect(await checker.claim(await checkedProof(checker, withNonce(checker.nonce())))).toBe(undefined)
  })

  it('a secret that is short is told at the start, and one that is missing later is an outage', () => {
    expect(() => start({ nonce: { secrets: { current: { id: '1', secret: 'short' } } } })).toThrow(
      /must each have 32 bytes or more, got 5$/,
    )
    const given: { secrets: typeof secrets | undefined } = { secrets }
    const checker = start({ nonce: { secrets: () => given.secrets as typeof secrets } })
    given.secrets = undefined
    expect(() => checker.nonce()).toThrow(expect.objectContaining({ reason: 'key_source_unavailable' }))
  })
})
