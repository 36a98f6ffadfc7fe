import { describe, expect, it } from 'vitest'
import { claimMachine } from './claim-machine.js'
import { explore } from './explore.js'
import { familyMachine } from './family-machine.js'
import { memoryDriver } from './memory-driver.js'
import { nonceMachine } from './nonce-machine.js'
import { type PlayedTrace, play } from './played.js'
import { playedFamily } from './played-families.js'
import { playedClaims, playedNonce } from './played-tokens.js'

async function expectSame(traces: Iterable<PlayedTrace>): Promise<number> {
  const counts = { traces: 0 }
  for (const trace of traces) {
    const driver = memoryDriver()
    await trace.begin(driver)
    expect(await play(trace, driver)).toBeUndefined()
    counts.traces += 1
  }
  return counts.traces
}

function* mapped<T>(edges: Iterable<T>, make: (edge: T) => PlayedTrace): Iterable<PlayedTrace> {
  for (const edge of edges) yield make(edge)
}

describe('the stores in memory answer every step as the specification', () => {
  it.each([
    { heal: false, renew: false },
    { heal: true, renew: true },
  ])('a refresh family, %o, every sequence of up to 6 actions', async (options) => {
    const { edges } = explore(familyMachine(options), [], 6)
    expect(await expectSame(mapped(edges(6), ({ trace }) => playedFamily(trace, options)))).toBeGreaterThan(10_000)
  })

  it('a nonce, every step of every state', async () => {
    expect(await expectSame(mapped(explore(nonceMachine, [], 100).edges(100), ({ trace }) => playedNonce(trace)))).toBeGreaterThan(100)
  })

  it('claims, every step of every state', async () => {
    expect(await expectSame(mapped(explore(claimMachine(), [], 100).edges(100), ({ trace }) => playedClaims(trace)))).toBeGreaterThan(500)
  })
})
