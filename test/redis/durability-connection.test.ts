import { randomUUID } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { redisStores } from '@countersign/redis'
import { Redis as Redis5 } from 'ioredis5'
import { expect, it, onTestFinished } from 'vitest'
import { describeWithServers } from './redis-servers.js'
import { serverName } from './server-name.js'
import { answerOf, claim, connect, open, start, withReplica } from './waiting-stores.js'

describeWithServers("the connection of durability: 'wait'", () => {
  it.each([
    ['quit', 'close'],
    ['close', 'quit'],
  ])('all tenants on one client share one connection for changes, which ends by %s and then %s', async (first) => {
    const { master } = await withReplica()
    const admin = connect(master)
    const name = randomUUID()
    const client = connect(master, { connectionName: name, retryStrategy: undefined })
    const tenants = Array.from({ length: 20 }, (_, at) => open(client, { tenant: `t${at}` }).stores)
    await Promise.all(tenants.map((stores) => claim(stores, 'id')))
    const connections = async (): Promise<number> => String(await admin.call('CLIENT', 'LIST')).split(`name=${name}`).length - 1
    expect(await connections()).toBe(2)
    const close = (): Promise<unknown> => Promise.all(tenants.map((stores) => stores.close()))
    if (first === 'quit') await client.quit()
    else await close()
    await expect.poll(connections).toBe(first === 'quit' ? 0 : 1)
    if (first === 'quit') expect(await answerOf(claim(tenants[0] as Stores, 'late'))).toBe('outage')
    await (first === 'quit' ? close() : client.quit())
    await expect.poll(connections).toBe(0)
  })

  it('a server that was demoted is left, where its address leads elsewhere by now', async () => {
    const { master, replica } = await withReplica()
    const third = await start([`replicaof 127.0.0.1 ${replica.port}`])
    await expect.poll(async () => (await connect(third).info('replication')).includes('master_link_status:up')).toBe(true)
    const name = await serverName(master)
    onTestFinished(() => name.close())
    const { stores } = open(connect(name))
    await stores.ready()
    name.leadTo(replica)
    await connect(replica).replicaof('NO', 'ONE')
    await connect(master).replicaof('127.0.0.1', replica.port)
    // The client of the host stays where it is: replacing it is the host's choice.
    await expect.poll(() => answerOf(claim(stores, randomUUID())), { interval: 50, timeout: 8_000 }).toBe('claimed')
  })

  it('waits with ioredis 5 as well', async () => {
    const { master, replica } = await withReplica()
    const client = new Redis5({ host: '127.0.0.1', port: master.port })
    onTestFinished(() => client.disconnect())
    const stores = redisStores(client, { prefix: 'wait', durability: 'wait', maxWaitMs: 400, onWarning: () => undefined })
    onTestFinished(() => stores.close())
    await stores.ready()
    expect(await claim(stores, 'id')).toBe('claimed')
    replica.freeze()
    expect(await answerOf(claim(stores, 'second'))).toBe('outage')
  })
})
