import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { claimInvariants, claimMachine, claimTable } from './claim-machine.js'
import { explore, type Invariant, type Machine } from './explore.js'
import { familyActions, familyInvariants, familyMachine, grantedOnceForEver } from './family-machine.js'
import { familyTable } from './family-table.js'
import { mutations } from './mutated-families.js'
import {
  graceWithNewChildren,
  honestIsNotPunished,
  noTwoLiveChildren,
  readThenWrite,
  rememberedWhenSpent,
  spentOnce,
  withoutGenerations,
} from './naive-machines.js'
import { nonceInvariants, nonceMachine, nonceTable } from './nonce-machine.js'
import { renderFigures, renderInvariants, renderTable, renderTrace } from './rendered.js'

const page = readFileSync(new URL('../../docs/state-machines.md', import.meta.url), 'utf8')
const healOff = { heal: false, renew: false }
const healOn = { heal: true, renew: true }

describe('in every sequence of actions every invariant holds, and the document says how many were looked at', () => {
  it.each([
    { name: 'refresh family, `heal` off', options: healOff, depth: 9 },
    { name: 'refresh family, `heal` on', options: healOn, depth: 8 },
  ])('$name, to a depth of $depth', ({ name, options, depth }) => {
    const result = explore(familyMachine(options), familyInvariants(options), depth)
    expect(result.violation).toBeUndefined()
    expect(page).toContain(renderFigures(name, result))
  })

  it('nonce, until there is no further state', () => {
    const result = explore(nonceMachine, nonceInvariants, 100)
    expect(result.violation).toBeUndefined()
    expect(result.complete).toBe(true)
    expect(page).toContain(renderFigures('nonce', result))
  })

  it('claim, until there is no further state', () => {
    const result = explore(claimMachine(), claimInvariants, 100)
    expect(result.violation).toBeUndefined()
    expect(result.complete).toBe(true)
    expect(page).toContain(renderFigures('claim', result))
  })
})

describe('the document has', () => {
  it('the tables that were explored', () => {
    expect(page).toContain(renderTable(familyTable, ['presented', 'answer', 'the family']))
    expect(page).toContain(renderTable(nonceTable, ['the nonce is', 'answer', 'the nonce']))
    expect(page).toContain(renderTable(claimTable, ['the id is', 'answer', 'the id']))
  })

  it('the invariants', () => {
    for (const invariants of [familyInvariants(healOff), nonceInvariants, claimInvariants])
      expect(page).toContain(renderInvariants(invariants))
  })

  it('everything that can happen to a family', () => {
    expect(page).toContain(familyActions.join('; '))
  })
})

describe('an invariant is broken by', () => {
  it.each(Object.entries(mutations))('%s', (_, { table, breaks }) => {
    const options = { ...healOff, table }
    const broken = familyInvariants(options).filter(({ name }) => name.startsWith(breaks))
    expect(broken).toHaveLength(1)
    expect(explore(familyMachine(options), broken, 8).violation).toBeDefined()
  })

  it('a mistake of its own, every one of them', () => {
    const covered = new Set(Object.values(mutations).map(({ breaks }) => breaks))
    const names = familyInvariants(healOff).map(({ name }) => name)
    expect(names.filter((name) => ![...covered].some((breaks) => name.startsWith(breaks)))).toEqual([])
  })
})

/** The shortest way to break an invariant, which the document prints. */
function expectPrinted<State, Action extends string>(machine: Machine<State, Action>, invariant: Invariant<State, Action>): void {
  const { violation } = explore(machine, [invariant], 8)
  expect(page).toContain(`${renderTrace(violation?.trace ?? [])}\n`)
  expect(violation?.trace.length).toBeGreaterThan(0)
}

describe('the explorer finds what is wrong with', () => {
  it('a store that is read and then written', () => {
    expectPrinted(readThenWrite, noTwoLiveChildren)
  })

  it('a grace period in which every retry makes a new child', () => {
    expectPrinted(graceWithNewChildren, noTwoLiveChildren)
  })

  it('opaque tokens without a generation', () => {
    expectPrinted(withoutGenerations, honestIsNotPunished)
  })

  it('nonces that are remembered when they are spent', () => {
    expectPrinted(rememberedWhenSpent, spentOnce)
  })

  it('claims by a store that does not know when its memory begins', () => {
    const [grantedOnce] = claimInvariants
    if (grantedOnce) expectPrinted(claimMachine(claimTable.filter(({ answer }) => answer !== 'unprovable')), grantedOnce)
  })

  it('a restored backup, which no store can make up for', () => {
    expectPrinted(familyMachine(healOff), grantedOnceForEver)
  })
})
