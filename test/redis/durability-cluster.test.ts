import { randomUUID } from 'node:crypto'
import { isUnavailable, type Stores } from '@countersign/core'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drivers, openStores } from './drivers.js'
import type { Driver } from './redis-backend.js'
import { describeWithServers, type OwnServer, type OwnServers, startCluster } from './redis-servers.js'

const minute = 60_000

async function answerOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (isUnavailable(error)) return 'outage'
    throw error
  })
}

describeWithServers("durability: 'wait' in a Redis Cluster with a replica of each master", () => {
  const ended: (() => unknown)[] = []
  const group: { value?: OwnServers; replica?: OwnServer } = {}

  async function roleOf({ port }: OwnServer): Promise<unknown> {
    const client = new Redis({ host: '127.0.0.1', port })
    const [role] = await client.role()
    client.disconnect()
    return role
  }

  beforeAll(async () => {
    group.value = await startCluster(1)
    for (const server of group.value.servers) if ((await roleOf(server)) === 'slave') group.replica ??= server
  }, 60_000)
  afterAll(async () => {
    for (const end of ended.reverse()) await end()
    group.replica?.thaw()
    await group.value?.remove()
  })

  function open(driver: Driver): { readonly stores: Stores; readonly warnings: string[] } {
    const warnings: string[] = []
    const { stores, close } = openStores(
      driver,
      { nodes: group.value?.servers ?? [] },
      { prefix: `wait-${driver}`, durability: 'wait', onWarning: ({ name }) => void warnings.push(name) },
    )
    ended.push(close)
    return { stores, warnings }
  }

  const claims = (stores: Stores, name: string): Promise<readonly unknown[]> =>
    Promise.all(
      Array.from({ length: 60 }, (_, at) =>
        answerOf(stores.replay.claim({ purpose: 'test', id: `${name} ${at}`, issuedAgoMs: 0, ttlMs: minute })),
      ),
    )
  const countOf = (answers: readonly unknown[], answer: unknown): number => answers.filter((one) => one === answer).length

  it.each(drivers)(
    'each master waits for its own replica: only changes of the master whose replica is frozen are refused and taken back: %s',
    async (driver) => {
      const { stores, warnings } = open(driver)
      const all = async (): Promise<number> => countOf(await claims(stores, randomUUID()), 'claimed')
      await expect.poll(all, { timeout: 20_000, interval: 200 }).toBe(60)
      expect((await stores.ready()).ok).toBe(true)
      warnings.splice(0)
      group.replica?.freeze()
      const partly = await claims(stores, 'partly')
      expect(countOf(partly, 'outage')).toBeGreaterThan(5)
      expect(countOf(partly, 'claimed')).toBeGreaterThan(20)
      expect(countOf(partly, 'outage') + countOf(partly, 'claimed')).toBe(60)
      const begun = performance.now()
      await claims(stores, 'fast')
      expect(performance.now() - begun).toBeLessThan(200)
      expect(warnings).toEqual(['replica_lost'])
      group.replica?.thaw()
      await expect.poll(() => warnings, { timeout: 5_000 }).toEqual(['replica_lost', 'replica_restored'])
      const again = await claims(stores, 'partly')
      expect(again.map((answer) => answer === 'claimed')).toEqual(partly.map((answer) => answer === 'outage'))
      expect(countOf(again, 'replayed')).toBe(countOf(partly, 'claimed'))
    },
  )
})
