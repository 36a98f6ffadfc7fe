import type { RevocationDelta, RevocationStore, Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'

/** How a store behaves until told otherwise. */
export type StoreBehaviour = 'well' | 'down' | 'hangs'

/** A denylist on a memory store, with what happens to real ones on demand. */
export interface ScriptedStore extends RevocationStore {
  /** How often each operation was asked for. */
  readonly calls: Record<'revoke' | 'since' | 'cursor' | 'page', number>
  behaviour: StoreBehaviour
  /** False: listeners are told nothing. */
  pushes: boolean
  /** False: `revoke` is refused. */
  writes: boolean
  /** Loses everything, as a server without persistence that was restarted. */
  lose(): void
  /** Goes back to what it was after `entries` records, as a replica that was promoted. */
  rollBack(entries: number): Promise<void>
  /** The next answers to such a question are made and kept back; the returned function lets them go. */
  hold(question: 'since' | 'cursor' | 'revoke', answers?: number): () => Promise<void>
  listeners(): number
  /** What every reader without a cursor would get. */
  all(): Promise<RevocationDelta['records']>
}

const partsOf = (cursor: string): readonly [number, number] => cursor.split('.').map(Number) as [number, number]

/** @param now - the store's own clock, epoch milliseconds */
export function scriptedStore(now: () => number): ScriptedStore {
  const create = (): Stores['revocations'] => memoryStores({ now }).revocations
  const state = { inner: create(), generation: 1, listeners: new Set<() => void>() }
  const held = { question: '', answers: 0, gate: Promise.resolve() }
  const store: Pick<ScriptedStore, 'calls' | 'behaviour' | 'pushes' | 'writes'> = {
    calls: { revoke: 0, since: 0, cursor: 0, page: 0 },
    behaviour: 'well',
    pushes: true,
    writes: true,
  }
  const named = (cursor: string): string => `${state.generation}.${cursor}`

  async function operation<T>(name: keyof ScriptedStore['calls'], work: () => Promise<T>): Promise<T> {
    store.calls[name] += 1
    if (store.behaviour === 'down') throw new Error('down')
    if (store.behaviour === 'hangs') await new Promise(() => undefined)
    const answer = await work()
    if (name === held.question && held.answers > 0) {
      held.answers -= 1
      await held.gate
    }
    return answer
  }

  async function since(cursor: string | undefined, options?: Parameters<RevocationStore['since']>[1]): Promise<RevocationDelta> {
    const [generation, known] = cursor === undefined ? [0, 0] : partsOf(cursor)
    const present = generation === state.generation
    const delta = await state.inner.since(present ? String(known) : undefined, options)
    const lost = cursor !== undefined && (!present || delta.lost)
    const records = delta.records.map((record) => ({ ...record, cursor: named(record.cursor) }))
    return { ...delta, cursor: named(delta.cursor), lost, records }
  }

  const revokeAll = (...asked: Parameters<RevocationStore['revokeAll']>): Promise<readonly string[]> =>
    operation('revoke', async () => {
      if (!store.writes) throw new Error('NOPERM')
      const cursors = (await state.inner.revokeAll(...asked)).map(named)
      if (store.pushes) for (const listener of state.listeners) listener()
      return cursors
    })

  return Object.assign(store, {
    async revoke(...[entry, { ttlMs, reinstated, ...call } = {}]: Parameters<RevocationStore['revoke']>) {
      const [cursor = ''] = await revokeAll([{ entry, ttlMs, reinstated }], call)
      return cursor
    },
    revokeAll,
    page: (...asked: Parameters<RevocationStore['page']>) => operation('page', () => state.inner.page(...asked)),
    since: (...asked: Parameters<RevocationStore['since']>) => operation('since', () => since(...asked)),
    cursor: () => operation('cursor', async () => named(await state.inner.cursor())),
    compare(a: string, b: string) {
      const [[aFirst, aLast], [bFirst, bLast]] = [partsOf(a), partsOf(b)]
      return aFirst - bFirst || aLast - bLast
    },
    subscribe(listener: () => void) {
      state.listeners.add(listener)
      return () => void state.listeners.delete(listener)
    },
    lose() {
      Object.assign(state, { inner: create(), generation: state.generation + 1 })
    },
    async rollBack(entries: number) {
      const { records } = await state.inner.since(undefined)
      state.inner = create()
      for (const { entry, ...options } of records.slice(0, entries)) await state.inner.revoke(entry, options)
    },
    hold(question: 'since' | 'cursor' | 'revoke', answers = 1) {
      const opened: { gate?: () => void } = {}
      const gate = new Promise<void>((resolve) => {
        opened.gate = resolve
      })
      Object.assign(held, { question, answers, gate })
      return async () => {
        held.answers = 0
        opened.gate?.()
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    listeners: () => state.listeners.size,
    all: async () => (await state.inner.since(undefined)).records,
  })
}
