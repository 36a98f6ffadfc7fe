import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { nodeRedisMajors, openNodeRedis } from './node-redis-clients.js'
import { describeWithServers, startCluster } from './redis-servers.js'
import { answerOf, claim, connect } from './waiting-stores.js'

describeWithServers('a Cluster through the package redis', () => {
  it.each(nodeRedisMajors)(
    'follows a slot while it moves and after it, and a master that is gone: %s',
    { timeout: 90_000 },
    async (major) => {
      const { servers, remove } = await startCluster(1)
      onTestFinished(remove)
      const { stores, close } = openNodeRedis(major, { nodes: servers }, { prefix: 'own', onWarning: () => undefined })
      onTestFinished(close)
      const claims = async (): Promise<number> => {
        const answers = await Promise.all(Array.from({ length: 60 }, () => answerOf(claim(stores, randomUUID()))))
        return answers.filter((answer) => answer === 'claimed').length
      }
      await expect.poll(claims, { timeout: 10_000 }).toBe(60)

      const nodes = servers.map(({ port }) => connect({ port }))
      const roles = await Promise.all(nodes.map(async (node) => (await node.role())[0]))
      const [from, to] = nodes.filter((_, at) => roles[at] === 'master') as [Redis, Redis]
      const [fromId, toId] = await Promise.all([from, to].map((node) => node.call('CLUSTER', 'MYID').then(String)))
      const keyOf = (id: string): string => `own||c4:test${id.length}:${id}`
      const isOfFrom = (id: string): Promise<boolean> =>
        from.exists(keyOf(id)).then(
          () => true,
          () => false,
        )
      let id = randomUUID()
      while (!(await isOfFrom(id))) id = randomUUID()
      const slot = Number(await from.call('CLUSTER', 'KEYSLOT', keyOf(id)))
      await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId ?? '')
      await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId ?? '')
      // ASK: what is new is made where the slot goes to
      expect(await claim(stores, id)).toBe('claimed')
      expect(await claim(stores, id)).toBe('replayed')
      expect(await from.call('CLUSTER', 'COUNTKEYSINSLOT', slot)).toBe(0)
      for (const node of [to, from]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId ?? '')
      // MOVED
      expect(await claim(stores, id)).toBe('replayed')

      const gone = servers.find((_, at) => roles[at] === 'master')
      await gone?.kill()
      await expect.poll(claims, { timeout: 40_000, interval: 200 }).toBe(60)
    },
  )
})
