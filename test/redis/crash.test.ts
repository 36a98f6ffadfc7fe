import { isUnavailable, type ReplayVerdict, type Stores } from '@countersign/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { drivers, openStores } from './drivers.js'
import { describeWithServers, type OwnServer, startServer } from './redis-servers.js'

const minute = 60_000

/** Something that was issued, and is claimed with its true age. */
interface Issued {
  readonly id: string
  readonly at: number
}

function claim({ replay }: Stores, { id, at }: Issued): Promise<ReplayVerdict | 'outage'> {
  const issuedAgoMs = performance.now() - at
  return replay.claim({ purpose: 'test', id, issuedAgoMs, ttlMs: minute }).catch((error: unknown) => {
    if (isUnavailable(error)) return 'outage'
    throw error
  })
}

const issue = (round: number): readonly Issued[] =>
  Array.from({ length: 64 }, (_, n) => ({ id: `round ${round} id ${n}`, at: performance.now() }))
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

describeWithServers('a Redis server that is killed and comes back empty', () => {
  const servers: OwnServer[] = []
  const opened: { close(): Promise<void> }[] = []
  const crash = async (): Promise<void> => {
    await servers[0]?.kill()
    await servers[0]?.start()
  }

  beforeAll(async () => {
    servers.push(await startServer())
  })
  afterEach(async () => {
    for (const { close } of opened.splice(0)) await close()
  })
  afterAll(async () => {
    for (const server of servers) await server.remove()
  })

  describe.each(drivers)('with %s', (driver) => {
    const open = async (): Promise<Stores> => {
      const one = openStores(driver, { nodes: servers }, { prefix: `crash-${driver}`, onWarning: () => undefined })
      opened.push(one)
      await one.stores.ready()
      return one.stores
    }

    it('grants nothing twice: claims in flight, claims before and claims after, on two connections', async () => {
      const [one, two] = [await open(), await open()]
      const seen = new Set<string>()
      for (let round = 0; round < 8; round += 1) {
        const [answered, inFlight] = [issue(2 * round), issue(2 * round + 1)]
        await pause(5)
        expect(await Promise.all(answered.map((issued) => claim(one, issued)))).toEqual(answered.map(() => 'claimed'))
        const racing = [...inFlight.map((issued) => claim(one, issued)), ...inFlight.map((issued) => claim(two, issued))]
        const replays = answered.map((issued) => claim(round % 2 === 0 ? one : two, issued))
        if (round % 3 > 0) await pause(round % 3)
        await crash()
        const [race, replayed] = [await Promise.all(racing), await Promise.all(replays)]
        for (const verdict of [...race, ...replayed]) seen.add(verdict)
        expect(replayed.filter((verdict) => verdict === 'claimed')).toEqual([])

        await expect.poll(() => one.ready().then(({ ok }) => ok)).toBe(true)
        await expect.poll(() => two.ready().then(({ ok }) => ok)).toBe(true)
        for (const verdict of await Promise.all(answered.map((issued) => claim(two, issued))))
          expect(['unprovable', 'replayed']).toContain(verdict)
        const late = await Promise.all(inFlight.map((issued) => claim(two, issued)))
        inFlight.forEach((_, n) => {
          const granted = [race[n], race[n + 64], late[n]].filter((verdict) => verdict === 'claimed').length
          expect(granted).toBeLessThanOrEqual(1)
        })
      }
      expect(seen).toContain('unprovable')
    }, 60_000)

    it('calls errors errors: nobody is told a verdict while it is down', async () => {
      const stores = await open()
      await servers[0]?.kill()
      const verdicts = await Promise.all(issue(100).map((issued) => claim(stores, issued)))
      await servers[0]?.start()
      expect(new Set(verdicts)).toEqual(new Set(['outage']))
    })

    it('does not know its nonces any more, spent or not', async () => {
      const stores = await open()
      await stores.nonces.remember('spent', { clientId: 'client', ttlMs: minute })
      await stores.nonces.remember('unspent', { clientId: 'client', ttlMs: minute })
      expect(await stores.nonces.spend('spent', 'purpose')).toBe('spent')
      const inFlight = Promise.allSettled(Array.from({ length: 64 }, () => stores.nonces.spend('unspent', 'purpose')))
      await crash()
      const spent = (await inFlight).filter((answer) => answer.status === 'fulfilled' && answer.value === 'spent').length
      expect(spent).toBeLessThanOrEqual(1)
      await expect.poll(() => stores.ready().then(({ ok }) => ok)).toBe(true)
      expect([await stores.nonces.spend('spent', 'purpose'), await stores.nonces.spend('unspent', 'purpose')]).toEqual([
        'unknown',
        'unknown',
      ])
    })

    it('tells readers of revocations that it lost some, and what they write back is there', async () => {
      const [guard, operator] = [await open(), await open()]
      const entry = { type: 'client', issuer: 'issuer', clientId: 'locked' } as const
      const cursor = await operator.revocations.revoke(entry)
      const before = await guard.revocations.since(cursor)
      await crash()
      await expect.poll(() => guard.ready().then(({ ok }) => ok)).toBe(true)
      const after = await guard.revocations.since(cursor)
      expect(after).toMatchObject({ lost: true, records: [] })
      expect(after.retainedSince).toBeGreaterThan(before.retainedSince)
      expect(guard.revocations.compare(after.cursor, cursor)).not.toBe(0)
      await guard.revocations.revoke(entry)
      expect((await operator.revocations.since(after.cursor)).records.map((record) => record.entry)).toEqual([entry])
      expect((await operator.revocations.since(cursor)).lost).toBe(true)
    })
  })
})
