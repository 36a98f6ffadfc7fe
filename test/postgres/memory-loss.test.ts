import { rm } from 'node:fs/promises'
import { isUnavailable, type ReplayVerdict } from '@countersign/core'
import { migrate, type PostgresStores, postgresStores } from '@countersign/postgres'
import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { copyFolder, describeWithServers, newFolder, type OwnServer, runProgram, startServer } from './own-server.js'
import { patientMs, quietPool } from './postgres-backend.js'

const minute = 60_000
const schema = 'auth'
const claim = { purpose: 'test', id: 'id', ttlMs: 60 * minute }
const presented = { family: 'family', binding: 'client', retryWindowMs: minute }
const entryOf = (clientId: string) => ({ type: 'client', issuer: 'issuer', clientId }) as const

/** Everything of one tenant, and how long ago it was issued by now. */
interface Written {
  readonly epoch: string
  readonly retainedSince: number
  readonly agoMs: () => number
}

async function write(stores: PostgresStores): Promise<Written> {
  const { replay, nonces, challenges, families, revocations } = stores
  await stores.ready()
  const begun = performance.now()
  expect(await replay.claim({ ...claim, issuedAgoMs: 0 })).toBe('claimed')
  await nonces.remember('jti', { clientId: 'client', ttlMs: 60 * minute })
  await challenges.put('id', 'record', 60 * minute)
  await families.create({ family: 'family', binding: 'client', data: 'data', ttlMs: 60 * minute })
  await families.rotate({ ...presented, generation: 0 })
  const epoch = await revocations.revoke(entryOf('revoked'))
  const { retainedSince } = await revocations.since(undefined)
  return { epoch, retainedSince, agoMs: () => performance.now() - begun }
}

async function expectMemoryKept({ replay, nonces, challenges, revocations }: PostgresStores, { epoch, agoMs }: Written): Promise<void> {
  expect(await replay.claim({ ...claim, issuedAgoMs: agoMs() })).toBe('replayed')
  expect(await replay.claim({ ...claim, id: 'another', issuedAgoMs: agoMs() })).toBe('claimed')
  expect(await nonces.spend('jti', 'purpose')).toBe('spent')
  expect(await challenges.take('id')).toBe('record')
  expect((await revocations.since(epoch)).lost).toBe(false)
}

async function expectMemoryLost({ replay, nonces, challenges, revocations }: PostgresStores, written: Written): Promise<void> {
  const { epoch, retainedSince, agoMs } = written
  expect(await replay.claim({ ...claim, id: 'another', issuedAgoMs: agoMs() })).toBe('unprovable')
  expect(await replay.claim({ ...claim, id: 'new', issuedAgoMs: 0 })).toBe('claimed')
  expect(await nonces.spend('jti', 'purpose')).toBe('unknown')
  expect(await challenges.take('id')).toBe(null)
  const delta = await revocations.since(epoch)
  expect(delta.lost).toBe(true)
  expect(delta.retainedSince).toBeGreaterThan(retainedSince)
  expect(revocations.compare(delta.cursor, epoch)).toBeGreaterThan(0)
  await nonces.remember('jti', { clientId: 'client', ttlMs: minute })
  expect(await nonces.spend('jti', 'purpose')).toBe('spent')
}

describeWithServers('PostgreSQL that loses something', () => {
  const servers: OwnServer[] = []
  const pools: Pool[] = []
  const folders: string[] = []
  const state: { primary: OwnServer | undefined } = { primary: undefined }
  const primary = (): OwnServer => {
    if (state.primary === undefined) throw new Error('not started')
    return state.primary
  }

  function connect(server: OwnServer): Pool {
    const pool = quietPool(server.url, { connectionTimeoutMillis: 1_000 })
    pools.push(pool)
    return pool
  }

  async function keep(starting: Promise<OwnServer>): Promise<OwnServer> {
    const server = await starting
    servers.push(server)
    return server
  }

  beforeAll(async () => {
    state.primary = await keep(startServer())
    await migrate(connect(primary()), { schema })
  }, 60_000)
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()))
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.remove()))
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
  }, 60_000)

  it('killed with SIGKILL among 64 claims, it knows every answer that it gave, and grants no id twice', async () => {
    const stores = postgresStores(connect(primary()), { schema, tenant: 'crash' })
    await stores.ready()
    const begun = performance.now()
    const verdicts = new Map<string, ReplayVerdict | 'outage'>()
    const caller = async (number: number): Promise<void> => {
      for (let n = 0; n < 200; n += 1) {
        const id = `${number} ${n}`
        const verdict = await stores.replay
          .claim({ ...claim, id, issuedAgoMs: 0 })
          .catch((error: unknown) => (isUnavailable(error) ? ('outage' as const) : Promise.reject(error)))
        verdicts.set(id, verdict)
        if (verdict === 'outage') return
      }
    }
    const calling = Promise.all(Array.from({ length: 64 }, (_, number) => caller(number)))
    await expect.poll(() => verdicts.size, { interval: 1 }).toBeGreaterThan(100)
    await primary().kill()
    await calling
    await primary().start()
    const later = postgresStores(connect(primary()), { schema, tenant: 'crash', maxWaitMs: patientMs })
    const again = new Map<string, ReplayVerdict>()
    const issuedAgoMs = performance.now() - begun
    for (const id of verdicts.keys()) again.set(id, await later.replay.claim({ ...claim, id, issuedAgoMs }))
    const claimed = [...verdicts].filter(([, verdict]) => verdict === 'claimed').map(([id]) => id)
    expect(claimed.length).toBeGreaterThan(100)
    expect(claimed.filter((id) => again.get(id) !== 'replayed')).toEqual([])
    expect([...verdicts.values()].filter((verdict) => verdict === 'outage').length).toBeGreaterThan(0)
    // nothing was lost, so what was not claimed can be
    expect(await later.replay.claim({ ...claim, id: 'never claimed', issuedAgoMs })).toBe('claimed')
  }, 60_000)

  it('after a dump was restored memory begins anew, and families and revocations are those of the dump', async () => {
    const stores = postgresStores(connect(primary()), { schema, tenant: 'dump', maxWaitMs: patientMs })
    const written = await write(stores)
    const dump = await runProgram('pg_dump', ['-d', primary().url, '-n', schema])
    await stores.families.rotate({ ...presented, generation: 1 })
    expect(await stores.nonces.spend('jti', 'purpose')).toBe('spent')
    await stores.revocations.revoke(entryOf('revoked after the dump'))
    await runProgram('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', primary().url], { input: `drop schema ${schema} cascade;\n${dump}` })
    await expectMemoryLost(stores, written)
    expect(await stores.replay.claim({ ...claim, issuedAgoMs: written.agoMs() })).toBe('replayed')
    expect((await stores.revocations.since(written.epoch)).records.map(({ entry }) => entry)).toEqual([entryOf('revoked')])
    expect(await stores.families.rotate({ ...presented, generation: 2 })).toEqual({ outcome: 'ahead' })
    expect(await stores.families.rotate({ ...presented, generation: 2, heal: true })).toMatchObject({ outcome: 'rotated', generation: 3 })
  }, 60_000)

  it('after a promotion memory begins anew, except where promotions lose nothing', async () => {
    const before = postgresStores(connect(primary()), { schema, tenant: 'asynchronous', maxWaitMs: patientMs })
    const written = await write(before)
    const synchronous = postgresStores(connect(primary()), {
      schema,
      tenant: 'synchronous',
      promotionLosesNothing: true,
      maxWaitMs: patientMs,
    })
    const writtenThere = await write(synchronous)
    const folder = await newFolder()
    await runProgram('pg_basebackup', ['-d', primary().url, '-D', folder, '-R', '--checkpoint=fast', '--no-sync'])
    expect(await before.replay.claim({ ...claim, id: 'not replicated', issuedAgoMs: 0 })).toBe('claimed')
    expect(await before.nonces.spend('jti', 'purpose')).toBe('spent')
    await primary().stop()
    const standby = await keep(startServer(folder))
    const pool = connect(standby)
    const after = postgresStores(pool, { schema, tenant: 'asynchronous', maxWaitMs: patientMs })
    await expect(after.replay.claim({ ...claim, issuedAgoMs: 0 })).rejects.toSatisfy(isUnavailable)
    expect((await after.ready()).ok).toBe(false)
    await pool.query('select pg_promote()')
    await expectMemoryLost(after, written)
    expect(await after.replay.claim({ ...claim, id: 'not replicated', issuedAgoMs: written.agoMs() })).toBe('unprovable')
    const trusting = postgresStores(pool, { schema, tenant: 'synchronous', promotionLosesNothing: true, maxWaitMs: patientMs })
    await expectMemoryKept(trusting, writtenThere)
    await primary().start()
  }, 60_000)

  it('a snapshot of the disks that was put back is noticed by families and revocations, and by the rest as soon as memory is ended by hand', async () => {
    const stores = postgresStores(connect(primary()), { schema, tenant: 'snapshot', maxWaitMs: patientMs })
    const written = await write(stores)
    await Promise.all(pools.splice(0).map((pool) => pool.end()))
    await primary().stop()
    const snapshot = await newFolder()
    folders.push(snapshot)
    await copyFolder(primary().folder, snapshot)
    await primary().start()
    const later = postgresStores(connect(primary()), { schema, tenant: 'snapshot', maxWaitMs: patientMs })
    await expectMemoryKept(later, written)
    await later.families.rotate({ ...presented, generation: 1 })
    const epoch = await later.revocations.revoke(entryOf('lost'))
    await Promise.all(pools.splice(0).map((pool) => pool.end()))
    await primary().stop()
    await copyFolder(snapshot, primary().folder)
    await primary().start()
    const pool = connect(primary())
    const restored = postgresStores(pool, { schema, tenant: 'snapshot', maxWaitMs: patientMs })
    expect((await restored.revocations.since(epoch)).lost).toBe(true)
    expect(await restored.families.rotate({ ...presented, generation: 2 })).toEqual({ outcome: 'ahead' })
    await pool.query(`update ${schema}.memory set home = 0`)
    await expectMemoryLost(restored, written)
  }, 60_000)
})
