import type { Invariant, Machine } from './explore.js'

/** Designs that look right. Every token is a random string, here a number; the store keeps which of them are good. */
interface Token {
  readonly parent: number | undefined
  readonly used: boolean
}

type ClientName = 'A' | 'B'

interface TokensState {
  readonly tokens: readonly Token[]
  readonly held: Readonly<Record<ClientName, number | undefined>>
  /** What a client has read and not yet acted on. */
  readonly read: Readonly<Record<ClientName, Token | undefined>>
}

const first: TokensState = {
  tokens: [{ parent: undefined, used: false }],
  held: { A: 0, B: undefined },
  read: { A: undefined, B: undefined },
}

const copies = (state: TokensState): TokensState => ({ ...state, held: { ...state.held, B: state.held.A } })

/** Marks a token as used and makes a child of it. */
function withChild({ tokens, ...rest }: TokensState, client: ClientName, parent: number): TokensState {
  const used = tokens.map((token, index) => (index === parent ? { ...token, used: true } : token))
  return { ...rest, tokens: [...used, { parent, used: false }], held: { ...rest.held, [client]: tokens.length } }
}

/** `if (await store.isUsed(token)) …` and then `await store.markUsed(token)`. */
export const readThenWrite: Machine<TokensState, 'B copies the token of A' | `${ClientName} reads its token` | `${ClientName} writes`> = {
  name: 'read, then write',
  initial: first,
  actions: ['B copies the token of A', 'A reads its token', 'A writes', 'B reads its token', 'B writes'],
  step(state, action) {
    if (action === 'B copies the token of A') return { state: copies(state), answer: '' }
    const client = action[0] === 'A' ? 'A' : 'B'
    const presented = state.held[client]
    if (presented === undefined) return undefined
    if (action.endsWith('reads its token')) {
      const token = state.tokens[presented]
      return { state: { ...state, read: { ...state.read, [client]: token } }, answer: token?.used ? 'used' : 'unused' }
    }
    const seen = state.read[client]
    if (seen === undefined) return undefined
    const acted = { ...state, read: { ...state.read, [client]: undefined } }
    return seen.used ? { state: acted, answer: 'reused' } : { state: withChild(acted, client, presented), answer: 'rotated' }
  },
}

/** A grace period in which a used token makes another child, in one atomic step. */
export const graceWithNewChildren: Machine<TokensState, 'B copies the token of A' | `${ClientName} presents`> = {
  name: 'a new child for every retry',
  initial: first,
  actions: ['B copies the token of A', 'A presents', 'B presents'],
  step(state, action) {
    if (action === 'B copies the token of A') return { state: copies(state), answer: '' }
    const client = action === 'A presents' ? 'A' : 'B'
    const presented = state.held[client]
    if (presented === undefined) return undefined
    return { state: withChild(state, client, presented), answer: state.tokens[presented]?.used ? 'retry' : 'rotated' }
  },
}

/** No token has two children that are both good. */
export const noTwoLiveChildren: Invariant<TokensState, string> = {
  name: 'no fork: never two live children of one token',
  holds({ after: { tokens } }) {
    const live = tokens.filter(({ used, parent }) => !used && parent !== undefined).map(({ parent }) => parent)
    return new Set(live).size === live.length
  },
}

interface OpaqueState {
  readonly newest: number
  readonly ended: boolean
  readonly backup: number | undefined
  readonly held: number
  readonly made: number
}

/** The store keeps the newest token as it is, without a generation: any other token of the family counts as reuse. */
export const withoutGenerations: Machine<OpaqueState, 'A presents' | 'a backup is made' | 'the backup is restored'> = {
  name: 'opaque tokens without a generation',
  initial: { newest: 0, ended: false, backup: undefined, held: 0, made: 0 },
  actions: ['A presents', 'a backup is made', 'the backup is restored'],
  step(state, action) {
    if (action === 'a backup is made') return { state: { ...state, backup: state.newest }, answer: '' }
    if (action === 'the backup is restored')
      return state.backup === undefined ? undefined : { state: { ...state, newest: state.backup }, answer: '' }
    if (state.ended) return { state, answer: 'revoked' }
    if (state.held !== state.newest) return { state: { ...state, ended: true }, answer: 'reused' }
    const made = state.made + 1
    return { state: { ...state, newest: made, held: made, made }, answer: 'rotated' }
  },
}

/** The client here is alone and presents the newest token that it was given. */
export const honestIsNotPunished: Invariant<OpaqueState, string> = {
  name: 'a client that is alone and honest never counts as a thief',
  holds: ({ answer }) => answer !== 'reused',
}

interface SpentState {
  readonly spent: boolean
  readonly granted: number
}

/** Remembers what was spent and not what was issued. */
export const rememberedWhenSpent: Machine<SpentState, 'A spends it' | 'B spends it' | 'the store is emptied'> = {
  name: 'nonces that are remembered when they are spent',
  initial: { spent: false, granted: 0 },
  actions: ['A spends it', 'B spends it', 'the store is emptied'],
  step(state, action) {
    if (action === 'the store is emptied') return { state: { ...state, spent: false }, answer: '' }
    if (state.spent) return { state, answer: 'replayed' }
    return { state: { spent: true, granted: state.granted + 1 }, answer: 'spent' }
  },
}

/** A nonce is granted once. */
export const spentOnce: Invariant<SpentState, string> = {
  name: 'nothing is granted twice',
  holds: ({ after }) => after.granted <= 1,
}
