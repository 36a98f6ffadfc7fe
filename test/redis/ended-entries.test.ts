import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { describeWithServers, startServer } from './redis-servers.js'

const minute = 60_000
const entryOf = (clientId: string) => ({ type: 'client', issuer: 'issuer', clientId }) as const

describeWithServers('entries of the denylist that have ended', () => {
  it('go, also beside many that last: at most a fifth more is kept than counts', async () => {
    const server = await startServer()
    const client = new Redis(server.port)
    const stores = redisStores(client, { prefix: 'ended', maxWaitMs: 10_000 })
    onTestFinished(async () => {
      await stores.close()
      client.disconnect()
      await server.remove()
    })
    const { revocations } = stores
    const revoke = (count: number, name: string, ttlMs?: number): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, (_, n) => revocations.revoke(entryOf(`${name} ${n}`), { ttlMs })))
    await revoke(1_000, 'lasting')
    const [stream = ''] = await client.keys('ended||revocations*')
    for (let round = 0; round < 6; round += 1) await revoke(1_000, `short ${round}`, 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await revoke(200, 'later', minute)
    expect(await client.xlen(stream)).toBeLessThanOrEqual(1_200 * 1.2)
    const epoch = await revocations.cursor()
    const { records, lost } = await revocations.since(undefined)
    expect([records.length, lost]).toEqual([1_200, false])
    await revoke(1, 'next', minute)
    expect(await revocations.since(epoch)).toMatchObject({ lost: false, records: [{ entry: entryOf('next 0') }] })
  }, 60_000)

  it('go where an earlier release wrote them', async () => {
    const server = await startServer()
    const client = new Redis(server.port)
    const stores = redisStores(client, { prefix: 'earlier', maxWaitMs: 10_000 })
    onTestFinished(async () => {
      await stores.close()
      client.disconnect()
      await server.remove()
    })
    const { revocations } = stores
    await revocations.revoke(entryOf('first'))
    const [stream = ''] = await client.keys('earlier||revocations*')
    const ended = String(Date.now() - minute)
    for (let n = 0; n < 500; n += 1) await client.xadd(stream, '*', 'v', '1', 'entry', '{}', 'ends', ended, 'undone', '0')
    await client.xadd(stream, '*', 'v', '2', 'entry', 'of a later release')
    for (let n = 0; n < 4; n += 1) await revocations.revoke(entryOf('last'))
    expect(await client.xlen(stream)).toBe(6)
  })
})
