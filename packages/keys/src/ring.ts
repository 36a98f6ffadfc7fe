import { type DocumentStore, isUnavailable, orUnavailable, type RecordCodec, Unavailable } from '@countersign/core'

/** All keys of one owner: one document with one revision, so that a change of several keys is one step. */
export interface Ring<K> {
  readonly keys: readonly K[]
  /** 0 where nothing is kept yet. */
  readonly revision: number
}

/** Rings of one kind. Every method rejects with `Unavailable` when the store is out of reach or its content not understood. */
export interface Rings<K> {
  read(owner: string): Promise<Ring<K>>
  /**
   * Changes a ring; asked again with the newer ring if somebody else changed it meanwhile.
   *
   * @param change - the keys after the change, or undefined to leave them; must have no effects of its own
   */
  change<R>(owner: string, change: (keys: readonly K[]) => { readonly keys?: readonly K[]; readonly result: R }): Promise<R>
}

/** What {@link createRings} needs. */
export interface RingsOptions<K> {
  readonly store: DocumentStore
  /** Of the store's documents; the id of a document is its owner. */
  readonly collection: string
  /** How a key is stored. */
  readonly stored: RecordCodec<K>
  readonly isKey: (key: unknown) => key is K
  /** Told of every change that this process made. */
  readonly changed?: (owner: string, ring: Ring<K>) => void
}

/** Other processes change the same ring at most so often before we give up. */
const attempts = 100

function parse<K>(text: string, { stored, isKey }: Pick<RingsOptions<K>, 'stored' | 'isKey'>): readonly K[] {
  const kept = JSON.parse(text) as { readonly v?: unknown; readonly keys?: unknown } | null
  const keys: unknown = Array.isArray(kept?.keys) && kept.keys.map((key: object) => stored.fromRecord(key))
  if (kept?.v === 1 && Array.isArray(keys) && keys.every(isKey)) return keys
  throw new Error('a key ring is of a format that this release does not understand')
}

/** Rings that are kept parsed, and the length of their texts together: a large ring takes longer to parse than to look a key up. */
const mostRings = 1_000
const mostCharacters = 16_000_000

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    for (const part of Object.values(Object.freeze(value))) deepFreeze(part)
  return value
}

/** What texts were parsed to: the store is asked every time, but most rings have not changed since. What is shared is frozen. */
function createParsed<K>(record: Pick<RingsOptions<K>, 'stored' | 'isKey'>): (owner: string, text: string) => readonly K[] {
  const known = new Map<string, { readonly text: string; readonly keys: readonly K[] }>()
  const state = { characters: 0 }
  return (owner, text) => {
    const before = known.get(owner)
    if (before?.text === text) return before.keys
    const keys = deepFreeze(parse(text, record))
    if (known.size >= mostRings || state.characters + text.length > mostCharacters) {
      known.clear()
      state.characters = 0
    }
    state.characters += text.length - (known.get(owner)?.text.length ?? 0)
    known.set(owner, { text, keys })
    return keys
  }
}

/** Runs work on one owner in the order in which it comes, so that only other processes can be in the way. */
function createTurns(): <T>(owner: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return (owner, work) => {
    const before = last.get(owner) ?? Promise.resolve()
    // Who waited through an outage need not wait for another one.
    const turn = before.then(work, (cause: unknown) => (isUnavailable(cause) ? Promise.reject(cause) : work()))
    last.set(owner, turn)
    const leave = (): void => {
      if (last.get(owner) === turn) last.delete(owner)
    }
    turn.then(leave, leave)
    return turn
  }
}

/** Rings in a store. */
export function createRings<K>({ store, collection, stored, isKey, changed }: RingsOptions<K>): Rings<K> {
  const inTurn = createTurns()
  const parsed = createParsed({ stored, isKey })

  async function load(owner: string): Promise<Ring<K>> {
    const document = await store.get({ collection, id: owner })
    return document === undefined ? { keys: [], revision: 0 } : { keys: parsed(owner, document.value), revision: document.revision }
  }

  const read = (owner: string): Promise<Ring<K>> => orUnavailable(load(owner))

  async function attempt<R>(owner: string, change: Parameters<Rings<K>['change']>[1], left: number): Promise<R> {
    if (left === 0) throw new Unavailable('store_unavailable', { cause: new Error('the key ring is changed too often at once') })
    const { keys: before, revision } = await read(owner)
    const { keys, result } = change(before)
    if (keys === undefined) return result as R
    const value = JSON.stringify({ v: 1, keys })
    if (!(await orUnavailable(store.put({ collection, id: owner, value, revision })))) return attempt(owner, change, left - 1)
    changed?.(owner, { keys, revision: revision + 1 })
    return result as R
  }

  return { read, change: (owner, change) => inTurn(owner, () => attempt(owner, change, attempts)) }
}
