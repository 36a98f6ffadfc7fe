import { type SqliteDatabase, type SqliteStores, sqliteStores } from '@countersign/sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { drivers } from './drivers.js'
import { newPlace, removePlace, type SqlitePlace } from './sqlite-backend.js'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const entry = { type: 'client', issuer: 'issuer', clientId: 'client' } as const

describe.each(drivers)('one file and many stores, through $name', ({ name, open }) => {
  const state = { place: undefined as SqlitePlace | undefined }
  const file = (): string => state.place?.file ?? ''
  const count = (table: string): number => {
    const database = open(file())
    const [row] = database.prepare(`select count(*) as n from countersign_${table}`).all() as { n: number }[]
    database.close()
    return Number(row?.n)
  }
  beforeEach(async () => {
    state.place = await newPlace()
  })
  afterEach(() => (state.place ? removePlace(state.place) : undefined))

  it('tenants share a database object: each is told of its own revocations, and one that closes leaves the others what they share', async () => {
    const database = open(file())
    const tenants = Array.from({ length: 20 }, (_, n) => sqliteStores(database, { tenant: `tenant ${n}` }))
    const told = tenants.map(() => 0)
    for (const [n, { revocations }] of tenants.entries())
      revocations.subscribe(() => {
        told[n] = (told[n] ?? 0) + 1
      })
    await tenants[3]?.revocations.revoke(entry)
    expect(told.map((calls) => calls > 0)).toEqual(tenants.map((_, n) => n === 3))
    for (const tenant of tenants.slice(1)) await tenant.close()
    await expect(tenants[1]?.clients.get({ collection: 'c', id: 'id' })).resolves.toBeUndefined()
    expect((await tenants[0]?.ready())?.ok).toBe(true)
    await tenants[0]?.close()
    // it is the host's
    expect(database.prepare('select 1 as one').all()).toHaveLength(1)
    database.close()
  })

  it('what waits when stores are closed is carried out, and what comes later is an outage', async () => {
    const stores = sqliteStores(() => open(file()))
    const putting = stores.clients.put({ collection: 'c', id: 'id', value: '0', revision: 0 })
    const closing = stores.close()
    expect(await putting).toBe(true)
    await closing
    await stores.close()
    await expect(stores.clients.get({ collection: 'c', id: 'id' })).rejects.toMatchObject({ reason: 'store_unavailable' })
    await expect(stores.sweep()).rejects.toThrow('closed')
  })

  it('what has ended is swept by itself, in slices, and what lasts stays', async () => {
    const stores = sqliteStores(() => open(file()), { sweepEverySeconds: 0.2 })
    await Promise.all(Array.from({ length: 1_200 }, (_, n) => stores.replay.claim({ purpose: 't', id: `${n}`, issuedAgoMs: 0, ttlMs: 50 })))
    await stores.families.create({ family: 'f', binding: 'b', data: 'd', ttlMs: 60_000 })
    for (let n = 0; n < 10; n += 1) await stores.revocations.revoke(entry)
    for (let tries = 0; tries < 40 && count('claims') > 0; tries += 1) await pause(100)
    await pause(300)
    expect([count('claims'), count('families'), count('revocations')]).toEqual([0, 1, 1])
    expect((await stores.ready()).parts.sweep).toEqual({ ok: true })
    await stores.close()
  })

  it('a sweep reads by an index and never a whole table', async () => {
    const stores = sqliteStores(() => open(file()))
    await stores.ready()
    await stores.close()
    const database = open(file())
    for (const [table, key] of [
      ['claims', 'key'],
      ['calls', 'key'],
      ['revocations', 'epoch'],
      ['audit', 'id'],
    ]) {
      const plan = database
        .prepare(
          `explain query plan delete from countersign_${table} where (tenant, ${key}) in (select tenant, ${key} from countersign_${table} where expires_at <= ? limit ?)`,
        )
        .all(1, 2) as { detail: string }[]
      expect(plan.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN'))).toEqual([])
    }
    database.close()
  })

  it('a path is opened by node:sqlite, or is told what to pass instead', async () => {
    const withPath = (): SqliteStores => sqliteStores(file())
    if (name !== 'node:sqlite') {
      if (process.getBuiltinModule?.('node:sqlite') === undefined)
        expect(withPath).toThrow(
          /^sqliteStores: the first argument must be a function on Node before 22.13, for instance \(\) => new Database\(path\)/,
        )
      return
    }
    const stores = withPath()
    expect((await stores.ready()).ok).toBe(true)
    await stores.close()
  })
})

it.each<[string, unknown, object | undefined, string | RegExp]>([
  ['no file', '', undefined, 'the first argument must be the path of a file, got ""'],
  ['memory', ':memory:', undefined, 'the first argument must be the path of a file, got ":memory:"'],
  ['nothing', undefined, undefined, 'the first argument must be a path, an open database, or a function that opens one'],
  ['a misspelt option', () => undefined, { maxWait: 1 }, 'unknown option "maxWait"; did you mean "maxWaitMs"?'],
  ['a wait of nothing', () => undefined, { maxWaitMs: 0 }, /maxWaitMs must be/],
])('%s is a TypeError', (_, source, options, message) => {
  expect(() => sqliteStores(source as SqliteDatabase, options)).toThrow(message)
})
