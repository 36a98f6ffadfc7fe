import { expect, it } from 'vitest'
import { deployReady, done, safeAfter, signingKid, startsAt, verifyingOf } from './registry-setup.js'

// A process that cannot reach the store signs with the ring that it has: its last signature is later than the retirement.
it('a retired key verifies until the last signature of a process that was cut off, plus the life of a token', async () => {
  const { registry, first, clock, start, keys } = await deployReady({ staleIfErrorSeconds: 900 })
  const cutOff = start({ staleIfErrorSeconds: 900 })
  const next = done(await registry.signing.generate())
  clock.advance(safeAfter)
  expect(await signingKid(cutOff)).toBe(first)
  await registry.signing.activate(next)
  keys.isDown = true
  clock.advance(899)
  expect(await signingKid(cutOff)).toBe(first)
  keys.isDown = false
  // A token of the longest life, signed by the cut-off process as late as that.
  clock.set(startsAt + safeAfter + 899 + 3600)
  expect(await verifyingOf(start({ staleIfErrorSeconds: 900 }), [first])).toEqual([first])
})
