import { randomUUID } from 'node:crypto'
import type { Stores } from '@countersign/core'
import type { RedisWarning } from '@countersign/redis'
import { expect, it } from 'vitest'
import { describeWithServers } from './redis-servers.js'
import { answerOf, claim, connect, median, minute, open, pause, start, timed, withReplica } from './waiting-stores.js'

describeWithServers("durability: 'wait'", () => {
  const rotate = (stores: Stores, family: string, retryWindowMs = 0) =>
    stores.families.rotate({ family, generation: 0, binding: 'b', retryWindowMs })

  /** Everything that grants something once, in a state in which it would. */
  async function prepared(stores: Stores) {
    const [family, jti, challenge] = [randomUUID(), randomUUID(), randomUUID()]
    await stores.families.create({ family, binding: 'b', data: 'd', ttlMs: minute })
    await stores.nonces.remember(jti, { clientId: 'client', ttlMs: minute })
    await stores.challenges.put(challenge, 'record', minute)
    const [id, created, document] = [randomUUID(), randomUUID(), randomUUID()]
    return {
      rotated: () => rotate(stores, family).then(({ outcome }) => outcome),
      spent: () => stores.nonces.spend(jti, 'purpose'),
      taken: () => stores.challenges.take(challenge),
      claimed: () => claim(stores, id),
      created: () => stores.families.create({ family: created, binding: 'b', data: 'd', ttlMs: minute }).then(() => 'created'),
      put: () => stores.clients.put({ collection: 'c', id: document, value: '{"secret":"s"}', revision: 0, group: 'g' }),
    }
  }
  const granted = { rotated: 'rotated', spent: 'spent', taken: 'record', claimed: 'claimed', created: 'created', put: true }

  async function answersOf(calls: Awaited<ReturnType<typeof prepared>>): Promise<Record<string, unknown>> {
    const entries = Object.entries(calls).map(async ([name, call]) => [name, await answerOf(call())] as const)
    return Object.fromEntries(await Promise.all(entries))
  }
  const outages = Object.fromEntries(Object.keys(granted).map((name) => [name, 'outage']))

  it('what a frozen replica does not acknowledge is taken back, and is granted once when it is tried again', async () => {
    const { master, replica } = await withReplica()
    const { stores, warnings } = open(connect(master), { maxWaitMs: 400 })
    await stores.ready()
    const calls = await prepared(stores)
    replica.freeze()
    expect(await answersOf(calls)).toEqual(outages)
    // The server itself has nothing of it: also a process that waits for nobody is granted everything.
    const { stores: other } = open(connect(master), { durability: 'server' })
    expect((await other.clients.list({ collection: 'c' })).length).toBe(0)
    expect((await other.clients.count({ collection: 'c' })).groups).toEqual([])
    replica.thaw()
    await expect.poll(() => answerOf(claim(stores, randomUUID())), { interval: 20, timeout: 5_000 }).toBe('claimed')
    expect(await answersOf(calls)).toEqual(granted)
    expect(warnings).toEqual(['replica_lost', 'replica_restored'])
  })

  it('a change whose script the server had forgotten waits for its replica as well', async () => {
    const { master, replica } = await withReplica()
    const { stores } = open(connect(master), { maxWaitMs: 400 })
    await stores.ready()
    expect(await answersOf(await prepared(stores))).toEqual(granted)
    const calls = await prepared(stores)
    // Each second a replica says by itself how much it has: then it has everything, and WAIT alone proves nothing more.
    await pause(1_500)
    replica.freeze()
    // Redis 7.4 forgets scripts by itself, when others send it many.
    await connect(master).script('FLUSH')
    const { claimed } = calls
    expect(await answerOf(claimed())).toBe('outage')
    replica.thaw()
    await expect.poll(() => answerOf(claim(stores, randomUUID())), { interval: 20, timeout: 5_000 }).toBe('claimed')
    expect(await answersOf(calls)).toEqual(granted)
  })

  it('a client that asks eight times while the replica is frozen keeps its family, and nobody gets two children', async () => {
    const { master, replica } = await withReplica()
    const { stores } = open(connect(master), { maxWaitMs: 400 })
    await stores.families.create({ family: 'f', binding: 'b', data: 'd', ttlMs: minute })
    replica.freeze()
    for (let at = 0; at < 8; at += 1) {
      expect(await answerOf(rotate(stores, 'f'))).toBe('outage')
      await pause(100)
    }
    replica.thaw()
    await expect.poll(() => answerOf(claim(stores, randomUUID())), { interval: 20, timeout: 5_000 }).toBe('claimed')
    expect(await rotate(stores, 'f')).toMatchObject({ outcome: 'rotated', generation: 1 })
    expect(await stores.families.find('f')).toMatchObject({ generation: 1, revoked: undefined })
  })

  it('while a replica is frozen or gone, a change is refused in a few milliseconds and nothing of it is done', async () => {
    const { master, replica } = await withReplica()
    const { stores, warnings } = open(connect(master))
    await stores.ready()
    const calls = await prepared(stores)
    const fast = async (): Promise<void> => {
      const begun = performance.now()
      expect(await answersOf(calls)).toEqual(outages)
      expect(performance.now() - begun).toBeLessThan(100)
      const each: number[] = []
      for (let at = 0; at < 21; at += 1) each.push((await timed(() => claim(stores, `fast ${at}`))).ms)
      expect(median(each)).toBeLessThan(5)
      expect((await stores.ready()).parts.redis).toMatchObject({
        ok: false,
        cause: { cause: { message: expect.stringContaining('no replica') } },
      })
    }
    replica.freeze()
    expect((await timed(() => claim(stores, 'first'))).answer).toBe('outage')
    await fast()
    await replica.kill()
    await expect.poll(async () => (await connect(master).info('replication')).includes('connected_slaves:0')).toBe(true)
    await fast()
    expect(warnings).toEqual(['replica_lost'])
    await replica.start()
    await expect.poll(async () => (await stores.ready()).ok, { timeout: 10_000, interval: 100 }).toBe(true)
    expect(await answersOf(calls)).toEqual(granted)
    expect(warnings).toEqual(['replica_lost', 'replica_restored'])
  })

  it('a server that has no replica is known before the first change, and once for all tenants', async () => {
    const server = await start()
    const client = connect(server)
    const warnings: string[] = []
    const onWarning = ({ name }: RedisWarning): void => void warnings.push(name)
    const tenants = ['a', 'b', 'c'].map((tenant) => open(client, { tenant, onWarning }).stores)
    await expect.poll(() => warnings).toEqual(['replica_lost'])
    for (const stores of tenants)
      expect(await timed(() => claim(stores, 'id'))).toMatchObject({ answer: 'outage', ms: expect.toSatisfy((ms) => ms < 40) })
    expect(warnings).toEqual(['replica_lost'])
  })

  it('revocations and ends of families are made also while there is no replica, and are outages all the same', async () => {
    const { master, replica } = await withReplica()
    const { stores } = open(connect(master), { maxWaitMs: 400 })
    await stores.families.create({ family: 'f', binding: 'b', data: 'd', ttlMs: minute })
    replica.freeze()
    for (let at = 0; at < 2; at += 1) expect(await answerOf(claim(stores, `id ${at}`))).toBe('outage')
    expect(await answerOf(stores.families.revoke('f', 'signed_out'))).toBe('outage')
    expect(await answerOf(stores.revocations.revoke({ type: 'client', issuer: 'issuer', clientId: 'client' }))).toBe('outage')
    expect((await stores.families.find('f'))?.revoked).toBe('signed_out')
    expect((await stores.revocations.since(undefined)).records.length).toBe(1)
  })

  it('reads and the commands of the host do not stand behind WAIT', async () => {
    const { master, replica } = await withReplica()
    const client = connect(master)
    const { stores } = open(client)
    await stores.ready()
    replica.freeze()
    const change = timed(() => claim(stores, 'slow'))
    await pause(20)
    const read = await timed(() => stores.families.find('unknown'))
    const own = await timed(() => client.set('wait|own', '1', 'PX', 1_000))
    expect(read.ms).toBeLessThan(200)
    expect(own).toMatchObject({ answer: 'OK', ms: expect.toSatisfy((ms) => ms < 200) })
    const { answer, ms } = await change
    expect(answer).toBe('outage')
    expect(ms).toBeGreaterThan(400)
  })

  it('one WAIT is for all changes that were sent before it', async () => {
    const { master } = await withReplica(2)
    const admin = connect(master)
    const { stores } = open(connect(master))
    await stores.ready()
    const waits = async (): Promise<number> => Number((await admin.info('commandstats')).match(/cmdstat_wait:calls=(\d+)/)?.[1] ?? 0)
    const before = await waits()
    const answers = await Promise.all(Array.from({ length: 500 }, (_, at) => claim(stores, `id ${at}`)))
    expect(new Set(answers)).toEqual(new Set(['claimed']))
    expect((await waits()) - before).toBeLessThan(5)
    // while one is under way, changes collect
    const lanes = Array.from({ length: 50 }, async (_, lane) => {
      for (let at = 0; at < 10; at += 1) expect(await claim(stores, `${lane} ${at}`)).toBe('claimed')
    })
    await Promise.all(lanes)
    expect((await waits()) - before).toBeLessThan(60)
  })

  it.each([
    { meanwhile: 'the replica goes on', thawed: true },
    { meanwhile: 'the replica stays frozen', thawed: false },
  ])('a change whose connection is lost is acknowledged on the next one, or taken back: $meanwhile', async ({ thawed }) => {
    const { master, replica } = await withReplica()
    const admin = connect(master)
    const { stores } = open(connect(master), { maxWaitMs: 2_000 })
    await stores.ready()
    const calls = await prepared(stores)
    replica.freeze()
    const asked = answersOf(calls)
    await pause(100)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal')
    if (thawed) replica.thaw()
    expect(await asked).toEqual(thawed ? granted : outages)
    replica.thaw()
    await expect.poll(() => answerOf(claim(stores, randomUUID())), { interval: 20, timeout: 5_000 }).toBe('claimed')
    if (!thawed) expect(await answersOf(calls)).toEqual(granted)
    // nothing is granted a second time
    expect(await answerOf(calls.claimed())).toBe('replayed')
    expect(await answerOf(calls.spent())).toBe('replayed')
    expect(await answerOf(calls.taken())).toBe(null)
    expect(await answerOf(calls.put())).toBe(false)
    expect(await answerOf(calls.rotated())).toBe('reused')
  })
})
