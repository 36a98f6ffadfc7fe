import type { Stores } from '@countersign/core'
import { type CopiedPart, type CopiedStores, copyStores } from '@countersign/core/copy'
import { expect, it } from 'vitest'
import { describeWith, redisUrl } from '../services.js'
import { contentOf, fill, issuer, minute, places } from './places.js'

const parts: readonly CopiedPart[] = ['revocations', 'clients', 'keys', 'accounts']
const kinds = ['memory', 'sqlite', 'postgres', ...(redisUrl === undefined ? [] : (['redis'] as const))] as const

/** Stores behind which others can be put, as after a loss of memory. */
function changeable(first: Stores): { readonly stores: CopiedStores; replace(by: Stores): void } {
  const state = { current: first }
  const part = <Name extends CopiedPart>(name: Name): Stores[Name] =>
    new Proxy(first[name], {
      get: (_, member) => Reflect.get(state.current[name], member),
    })
  return {
    stores: { revocations: part('revocations'), clients: part('clients'), keys: part('keys'), accounts: part('accounts') },
    replace(by) {
      state.current = by
    },
  }
}

const fault = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  )

const beginAgain = {
  name: 'CopyInterrupted',
  left: parts,
  cursor: undefined,
  message: expect.stringMatching(/target.*without a cursor/),
}

describeWith('postgres', 'a target that lost its memory', (url) => {
  const empty = places(url)

  it.each(kinds)('between two calls is told, and nothing is written or vouched for: %s', async (kind) => {
    const from = empty.memory()
    await fill(from, 10)
    const first = empty[kind]()
    const { settled, cursor } = await copyStores({ from, to: first })
    expect(settled).toBe(true)
    await from.revocations.revoke({ type: 'client', issuer, clientId: 'later' }, { ttlMs: minute })
    const to = await empty.emptied(first)
    expect(await fault(copyStores({ from, to, cursor }))).toMatchObject(beginAgain)
    expect(await contentOf(to)).toEqual({ clients: [], keys: [], accounts: [], revocations: [] })
    expect(await to.keys.get({ collection: 'countersign.retained', id: 'revocations' })).toBeUndefined()
    // without the cursor everything goes over
    expect((await copyStores({ from, to })).settled).toBe(true)
    expect(await contentOf(to)).toEqual(await contentOf(from))
  })

  it.each(kinds.flatMap((kind) => parts.map((part) => [kind, part] as const)))(
    'within one call is told: %s, during %s',
    async (kind, during) => {
      const from = empty.memory()
      await fill(from, 10)
      const [first, second] = [empty[kind](), empty[kind]()]
      const { stores: to, replace } = changeable(first)
      const copying = copyStores({
        from,
        to,
        onProgress({ part, pass }) {
          if (part === during && pass === 2) replace(second)
        },
      })
      expect(await fault(copying)).toMatchObject(beginAgain)
      expect(await second.keys.get({ collection: 'countersign.retained', id: 'revocations' })).toBeUndefined()
    },
  )

  // In Redis the keys go under a connection that lives on, in the others the denylist alone.
  it.each(kinds)('while the denylist is added is told before it is vouched for: %s', async (kind) => {
    const from = empty.memory()
    await fill(from, 3)
    const first = empty[kind]()
    const { cursor } = await copyStores({ from, to: first })
    await from.revocations.revoke({ type: 'client', issuer, clientId: 'later' })
    const state = { current: first }
    const to: CopiedStores = {
      ...first,
      revocations: {
        ...first.revocations,
        since: (...given) => state.current.revocations.since(...given),
        retain: async (...given) => state.current.revocations.retain?.(...given),
        async revokeAll(...given) {
          const emptied = await empty.emptied(first)
          if (kind !== 'redis') state.current = emptied
          return state.current.revocations.revokeAll(...given)
        },
      },
    }
    expect(await fault(copyStores({ from, to, cursor }))).toMatchObject(beginAgain)
    expect((await state.current.revocations.since(undefined)).records.length).toBe(1)
    expect(await state.current.keys.get({ collection: 'countersign.retained', id: 'revocations' })).toBeUndefined()
  })

  it.each(kinds)('another target with content is refused before anything is touched: %s', async (kind) => {
    const from = empty.memory()
    // its denylist is empty: a cursor of it says little
    await from.clients.put({ collection: 'clients', id: 'a', value: '{}', revision: 0 })
    const other = empty[kind]()
    await other.clients.put({ collection: 'clients', id: 'own', value: '"own"', revision: 0 })
    const cursors: string[] = []
    const { cursor } = await copyStores({ from, to: empty[kind](), onProgress: (progress) => cursors.push(progress.cursor) })
    await other.revocations.revoke({ type: 'client', issuer, clientId: 'own' })
    const before = await contentOf(other)
    for (const known of [...cursors, cursor]) expect(await fault(copyStores({ from, to: other, cursor: known }))).toMatchObject(beginAgain)
    expect(await contentOf(other)).toEqual(before)
  })

  it.each(kinds)('the denylist of a target is vouched for only in the memory that knows the cursor: %s', async (kind) => {
    const [first, other] = [empty[kind](), empty[kind]()]
    await first.revocations.revoke({ type: 'client', issuer, clientId: 'a' })
    const cursor = await first.revocations.revoke({ type: 'client', issuer, clientId: 'b' })
    expect(await fault(other.revocations.retain?.(1_000, cursor) ?? Promise.resolve())).toBeInstanceOf(Error)
    expect(await other.keys.get({ collection: 'countersign.retained', id: 'revocations' })).toBeUndefined()
    await first.revocations.retain?.(1_000, cursor)
    expect((await first.revocations.since(undefined)).retainedSince).toBe(1_000)
  })
})
