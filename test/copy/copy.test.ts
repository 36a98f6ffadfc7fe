import type { DocumentStore, Stores } from '@countersign/core'
import { type CopyProgress, copyStores } from '@countersign/core/copy'
import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { describeWith, redisUrl } from '../services.js'
import { contentOf, fill, issuer, minute, places } from './places.js'

/** Stores whose clients cannot be written after so many times. */
function failing(stores: Stores, writes: number): { readonly stores: Stores; mend(): void } {
  const state = { left: writes }
  const put: DocumentStore['put'] = async (change) => {
    state.left -= 1
    if (state.left < 0) throw new Error('the disk is full')
    return stores.clients.put(change)
  }
  return {
    stores: { ...stores, clients: { ...stores.clients, put } },
    mend() {
      state.left = Number.POSITIVE_INFINITY
    },
  }
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describeWith('postgres', 'a copy of stores', (url) => {
  const empty = places(url)
  const hasRedis = redisUrl !== undefined

  it.runIf(hasRedis)('has the same content in memory, SQLite, PostgreSQL, Redis and memory again', async () => {
    const stores = [empty.memory(), empty.sqlite(), empty.postgres(), empty.redis(), empty.memory()]
    const [first] = stores as [Stores]
    await fill(first, 120)
    const content = await contentOf(first)
    const { retainedSince } = await first.revocations.since(undefined)
    expect(content.clients.length).toBe(120)
    for (const [at, to] of stores.slice(1).entries()) {
      const report = await copyStores({ from: stores[at] as Stores, to })
      expect(report.settled).toBe(true)
      for (const part of ['clients', 'keys', 'accounts'] as const)
        expect(report.counts[part]).toEqual({ read: 120, written: 0, removed: 0, kept: 0 })
      expect(await contentOf(to)).toEqual(content)
      expect((await to.revocations.since(undefined)).retainedSince).toBe(retainedSince)
    }
  })

  it.each(['sqlite', 'postgres', ...(hasRedis ? (['redis'] as const) : [])] as const)(
    'goes on where it was interrupted, into %s',
    async (target) => {
      const from = empty.memory()
      await fill(from, 1_200)
      const { stores: to, mend } = failing(empty[target](), 700)
      const seen: CopyProgress[] = []
      const error = await rejection(copyStores({ from, to, onProgress: (progress) => seen.push(progress) }))
      expect(error).toMatchObject({
        name: 'CopyInterrupted',
        left: ['clients', 'keys', 'accounts'],
        cause: { message: 'the disk is full' },
      })
      const { cursor } = error as { readonly cursor: string }
      expect(cursor).toBe(seen.at(-1)?.cursor)
      mend()
      const put = { count: 0 }
      const counting: Stores = {
        ...to,
        clients: {
          ...to.clients,
          put: (change) => {
            put.count += 1
            return to.clients.put(change)
          },
        },
      }
      const resumed: CopyProgress[] = []
      const report = await copyStores({ from, to: counting, cursor, onProgress: (progress) => resumed.push(progress) })
      expect(report.settled).toBe(true)
      expect(seen[0]?.part).toBe('revocations')
      // the first pass counts each document once, also over the interruption
      expect(resumed.findLast(({ part, pass }) => part === 'clients' && pass === 1)?.count).toMatchObject({ read: 1_200, removed: 0 })
      // what stood before the cursor is not written again
      expect(put.count).toBeLessThanOrEqual(700)
      expect(report.counts.clients).toEqual({ read: 1_200, written: 0, removed: 0, kept: 0 })
      expect(await contentOf(to)).toEqual(await contentOf(from))
    },
  )

  it('brings what writers change meanwhile, and says when it could not settle', async () => {
    const [from, to] = [empty.memory(), empty.sqlite()]
    await fill(from, 600)
    const change = async (at: number): Promise<void> => {
      await from.clients.put({ collection: 'busy', id: `added ${at}`, value: '{}', revision: 0 })
      await from.revocations.revoke({ type: 'jti', issuer, jti: `${at}`, expiresAt: 4_000_000_000 }, { ttlMs: minute })
      const [gone] = (await from.accounts.scan({ limit: 1 })).items
      if (gone) await from.accounts.remove(gone)
      const [changed] = (await from.keys.scan({ limit: 1 })).items
      if (changed) await from.keys.put({ ...changed, value: JSON.stringify({ changed: at }), group: 'another' })
    }
    const state = { changes: 0, last: Promise.resolve() }
    const first = await copyStores({
      from,
      to,
      onProgress() {
        state.changes += 1
        state.last = state.last.then(() => change(state.changes))
      },
    })
    expect(first.settled).toBe(false)
    await state.last
    expect(state.changes).toBeGreaterThan(10)
    // the writers are stopped
    const second = await copyStores({ from, to, cursor: first.cursor })
    expect(second.settled).toBe(true)
    const [copy, source] = [await contentOf(to), await contentOf(from)]
    expect(copy).toEqual(source)
    expect(copy.clients.filter(({ collection }) => collection === 'busy').length).toBe(state.changes)
  })
})

describe('a target with content', () => {
  it('is refused with the parts that have it, and nothing is written', async () => {
    const [from, to] = [memoryStores(), memoryStores()]
    await fill(from, 10)
    await to.keys.put({ collection: 'own', id: 'key', value: '{}', revision: 0 })
    await to.revocations.revoke({ type: 'client', issuer, clientId: 'other' })
    const before = await contentOf(to)
    const error = await rejection(copyStores({ from, to }))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain('revocations, keys')
    expect(await contentOf(to)).toEqual(before)
  })

  it('keeps what only it has with overwrite, and becomes like the source in the rest', async () => {
    const [from, to] = [memoryStores(), memoryStores()]
    await from.clients.put({ collection: 'c', id: 'both', value: '"source"', revision: 0 })
    await to.clients.put({ collection: 'c', id: 'both', value: '"target"', revision: 0 })
    await to.clients.put({ collection: 'c', id: 'own', value: '"target"', revision: 0 })
    const { settled, counts } = await copyStores({ from, to, overwrite: true })
    expect([settled, counts.clients]).toEqual([true, { read: 1, written: 0, removed: 0, kept: 1 }])
    expect((await contentOf(to)).clients.map(({ id, value }) => [id, value])).toEqual([
      ['both', '"source"'],
      ['own', '"target"'],
    ])
  })

  it('does not say with overwrite that it knows what was before its own memory', async () => {
    const [from, to] = [memoryStores({ now: () => 1_000 }), memoryStores({ now: () => 5_000 })]
    await copyStores({ from, to, overwrite: true })
    expect((await to.revocations.since(undefined)).retainedSince).toBe(5_000)
  })
})

describe('a cursor', () => {
  it.each(['', '{}', 'null', '{"v":2}', '{"v":2,"pass":1,"part":"clients","overwrite":false,"counts":{}}', '[1]', 'text'])(
    'must be one that was reported: %j',
    async (cursor) => {
      const stores = memoryStores()
      const error = await rejection(copyStores({ from: stores, to: memoryStores(), cursor }))
      expect(error).toBeInstanceOf(TypeError)
    },
  )

  it('is of one choice of overwrite', async () => {
    const [from, to] = [memoryStores(), memoryStores()]
    const { cursor } = await copyStores({ from, to })
    expect(await rejection(copyStores({ from, to, cursor, overwrite: true }))).toBeInstanceOf(TypeError)
  })
})

it('a source that loses its memory interrupts the copy', async () => {
  const [from, to] = [memoryStores(), memoryStores()]
  await fill(from, 10)
  const { cursor } = await copyStores({ from, to })
  const error = await rejection(copyStores({ from: memoryStores(), to, cursor }))
  expect(error).toMatchObject({ name: 'CopyInterrupted', left: ['revocations', 'clients', 'keys', 'accounts'] })
  expect((await contentOf(to)).clients.length).toBe(10)
})

it('what a copy retains is over when the store loses its memory', async () => {
  const [from, to] = [memoryStores({ now: () => 1_000 }), memoryStores({ now: () => 5_000 })]
  await copyStores({ from, to })
  expect((await to.revocations.since(undefined)).retainedSince).toBe(1_000)
  const restarted = memoryStores({ now: () => 9_000 })
  // the documents of another memory were restored
  const kept = await to.keys.get({ collection: 'countersign.retained', id: 'revocations' })
  await restarted.keys.put({ collection: 'countersign.retained', id: 'revocations', value: kept?.value ?? '', revision: 0 })
  expect((await restarted.revocations.since(undefined)).retainedSince).toBe(9_000)
})
