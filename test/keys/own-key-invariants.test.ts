import type { KeyRegistry, SigningKeyView } from '@countersign/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deploy, deployReady, statesOf } from './registry-setup.js'

type Move =
  | { readonly do: 'generate' | 'rotate' }
  | { readonly do: 'activate' | 'force' | 'whenSafe' | 'retire' | 'revoke'; readonly key: number }
  | { readonly do: 'wait'; readonly seconds: number }

const moves = fc.array(
  fc.oneof(
    fc.constantFrom<Move>({ do: 'generate' }, { do: 'rotate' }),
    fc.record({ do: fc.constantFrom('activate', 'force', 'whenSafe', 'retire', 'revoke'), key: fc.nat(7) }) as fc.Arbitrary<Move>,
    fc.record({ do: fc.constant('wait'), seconds: fc.constantFrom(0.001, 0.5, 1, 400, 960, 5000, 40 * 86_400) }) as fc.Arbitrary<Move>,
  ),
  { maxLength: 25 },
)

async function make(move: Exclude<Move, { do: 'wait' }>, { signing }: KeyRegistry, keys: readonly SigningKeyView[]): Promise<unknown> {
  if (!('key' in move)) return signing[move.do]()
  const kid = keys[move.key % keys.length]?.kid ?? ''
  switch (move.do) {
    case 'retire':
    case 'revoke':
      return signing[move.do](kid)
    default:
      return signing.activate(kid, { force: move.do === 'force', whenSafe: move.do === 'whenSafe' })
  }
}

const later: Readonly<Record<string, readonly string[]>> = {
  staged: ['staged', 'active', 'retiring', 'retired', 'revoked'],
  active: ['active', 'retiring', 'retired', 'revoked'],
  retiring: ['retiring', 'retired', 'revoked'],
  retired: ['retired', 'revoked'],
  revoked: ['revoked'],
}

/** What went wrong between two looks at the ring; nothing else may. */
function faults(before: readonly SigningKeyView[], after: readonly SigningKeyView[], canSign: boolean): readonly string[] {
  const active = after.filter(({ state }) => state === 'active')
  const back = before.filter(({ kid, state }) => {
    const now = after.find((key) => key.kid === kid)?.state
    // After 30 days a retired key is forgotten.
    return now === undefined ? !['retiring', 'retired', 'staged', 'active'].includes(state) : !later[state]?.includes(now)
  })
  return [
    ...(active.length === 1 && canSign ? [] : [`${active.length} keys are active, signing: ${canSign}`]),
    ...back.map(({ kid, state }) => `${kid} was ${state} and is ${after.find((key) => key.kid === kid)?.state}`),
  ]
}

it('whatever is done in whatever order: one key signs at any time, and no key goes back', async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (sequence) => {
      const { registry, clock } = await deployReady()
      let before = await registry.signing.list()
      for (const move of sequence) {
        if (move.do === 'wait') clock.advance(move.seconds)
        else await make(move, registry, before)
        const after = await registry.signing.list()
        const { kid } = await registry.signer.current()
        const found = faults(
          before,
          after,
          after.some((key) => key.kid === kid && key.state === 'active'),
        )
        if (found.length > 0) throw new Error(found.join('; '))
        before = after
      }
    }),
    { numRuns: 150 },
  )
})

it('and also when three processes do it at once', async () => {
  const actions = fc.array(
    fc.record({ do: fc.constantFrom('force', 'retire', 'revoke', 'whenSafe'), key: fc.nat(3) }) as fc.Arbitrary<Move>,
    {
      minLength: 3,
      maxLength: 9,
    },
  )
  await fc.assert(
    fc.asyncProperty(actions, async (together) => {
      const { clock, start } = deploy()
      const processes = [start(), start(), start()]
      await Promise.all(processes.map((registry) => registry.ready()))
      for (const registry of processes) await registry.signing.generate()
      const keys = (await processes[0]?.signing.list()) ?? []
      clock.advance(1)
      const pick = (index: number): KeyRegistry => processes[index % 3] as KeyRegistry
      await Promise.all(together.map((move, index) => make(move as Exclude<Move, { do: 'wait' }>, pick(index), keys)))
      clock.advance(0.1)
      for (const wait of [0, 1000, 5000]) {
        clock.advance(wait)
        const states = Object.values(await statesOf(pick(0)))
        if (states.filter((state) => state === 'active').length !== 1) throw new Error(`after ${wait} s: ${states.join(' ')}`)
      }
    }),
    { numRuns: 80 },
  )
})

describe('compare-and-set', () => {
  it('of 30 keys made in three processes at once none is lost', async () => {
    const { start, keys } = deploy()
    const processes = [start(), start(), start()]
    await Promise.all(processes.map((registry) => registry.ready()))
    const get = keys.get.bind(keys)
    const raced = { conflicts: 0 }
    keys.get = async (address) => {
      const document = await get(address)
      await new Promise((resolve) => setTimeout(resolve, 2))
      return document
    }
    const put = keys.put.bind(keys)
    keys.put = async (change) => {
      const isPut = await put(change)
      raced.conflicts += isPut ? 0 : 1
      return isPut
    }
    const results = await Promise.all(Array.from({ length: 30 }, async (_, index) => processes[index % 3]?.signing.generate()))
    expect(results.filter((result) => result?.ok)).toHaveLength(30)
    expect(await processes[0]?.signing.list()).toHaveLength(31)
    expect(raced.conflicts).toBeGreaterThan(0)
  })
})
