import type { Invariant, Machine } from './explore.js'

/** Something that may be used once, such as an assertion, and what the store knows of it. */
interface Thing {
  /** Ticks since it was issued; undefined: not issued yet. */
  readonly age: number | undefined
  /** Ticks for which the store still remembers it. */
  readonly claimed: number | undefined
  readonly granted: number
}

/** Two of them. */
export interface ClaimState {
  readonly x: Thing
  readonly y: Thing
  /** Ticks since the memory of the store began. */
  readonly memoryAge: number
  /** Ticks since the store was last emptied: a thing at least as old may be one that it has forgotten. */
  readonly lossAge: number | undefined
}

/** A, B and C hold the same things. */
const claimActions = [
  'y is issued',
  'A presents x',
  'A presents x, the answer is lost',
  'B presents x',
  'C presents y',
  'A presents y',
  'a tick passes',
  'the store is emptied, which takes a tick',
] as const

export type ClaimAction = (typeof claimActions)[number]

/** One row of the table of `ReplayStore.claim`. The first that applies counts. */
export interface ClaimRow {
  readonly when: string
  readonly answer: string
  readonly effect: string
  applies(thing: Thing, memoryAge: number): boolean
}

/** The specification of `ReplayStore.claim`. */
export const claimTable: readonly ClaimRow[] = [
  { when: 'claimed before and remembered', answer: 'replayed', effect: 'unchanged', applies: ({ claimed }) => claimed !== undefined },
  {
    when: 'issued before the memory of the store begins',
    answer: 'unprovable',
    effect: 'unchanged',
    applies: ({ age }, memoryAge) => (age ?? 0) > memoryAge,
  },
  { when: 'anything else', answer: 'claimed', effect: 'remembered for as long as asked', applies: () => true },
]

/** A thing is presented while it is younger than this, and remembered until then. */
export const thingLife = 3
const oldest = 4

const initial: ClaimState = {
  x: { age: 0, claimed: undefined, granted: 0 },
  y: { age: undefined, claimed: undefined, granted: 0 },
  memoryAge: 0,
  lossAge: undefined,
}

function older({ age, claimed, granted }: Thing): Thing {
  return {
    age: age === undefined ? undefined : Math.min(oldest, age + 1),
    claimed: claimed === undefined || claimed <= 1 ? undefined : claimed - 1,
    granted,
  }
}

function later({ x, y, memoryAge, lossAge }: ClaimState): ClaimState {
  const aged = lossAge === undefined ? undefined : Math.min(oldest, lossAge + 1)
  return { x: older(x), y: older(y), memoryAge: Math.min(oldest, memoryAge + 1), lossAge: aged }
}

const forgotten = (thing: Thing): Thing => ({ ...thing, claimed: undefined })

/** Which thing an action presents. */
export function presentedBy(action: ClaimAction): 'x' | 'y' | undefined {
  if (!action.includes(' presents ')) return undefined
  return action.includes(' presents x') ? 'x' : 'y'
}

/** Three clients, time, and a store that may be emptied. @param table - the rows, where they are not the specification's */
export function claimMachine(table: readonly ClaimRow[] = claimTable): Machine<ClaimState, ClaimAction> {
  function presentation(state: ClaimState, name: 'x' | 'y'): { readonly state: ClaimState; readonly answer: string } | undefined {
    const thing = state[name]
    // whoever checks it refuses it as expired
    if (thing.age === undefined || thing.age >= thingLife) return undefined
    const answer = table.find((row) => row.applies(thing, state.memoryAge))?.answer ?? ''
    if (answer !== 'claimed') return { state, answer }
    return { state: { ...state, [name]: { ...thing, claimed: thingLife - thing.age, granted: thing.granted + 1 } }, answer }
  }
  return {
    name: 'claim',
    initial,
    actions: claimActions,
    step(state, action) {
      const name = presentedBy(action)
      if (name) return presentation(state, name)
      switch (action) {
        case 'y is issued':
          return state.y.age === undefined ? { state: { ...state, y: { ...state.y, age: 0 } }, answer: '' } : undefined
        case 'the store is emptied, which takes a tick': {
          const emptied = later(state)
          return { state: { x: forgotten(emptied.x), y: forgotten(emptied.y), memoryAge: 0, lossAge: 0 }, answer: '' }
        }
        default:
          return { state: later(state), answer: '' }
      }
    },
  }
}

/** What must hold in every step. */
export const claimInvariants: readonly Invariant<ClaimState, ClaimAction>[] = [
  {
    name: 'nothing is granted twice, also by a store that was emptied',
    holds: ({ after }) => after.x.granted <= 1 && after.y.granted <= 1,
  },
  {
    name: 'what was issued after the memory began is granted to the first who presents it',
    holds({ before, action, answer }) {
      const name = presentedBy(action)
      if (name === undefined || before[name].granted > 0) return true
      return answer === 'claimed' || (before.lossAge !== undefined && (before[name].age ?? 0) > before.lossAge)
    },
  },
]
