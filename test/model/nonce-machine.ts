import type { Invariant, Machine } from './explore.js'

/** A one-time token and what the store knows of it. */
export interface NonceState {
  /** Ticks until the token expires; undefined: not issued yet. */
  readonly life: number | undefined
  readonly store: { readonly remaining: number; readonly p: boolean; readonly q: boolean } | undefined
  /** How often each purpose was granted. */
  readonly granted: { readonly p: number; readonly q: number }
  readonly lost: boolean
}

/** A and B are two holders of the same token, C is another client. */
const nonceActions = [
  'the issuer remembers it',
  'A spends it for p',
  'A spends it for p, the answer is lost',
  'B spends it for p',
  'B spends it for q',
  'C spends it for p, as itself',
  'a tick passes',
  'the store is emptied, which takes a tick',
] as const

export type NonceAction = (typeof nonceActions)[number]

/** One row of the table of `NonceStore.spend`. The first that applies counts. */
export interface NonceRow {
  readonly when: string
  readonly answer: string
  readonly effect: string
  applies(store: NonceState['store'], spend: { readonly purpose: 'p' | 'q'; readonly bound: boolean }): boolean
}

/** The specification of `NonceStore.spend`. */
export const nonceTable: readonly NonceRow[] = [
  { when: 'not remembered, expired or lost', answer: 'unknown', effect: '', applies: (store) => store === undefined },
  { when: 'presented by a client that it was not issued to', answer: 'mismatch', effect: 'unchanged', applies: (_, { bound }) => !bound },
  {
    when: 'spent for this purpose before',
    answer: 'replayed',
    effect: 'unchanged',
    applies: (store, { purpose }) => store?.[purpose] === true,
  },
  { when: 'anything else', answer: 'spent', effect: 'spent for this purpose', applies: () => true },
]

/** Ticks that a token lives: half a tick less than this. */
export const nonceLife = 2

const initial: NonceState = { life: undefined, store: undefined, granted: { p: 0, q: 0 }, lost: false }

function later(state: NonceState): NonceState {
  const { life, store } = state
  return {
    ...state,
    life: life === undefined ? undefined : Math.max(0, life - 1),
    store: store && store.remaining > 1 ? { ...store, remaining: store.remaining - 1 } : undefined,
  }
}

/** What a spending action asks for. */
export function spendOf(action: NonceAction): { readonly purpose: 'p' | 'q'; readonly bound: boolean } | undefined {
  if (!action.includes(' spends ')) return undefined
  return { purpose: action.includes('for q') ? 'q' : 'p', bound: !action.startsWith('C') }
}

/** An issuer, three clients, time, and a store that may be emptied. */
export const nonceMachine: Machine<NonceState, NonceAction> = {
  name: 'nonce',
  initial,
  actions: nonceActions,
  step(state, action) {
    const spend = spendOf(action)
    if (spend) {
      if (state.life === undefined) return undefined
      const answer = nonceTable.find((row) => row.applies(state.store, spend))?.answer ?? ''
      if (answer !== 'spent') return { state, answer }
      const { purpose } = spend
      const store = state.store && { ...state.store, [purpose]: true }
      return { state: { ...state, store, granted: { ...state.granted, [purpose]: state.granted[purpose] + 1 } }, answer }
    }
    switch (action) {
      case 'the issuer remembers it':
        if (state.life !== undefined) return undefined
        return { state: { ...state, life: nonceLife, store: { remaining: nonceLife, p: false, q: false } }, answer: 'remembered' }
      case 'the store is emptied, which takes a tick':
        return { state: { ...later(state), store: undefined, lost: true }, answer: '' }
      default:
        return { state: later(state), answer: '' }
    }
  },
}

/** What must hold in every step. */
export const nonceInvariants: readonly Invariant<NonceState, NonceAction>[] = [
  {
    name: 'nothing is granted twice: a nonce is spent once for each purpose',
    holds: ({ after }) => after.granted.p <= 1 && after.granted.q <= 1,
  },
  {
    name: 'a nonce that expired, or that the store has lost, is not granted',
    holds: ({ before, answer }) => answer !== 'spent' || (before.store !== undefined && before.life !== 0),
  },
  {
    name: 'another client gets nothing and takes nothing away',
    holds: ({ before, action, answer, after }) =>
      !action.startsWith('C') || (answer !== 'spent' && JSON.stringify(before) === JSON.stringify(after)),
  },
  {
    name: 'the first to spend a good nonce is granted',
    holds: ({ before, action, answer }) => {
      const spend = spendOf(action)
      return !spend?.bound || before.lost || before.life === 0 || before.granted[spend.purpose] > 0 || answer === 'spent'
    },
  },
]
