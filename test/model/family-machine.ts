import type { Invariant, Machine } from './explore.js'
import { aged, type Family, type FamilyOptions, fullLife, isGranted, present, windowTicks } from './family-table.js'

/** What is known of the present life of the store: until it is rolled back or emptied. */
interface Known {
  /** Generations up to this one were made by a rotation. */
  readonly granted: number
  /** Ticks since the last of them was made, 2 for more. */
  readonly grantedAgo: number
  /** Whether a revocation or a reuse was answered. */
  readonly over: boolean
}

/** Tokens are generations: the token of a generation is computed, so it is the same for everybody. */
export interface FamilyState {
  readonly store: Family | undefined
  readonly known: Known
  readonly snapshot: { readonly store: Family | undefined; readonly known: Known } | undefined
  /** What A, B and C hold: A is the client, B a copy of it (another instance, or a thief with its credentials), C another client. */
  readonly held: { readonly A: number; readonly B: number | undefined; readonly C: number | undefined }
  /** Whether B has presented anything. */
  readonly shared: boolean
  readonly rolledBack: boolean
}

/** What can happen. */
export const familyActions = [
  'A presents',
  'A presents, the answer is lost',
  'B copies the token of A',
  'B presents',
  'B presents, the answer is lost',
  'C copies the token of A',
  'C presents',
  'the operator revokes',
  'a tick passes',
  'a backup is made',
  'the backup is restored',
  'the store is emptied',
] as const

export type FamilyAction = (typeof familyActions)[number]

const begun: Known = { granted: 0, grantedAgo: 2, over: false }

const initial: FamilyState = {
  store: { generation: 0, rotatedAgo: undefined, revoked: undefined, remaining: fullLife },
  known: begun,
  snapshot: undefined,
  held: { A: 0, B: undefined, C: undefined },
  shared: false,
  rolledBack: false,
}

type Step = { readonly state: FamilyState; readonly answer: string } | undefined

/** Who presents with this action, and whether the answer arrives. */
export function presenterOf(action: FamilyAction): { readonly client: 'A' | 'B' | 'C'; readonly arrives: boolean } | undefined {
  const client = action[0]
  if (!action.includes(' presents') || (client !== 'A' && client !== 'B' && client !== 'C')) return undefined
  return { client, arrives: !action.includes('lost') }
}

function presentation(state: FamilyState, client: 'A' | 'B' | 'C', arrives: boolean, options: FamilyOptions): Step {
  const generation = state.held[client]
  if (generation === undefined) return undefined
  const { row, family: store } = present(state.store, { generation, bound: client !== 'C' }, options)
  const { answer } = row
  const child = isGranted(answer) && arrives ? { [client]: generation + 1 } : {}
  const known =
    answer === 'rotated'
      ? { ...state.known, granted: generation + 1, grantedAgo: 0 }
      : { ...state.known, over: state.known.over || answer === 'reused' }
  return { state: { ...state, store, known, held: { ...state.held, ...child }, shared: state.shared || client === 'B' }, answer }
}

function older({ granted, grantedAgo, over }: Known): Known {
  return { granted, grantedAgo: Math.min(2, grantedAgo + 1), over }
}

function environment(state: FamilyState, action: FamilyAction): Step {
  const { store, known, snapshot, held } = state
  switch (action) {
    case 'B copies the token of A':
      return { state: { ...state, held: { ...held, B: held.A } }, answer: '' }
    case 'C copies the token of A':
      return { state: { ...state, held: { ...held, C: held.A } }, answer: '' }
    case 'the operator revokes': {
      if (store === undefined || store.revoked !== undefined) return { state, answer: 'false' }
      return { state: { ...state, store: { ...store, revoked: 'operator' }, known: { ...known, over: true } }, answer: 'true' }
    }
    case 'a tick passes':
      return {
        state: {
          ...state,
          store: aged(store),
          known: older(known),
          snapshot: snapshot && { store: aged(snapshot.store), known: older(snapshot.known) },
        },
        answer: '',
      }
    case 'a backup is made':
      return { state: { ...state, snapshot: { store, known } }, answer: '' }
    case 'the backup is restored':
      return snapshot && { state: { ...state, ...snapshot, rolledBack: true }, answer: '' }
    case 'the store is emptied':
      return { state: { ...state, store: undefined, rolledBack: true }, answer: '' }
    default:
      return undefined
  }
}

/** Three clients, an operator, time, and a store that may lose what it was told. */
export function familyMachine(options: FamilyOptions): Machine<FamilyState, FamilyAction> {
  return {
    name: options.heal ? 'refresh family, heal on' : 'refresh family, heal off',
    initial,
    actions: familyActions,
    step(state, action) {
      const presenter = presenterOf(action)
      if (presenter) return presentation(state, presenter.client, presenter.arrives, options)
      return environment(state, action)
    },
  }
}

/** Answers that every token made so far would get now. */
function answersNow({ store, held }: FamilyState, options: FamilyOptions): readonly string[] {
  const newest = Math.max(store?.generation ?? 0, held.A, held.B ?? 0, held.C ?? 0)
  return Array.from({ length: newest + 1 }, (_, generation) => present(store, { generation, bound: true }, options).row.answer)
}

/** What must hold in every step, whatever happened before. */
export function familyInvariants(options: FamilyOptions): readonly Invariant<FamilyState, FamilyAction>[] {
  const strict = { ...options, heal: false }
  return [
    {
      name: 'nothing is granted twice: a generation is made by one rotation, until the store is rolled back',
      holds: ({ before, answer, after }) => answer !== 'rotated' || after.known.granted > before.known.granted,
    },
    {
      name: 'no fork: of all tokens at most one rotates, and what a retry answers is that one',
      holds({ after }) {
        const answers = answersNow(after, strict)
        const retried = answers.indexOf('retry')
        return answers.filter((answer) => answer === 'rotated').length <= 1 && (retried === -1 || retried + 1 === after.store?.generation)
      },
    },
    {
      name: 'revoke wins: after a revocation nothing is granted',
      holds: ({ before, answer }) => !before.known.over || !isGranted(answer),
    },
    {
      name: 'a reused token leaves no live child: its family ends with all its tokens',
      holds: ({ answer, after }) => answer !== 'reused' || !answersNow(after, options).some(isGranted),
    },
    {
      name: 'a retry within the window never revokes a client that is alone and honest',
      holds: ({ before, answer, after }) =>
        answer !== 'reused' || after.shared || before.rolledBack || before.known.grantedAgo >= windowTicks,
    },
    {
      name: 'a retry is answered only within the window that the rotation began, and changes nothing',
      holds: ({ before, answer, after }) =>
        answer !== 'retry' || (before.known.grantedAgo < windowTicks && JSON.stringify(before.store) === JSON.stringify(after.store)),
    },
    {
      name: 'a token beyond the store proves a rollback: it is never reuse, and never without one',
      holds({ before, action, answer }) {
        const client = presenterOf(action)?.client
        const beyond = before.store !== undefined && client !== undefined && (before.held[client] ?? 0) > before.store.generation
        return (answer !== 'ahead' || before.rolledBack) && !(beyond && answer === 'reused')
      },
    },
    {
      name: 'the token of another client gets nothing and changes nothing',
      holds: ({ before, action, answer, after }) =>
        action !== 'C presents' || (!isGranted(answer) && JSON.stringify(before.store) === JSON.stringify(after.store)),
    },
    {
      name: 'a family that expired, ended or was lost grants nothing',
      holds: ({ before, answer }) => !isGranted(answer) || (before.store !== undefined && before.store.revoked === undefined),
    },
  ]
}

/** What a rollback takes away: this one does not hold. */
export const grantedOnceForEver: Invariant<FamilyState, FamilyAction> = {
  name: 'a generation is made once, even if the store is rolled back',
  holds: ({ before, answer, after }) =>
    answer !== 'rotated' || !before.rolledBack || after.known.granted > Math.max(before.held.A, before.held.B ?? 0),
}
