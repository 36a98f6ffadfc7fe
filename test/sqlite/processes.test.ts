import { once } from 'node:events'
import { isUnavailable, type Stores } from '@countersign/core'
import { type SqliteDatabase, sqliteStores } from '@countersign/sqlite'
import { type OpenedStores, remoteStores } from '@countersign/testkit'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { drivers } from './drivers.js'
import { newPlace, processes, removePlace, type SqlitePlace } from './sqlite-backend.js'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const claim = (id: string): { purpose: string; id: string; issuedAgoMs: number; ttlMs: number } => ({
  purpose: 'test',
  id,
  issuedAgoMs: 0,
  ttlMs: 60_000,
})

/** The longest time for which nothing else ran, in milliseconds. */
async function longestHold(use: () => Promise<unknown>): Promise<number> {
  const state = { last: performance.now(), longest: 0 }
  const timer = setInterval(() => {
    const now = performance.now()
    state.longest = Math.max(state.longest, now - state.last)
    state.last = now
  }, 5)
  await use()
  await pause(10)
  clearInterval(timer)
  return state.longest
}

/** A database that waits as one does whose busy timeout nobody turned off. */
function waiting(database: SqliteDatabase): SqliteDatabase {
  return {
    prepare: (sql) => database.prepare(sql.startsWith('pragma busy_timeout') ? 'pragma busy_timeout = 1000' : sql),
    close: () => database.close(),
  }
}

describe.each(drivers)('several processes on one file, through $name', (driver) => {
  const others = processes()
  const state = { place: undefined as SqlitePlace | undefined }
  const file = (): string => state.place?.file ?? ''
  const stores = (opens = () => driver.open(file()), maxWaitMs = 2_000): Stores => sqliteStores(opens, { maxWaitMs })
  const another = async (): Promise<OpenedStores & { kill(): Promise<unknown> }> => {
    const child = await others.start(file(), driver)
    const remote = await remoteStores(child)
    return {
      ...remote,
      kill() {
        const ended = once(child, 'exit')
        child.kill('SIGKILL')
        return ended
      },
    }
  }
  afterAll(() => others.close())
  beforeEach(async () => {
    state.place = await newPlace()
  })
  afterEach(() => (state.place ? removePlace(state.place) : undefined))

  it('what was answered is there after its process was killed in the middle of writing, and the file is sound', async () => {
    const mine = stores()
    for (let round = 0; round < 4; round += 1) {
      const writer = await another()
      const answered: string[] = []
      const write = async (lane: number): Promise<void> => {
        for (let n = 0; ; n += 1) {
          const id = `${round} ${lane} ${n}`
          if ((await writer.stores.replay.claim(claim(id))) === 'claimed') answered.push(id)
        }
      }
      const lanes = Promise.allSettled(Array.from({ length: 16 }, (_, lane) => write(lane)))
      while (answered.length < 40) await pause(1)
      await pause(round * 3)
      await writer.kill()
      await lanes
      const verdicts = await Promise.all(answered.map((id) => mine.replay.claim({ ...claim(id), issuedAgoMs: 1_000_000 })))
      expect(new Set(verdicts)).toEqual(new Set(['replayed']))
    }
    await mine.close()
    const database = driver.open(file())
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    database.close()
  })

  it('while another connection writes, calls wait and the event loop does not', async () => {
    const writer = driver.open(file())
    const hold = async (): Promise<void> => {
      writer.prepare('begin immediate').run()
      await pause(600)
      writer.prepare('commit').run()
    }
    const held = async (one: Stores, id: string): Promise<number> => {
      await one.ready()
      const claimed = async (): Promise<void> => {
        await pause(50)
        expect(await one.replay.claim(claim(id))).toBe('claimed')
      }
      const longest = await longestHold(() => Promise.all([hold(), claimed()]))
      await one.close()
      return longest
    }
    expect(await held(stores(), 'tried again')).toBeLessThan(200)
    // what it would be like
    expect(
      await held(
        stores(() => waiting(driver.open(file()))),
        'waited for',
      ),
    ).toBeGreaterThan(500)
    writer.close()
  })

  it('a call that waits too long for another connection is an outage, and is not carried out later; reads do not wait', async () => {
    const mine = stores(undefined, 300)
    await mine.ready()
    const writer = driver.open(file())
    writer.prepare('begin immediate').run()
    const begun = performance.now()
    const waited = mine.replay.claim(claim('late')).catch((error: unknown) => error)
    expect(await mine.clients.list({ collection: 'c' })).toEqual([])
    expect(performance.now() - begun).toBeLessThan(200)
    expect(isUnavailable(await waited)).toBe(true)
    expect(performance.now() - begun).toBeLessThan(1_500)
    expect((await mine.ready()).ok).toBe(false)
    writer.prepare('commit').run()
    await pause(50)
    expect(await mine.replay.claim(claim('late'))).toBe('claimed')
    expect((await mine.ready()).ok).toBe(true)
    await mine.close()
    writer.close()
  })

  it('a revocation of another process is told within a second', async () => {
    const mine = stores()
    await mine.ready()
    const writer = await another()
    const told: number[] = []
    const end = mine.revocations.subscribe(() => told.push(performance.now()))
    await pause(400)
    for (let n = 0; n < 5; n += 1) {
      const before = told.length
      const begun = performance.now()
      await writer.stores.revocations.revoke({ type: 'client', issuer: 'i', clientId: `${n}` })
      while (told.length === before && performance.now() - begun < 1_000) await pause(5)
      expect(told.length).toBeGreaterThan(before)
    }
    end()
    await mine.close()
    await writer.close()
  })

  it('a new file is made by one of many who open it at once', async () => {
    const [one, two] = await Promise.all([another(), another()])
    const many = Array.from({ length: 8 }, () => stores())
    expect((await Promise.all(many.map((each) => each.ready()))).map(({ ok }) => ok)).toEqual(many.map(() => true))
    const all = [...many, one.stores, two.stores]
    const verdicts = await Promise.all(all.map((each) => each.replay.claim(claim('one'))))
    expect(verdicts.filter((verdict) => verdict === 'claimed')).toHaveLength(1)
    for (const each of [...many, one, two]) await each.close()
  })
})
