import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Stores } from '@countersign/core'
import { sqliteStores } from '@countersign/sqlite'
import { remoteStores } from '@countersign/testkit'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { drivers } from './drivers.js'
import { newPlace, processes, removePlace, type SqlitePlace } from './sqlite-backend.js'

const minute = 60_000
const old = { purpose: 'test', id: 'old', issuedAgoMs: 30_000, ttlMs: minute }
const entry = { type: 'client', issuer: 'issuer', clientId: 'client' } as const

/** One of everything that a copy may know less of than the file knew. */
async function fill(stores: Stores): Promise<string> {
  await stores.replay.claim({ ...old, issuedAgoMs: 0 })
  await stores.nonces.remember('jti', { clientId: 'client', ttlMs: minute })
  await stores.challenges.put('id', 'record', minute)
  await stores.clients.put({ collection: 'c', id: 'id', value: '0', revision: 0 })
  return stores.revocations.revoke(entry, { ttlMs: minute })
}

/** What is answered after a loss of memory that was noticed, or not. */
async function judged(stores: Stores, epoch: string): Promise<object> {
  const { lost, records } = await stores.revocations.since(epoch)
  return {
    claim: await stores.replay.claim({ ...old, id: 'never claimed' }),
    nonce: await stores.nonces.spend('jti', 'purpose'),
    challenge: await stores.challenges.read('id'),
    document: (await stores.clients.get({ collection: 'c', id: 'id' }))?.revision,
    lost,
    records: records.length,
  }
}

const afterLoss = { claim: 'unprovable', nonce: 'unknown', challenge: null, document: 1, lost: true, records: 1 }

/** A database with what is not yet in its file. */
async function copy(from: string, to: string, move = copyFile): Promise<void> {
  await rm(`${to}-shm`, { force: true })
  for (const ending of ['', '-wal'])
    if (existsSync(`${from}${ending}`)) await move(`${from}${ending}`, `${to}${ending}`)
    else await rm(`${to}${ending}`, { force: true })
}

describe.each(drivers)('copies of a file, through $name', (driver) => {
  const { open } = driver
  const others = processes()
  afterAll(() => others.close())
  const state = { place: undefined as SqlitePlace | undefined }
  const file = (): string => state.place?.file ?? ''
  /** In a process of its own, which ends as it should: libsql keeps a file open until its process ends. */
  async function within<T>(use: (stores: Stores) => Promise<T>, path = file()): Promise<T> {
    const child = await others.start(path, driver)
    const remote = await remoteStores(child)
    try {
      return await use(remote.stores)
    } finally {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      await remote.close()
    }
  }
  beforeEach(async () => {
    state.place = await newPlace()
  })
  afterEach(() => (state.place ? removePlace(state.place) : undefined))

  it('a file that is moved, or opened again, keeps its memory', async () => {
    const epoch = await within(fill)
    const other = join(state.place?.folder ?? '', 'moved.db')
    await copy(file(), other, rename)
    const { lost } = await within((opened) => opened.revocations.since(epoch), other)
    expect(lost).toBe(false)
    expect(await within((opened) => opened.replay.claim(old), other)).toBe('replayed')
    expect(await within((opened) => opened.nonces.spend('jti', 'purpose'), other)).toBe('spent')
  })

  it('a copy elsewhere begins a new memory', async () => {
    const epoch = await within(fill)
    const other = join(state.place?.folder ?? '', 'copy.db')
    await copy(file(), other)
    expect(await within((opened) => judged(opened, epoch), other)).toEqual(afterLoss)
    expect(await within((opened) => opened.revocations.since(epoch))).toMatchObject({ lost: false })
  })

  it.each(['copied over the file', 'put in its place'])('a backup that is %s begins a new memory', async (how) => {
    const epoch = await within(fill)
    const backup = join(state.place?.folder ?? '', 'backup.db')
    await copy(file(), backup)
    await within((opened) => opened.replay.claim({ ...old, id: 'after the backup', issuedAgoMs: 0 }))
    if (how === 'put in its place') await rm(file())
    await copy(backup, file())
    expect(await within((opened) => judged(opened, epoch))).toEqual(afterLoss)
    // once: what comes after it is as usual
    expect(await within((opened) => opened.replay.claim({ ...old, id: 'new', issuedAgoMs: 0 }))).toBe('claimed')
    expect(await within((opened) => opened.replay.claim({ ...old, id: 'new', issuedAgoMs: 0 }))).toBe('replayed')
  })

  it('a file that was made anew where one was begins later than what is left of that one', async () => {
    await within(fill)
    const saved = join(state.place?.folder ?? '', 'saved.db')
    await copy(file(), saved, rename)
    const epoch = await within(fill)
    await rm(file())
    await copy(saved, file(), rename)
    expect(await within((opened) => judged(opened, epoch))).toEqual(afterLoss)
  })

  it('a file that goes back under a process that runs begins a new memory at its next call', async () => {
    const running = sqliteStores(() => open(file()), { maxWaitMs: 2_000 })
    const epoch = await fill(running)
    const other = open(file())
    // as the restore of a backup through SQLite itself leaves it
    other.prepare('update countersign_place set changes = changes - 3').run()
    other.close()
    expect(await running.revocations.since(epoch)).toMatchObject({ lost: true })
    expect(await judged(running, epoch)).toEqual(afterLoss)
    await running.close()
  })

  it('a link that leads elsewhere is noticed by a process that runs', async () => {
    const [one, two] = [join(state.place?.folder ?? '', 'one'), join(state.place?.folder ?? '', 'two')]
    const link = join(state.place?.folder ?? '', 'current')
    for (const folder of [one, two]) await mkdir(folder)
    await symlink(one, link)
    const path = join(link, 'auth.db')
    // better-sqlite3 names it by itself
    const opened = (): Stores => sqliteStores(() => Object.assign(open(path), { name: path }))
    const running = opened()
    const epoch = await fill(running)
    await running.replay.claim({ ...old, issuedAgoMs: 0, id: 'first' })
    await rm(link)
    await symlink(two, link)
    const started = opened()
    expect(await started.replay.claim({ ...old, issuedAgoMs: 0, id: 'second' })).toBe('claimed')
    // what goes on in the file that nobody finds any more would be granted twice
    expect(await running.replay.claim({ ...old, issuedAgoMs: 0, id: 'second' })).toBe('replayed')
    expect((await running.revocations.since(epoch)).lost).toBe(true)
    // the file of before may go
    await rm(one, { recursive: true })
    expect(await running.replay.claim({ ...old, issuedAgoMs: 0, id: 'next' })).toBe('claimed')
    expect(await started.replay.claim({ ...old, issuedAgoMs: 0, id: 'next' })).toBe('replayed')
    await running.close()
    await started.close()
  })

  it('a small file that cannot be written is a warning, once', async () => {
    const warnings: string[] = []
    await rm(`${file()}-changes`, { force: true })
    await mkdir(`${file()}-changes`)
    const opened = sqliteStores(() => open(file()), { onWarning: ({ name }) => warnings.push(name) })
    await fill(opened)
    await opened.close()
    expect(warnings).toEqual(['memory_unchecked'])
  })
})
