import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { entryOf, listeningTenant, tenantAt, untilFollowed, warningsDuring } from './many-tenants.js'
import { describeWithServers, type OwnServers, startCluster } from './redis-servers.js'

const prefix = 'tenants'

describeWithServers('stores of many tenants on one client of a Cluster', () => {
  const started: OwnServers[] = []
  const admins: Redis[] = []

  beforeAll(async () => {
    const cluster = await startCluster()
    started.push(cluster)
    admins.push(...cluster.servers.map(({ host, port }) => new Redis({ host, port })))
  }, 60_000)
  afterAll(async () => {
    for (const admin of admins) admin.disconnect()
    for (const cluster of started) await cluster.remove()
  })

  async function connections(): Promise<number> {
    const lists = await Promise.all(admins.map((admin) => admin.client('LIST')))
    return String(lists).split('name=tenant-cluster ').length - 1
  }

  function start(count: number) {
    const nodes = started.flatMap(({ servers }) => servers)
    const client = new Cluster([...nodes], { keyPrefix: 'before:', redisOptions: { connectionName: 'tenant-cluster' } })
    const tenants = Array.from({ length: count }, (_, at) => listeningTenant(client, prefix, `tenant ${at}`))
    return { client, tenants }
  }

  it('a hundred need no connection more, and each hears of its own revocations only, within a second', async () => {
    const warnings = await warningsDuring(async () => {
      const { client, tenants } = start(100)
      await untilFollowed(tenants)
      // One for each node, and the one of the driver that asks for the slots.
      expect(await connections()).toBeLessThanOrEqual(4)
      const before = tenants.map(({ calls }) => calls())
      const even = tenants.filter((_, at) => at % 2 === 0)
      await Promise.all(even.map(({ stores }, at) => stores.revocations.revoke(entryOf(`t${at}`))))
      const told = performance.now()
      const heard = () => tenants.filter(({ calls }, at) => calls() > (before[at] ?? 0))
      await expect.poll(heard, { interval: 10 }).toEqual(even)
      expect(performance.now() - told).toBeLessThan(1_000)
      await Promise.all(tenants.map(({ stores }) => stores.close()))
      expect(client.listenerCount('end')).toBe(0)
      client.disconnect()
    })
    expect(warnings).toEqual([])
  })

  it('one that is frozen keeps no tenant of another node from hearing', async () => {
    const { client, tenants } = start(30)
    await untilFollowed(tenants)
    const [first] = admins
    const pid = Number(/process_id:(\d+)/.exec(String(await first?.info('server')))?.[1])
    const places = await Promise.all(tenants.map(async (_, at) => first?.cluster('KEYSLOT', `{tenant%20${at}}`)))
    const frozen = `127.0.0.1:${started[0]?.servers[0]?.port}`
    const reachable = tenants.filter((_, at) => client.slots[Number(places[at])]?.[0] !== frozen)
    const before = reachable.map(({ calls }) => calls())
    process.kill(pid, 'SIGSTOP')
    try {
      await Promise.all(reachable.map(({ stores }) => stores.revocations.revoke(entryOf('while frozen'))))
      await expect.poll(() => reachable.filter(({ calls }, at) => calls() === before[at]).length, { timeout: 2_000 }).toBe(0)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    expect(reachable.length).toBeGreaterThan(5)
    await Promise.all(tenants.map(({ stores }) => stores.close()))
    client.disconnect()
  })

  it('a subscription of the closed stores of one tenant ends alone', async () => {
    const { client, tenants } = start(2)
    await untilFollowed(tenants)
    await tenantAt(tenants, 0).stores.close()
    const [ended, before] = [tenantAt(tenants, 0).calls(), tenantAt(tenants, 1).calls()]
    await tenantAt(tenants, 1).stores.revocations.revoke(entryOf('after a close'))
    await expect.poll(tenantAt(tenants, 1).calls).toBeGreaterThan(before)
    expect(tenantAt(tenants, 0).calls()).toBe(ended)
    await tenantAt(tenants, 1).stores.close()
    client.disconnect()
  })
})
