import { writeFile } from 'node:fs/promises'
import { isUnavailable } from '@countersign/core'
import { type SqliteDatabase, type SqliteStores, sqliteStores } from '@countersign/sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { drivers } from './drivers.js'
import { newPlace, removeFile, removePlace, type SqlitePlace } from './sqlite-backend.js'

/** Texts of an error and all its causes. */
function textsOf(error: unknown): string {
  return error instanceof Error ? `${error.message}; ${textsOf(error.cause)}` : ''
}

/** What a call is refused with, which must be an outage. */
async function outageOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  expect(isUnavailable(error)).toBe(true)
  return textsOf(error)
}

async function causeOf({ ready }: SqliteStores): Promise<string> {
  const { ok, parts } = await ready()
  expect([ok, parts.sqlite?.ok]).toEqual([false, false])
  return parts.sqlite?.ok === false ? textsOf(parts.sqlite.cause) : ''
}

const claim = (id: string): { purpose: string; id: string; issuedAgoMs: number; ttlMs: number } => ({
  purpose: 'test',
  id,
  issuedAgoMs: 0,
  ttlMs: 60_000,
})
const put = (stores: SqliteStores, id: string, size: number): Promise<boolean> =>
  stores.clients.put({ collection: 'c', id, value: 'x'.repeat(size), revision: 0 })

describe.each(drivers)('a file that fails, through $name', ({ open }) => {
  const state = { place: undefined as SqlitePlace | undefined, opened: [] as SqliteStores[] }
  const file = (): string => state.place?.file ?? ''
  const admin = (sql: string): unknown => {
    const database = open(file())
    const rows = sql.startsWith('select') || sql.startsWith('pragma') ? database.prepare(sql).all() : database.prepare(sql).run()
    database.close()
    return rows
  }
  function stores(opens: () => SqliteDatabase = () => open(file())): SqliteStores {
    const made = sqliteStores(opens, { maxWaitMs: 500 })
    state.opened.push(made)
    return made
  }
  beforeEach(async () => {
    state.place = await newPlace()
  })
  afterEach(async () => {
    for (const made of state.opened.splice(0)) await made.close()
    if (state.place) await removePlace(state.place)
  })

  it('a full disk is an outage of changes that says so, readiness names the part, reads go on, and room mends it', async () => {
    const databases: SqliteDatabase[] = []
    const full = stores(() => {
      databases.push(open(file()))
      return databases.at(-1) as SqliteDatabase
    })
    await put(full, 'before', 10)
    const limit = (pages: number): unknown => databases.at(-1)?.prepare(`pragma max_page_count = ${pages}`).all()
    limit(1)
    expect(await outageOf(put(full, 'large', 200_000))).toContain('the disk is full')
    expect((await full.clients.get({ collection: 'c', id: 'before' }))?.revision).toBe(1)
    expect(await full.clients.get({ collection: 'c', id: 'large' })).toBeUndefined()
    // what still fits is done; one that does not is refused alone
    const both = await Promise.allSettled([put(full, 'large', 200_000), put(full, 'small', 1)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    limit(100_000)
    expect(await put(full, 'large', 200_000)).toBe(true)
  })

  it('a file that takes no writes is an outage of changes, readiness names the part, and reads go on', async () => {
    await put(stores(), 'before', 10)
    const closed = stores(() => {
      const database = open(file())
      database.prepare('pragma query_only = 1').all()
      return database
    })
    expect(await outageOf(closed.replay.claim(claim('id')))).toContain('takes no writes')
    expect(await causeOf(closed)).toContain('takes no writes')
    expect((await closed.clients.get({ collection: 'c', id: 'before' }))?.revision).toBe(1)
  })

  it('a program that keeps the lock of writers is an outage of changes, and reads go on, also after changes failed', async () => {
    const locked = stores()
    await put(locked, 'before', 10)
    const other = open(file())
    other.prepare('begin immediate').run()
    for (let round = 0; round < 2; round += 1) {
      expect(await outageOf(locked.replay.claim(claim('id')))).toContain('another connection is writing')
      expect((await locked.clients.get({ collection: 'c', id: 'before' }))?.revision).toBe(1)
    }
    other.prepare('rollback').run()
    other.close()
    expect(await locked.replay.claim(claim('id'))).toBe('claimed')
  })

  it('a file that is no database is an outage, and not made into one', async () => {
    await writeFile(file(), 'this is the diary of somebody else. '.repeat(200))
    const wrong = stores()
    expect(await outageOf(wrong.clients.get({ collection: 'c', id: 'id' }))).toContain('not a database')
    expect(await causeOf(wrong)).toContain('not a database')
    const folder = sqliteStores(() => open(`${file()}/nowhere/auth.db`), { maxWaitMs: 500 })
    state.opened.push(folder)
    await outageOf(folder.clients.get({ collection: 'c', id: 'id' }))
  })

  it('a file that a later release needs is refused with both versions, also by a process that runs', async () => {
    const running = stores()
    expect(await put(running, 'before', 10)).toBe(true)
    admin('update countersign_place set version = 7, needs = 1')
    expect(await put(running, 'expanded', 10)).toBe(true)
    admin('update countersign_place set needs = 7')
    for (const one of [running, stores()]) {
      expect(await outageOf(put(one, 'contracted', 10))).toMatch(/version 7 .* knows 1: install the later release/)
      expect(await causeOf(one)).toContain('version 7')
    }
    admin('update countersign_place set needs = 1')
    expect(await put(running, 'again', 10)).toBe(true)
  })

  it('a file that is gone is an outage of those who had it open, and never a new file of theirs', async () => {
    const running = stores()
    await put(running, 'before', 10)
    await removeFile(state.place as SqlitePlace)
    expect(await outageOf(put(running, 'after', 10))).toContain('the file is gone')
    expect(await outageOf(running.clients.get({ collection: 'c', id: 'before' }))).toContain('the file is gone')
    expect(await causeOf(running)).toContain('the file is gone')
    expect(await stores().clients.get({ collection: 'c', id: 'before' })).toBeUndefined()
    // the file of another process is taken, with what it knows
    expect(await running.replay.claim({ ...claim('old'), issuedAgoMs: 30_000 })).toBe('unprovable')
    expect(await running.replay.claim(claim('new'))).toBe('claimed')
  })

  it('a database in a transaction of its owner is an outage that says so', async () => {
    const database = open(file())
    const shared = stores(() => database)
    const own = sqliteStores(database, { maxWaitMs: 200 })
    state.opened.push(own)
    await put(own, 'before', 10)
    database.prepare('begin').run()
    expect(await outageOf(put(own, 'within', 10))).toContain('a transaction of its owner')
    expect(await outageOf(own.clients.get({ collection: 'c', id: 'before' }))).toContain('a transaction of its owner')
    database.prepare('rollback').run()
    expect(await put(own, 'after', 10)).toBe(true)
    await own.close()
    expect(database.prepare('select 1 as one').all()).toHaveLength(1)
    await shared.close()
  })

  it('a database in memory is refused', async () => {
    expect(await causeOf(stores(() => open(':memory:')))).toContain('must be in a file')
  })
})
