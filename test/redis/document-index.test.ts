import { randomUUID } from 'node:crypto'
import { type DocumentStore, isUnavailable } from '@countersign/core'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from './redis-servers.js'

const collection = 'clients'

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

describeWithServers('the index of a collection on Redis', () => {
  const servers: OwnServer[] = []
  const clients: Redis[] = []
  const connect = (options: object = {}): Redis => {
    const client = new Redis({ host: '127.0.0.1', port: servers[0]?.port ?? 0, ...options })
    client.on('error', () => undefined)
    clients.push(client)
    return client
  }
  beforeAll(async () => {
    servers.push(await startServer())
  })
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    for (const server of servers) await server.remove()
  })

  /** A store, and what the release before it does beside it: it writes the hash alone. */
  function start(): { client: Redis; hash: string; store: DocumentStore; putEarlier: (...ids: string[]) => Promise<unknown> } {
    const prefix = `index-${randomUUID()}`
    const client = connect()
    const hash = `${prefix}||dc${collection.length}:${collection}`
    const { clients: store } = redisStores(client, { prefix, maxWaitMs: 5_000 })
    return { client, hash, store, putEarlier: (...ids) => client.hset(hash, ...ids.flatMap((id) => [id, `1:1:"${id}"`])) }
  }

  const idsOf = async (store: DocumentStore, limit = 10_000): Promise<readonly string[]> =>
    (await store.list({ collection, limit })).map(({ id }) => id)

  it('is built of what an earlier release wrote, and is not read beside what that release writes meanwhile', async () => {
    const { client, hash, store, putEarlier } = start()
    const ids = Array.from({ length: 3_000 }, (_, n) => `${n}`)
    await putEarlier(...ids)
    expect(await store.list({ collection, offset: 2_990, limit: 5 })).toEqual(
      [...ids]
        .sort(byBytes)
        .slice(2_990, 2_995)
        .map((id) => ({ id, value: `"${id}"`, revision: 1 })),
    )
    await putEarlier('later', '')
    await store.put({ collection, id: 'own', value: '0', revision: 0, group: 'group' })
    expect(await idsOf(store)).toEqual([...ids, 'later', '', 'own'].sort(byBytes))
    expect(await store.count({ collection })).toEqual({ total: 3_003, groups: [{ group: 'group', count: 1 }] })
    await client.hdel(hash, ...ids, 'own', '')
    expect(await store.count({ collection })).toEqual({ total: 1, groups: [] })
    expect(await idsOf(store)).toEqual(['later'])
  })

  it('shows nothing that an earlier release removed, also where it added as many', async () => {
    const { client, hash, store, putEarlier } = start()
    for (const id of ['a', 'b', 'c']) await store.put({ collection, id, value: '0', revision: 0, group: 'group' })
    await client.hdel(hash, 'b')
    await putEarlier('d')
    expect(await idsOf(store)).toEqual(['a', 'c', 'd'])
    expect(await store.list({ collection, filter: { group: 'group' } })).toHaveLength(2)
    expect(await store.count({ collection })).toEqual({ total: 3, groups: [{ group: 'group', count: 2 }] })
  })

  it('leaves nothing behind when the last document goes', async () => {
    const { client, hash, store } = start()
    for (const id of ['a', 'b']) await store.put({ collection, id, value: '0', revision: 0, group: 'group' })
    await store.remove({ collection, id: 'a', revision: 1 })
    await store.removeMany([{ collection, id: 'b', revision: 1 }])
    expect((await client.keys(`${hash.split('|')[0]}|*`)).filter((key) => !/\|(memory|y)\{/.test(key))).toEqual([])
  })

  it('goes on where it stopped when a call was given up', async () => {
    const { client, hash, putEarlier } = start()
    const prefix = hash.split('|')[0] ?? ''
    const ids = Array.from({ length: 60_000 }, (_, n) => `${n}`)
    for (let from = 0; from < ids.length; from += 10_000) await putEarlier(...ids.slice(from, from + 10_000))
    const impatient = redisStores(client, { prefix, maxWaitMs: 10 })
    await impatient.ready()
    const state = { refused: 0, ids: [] as readonly string[] }
    for (let tries = 0; tries < 1_000 && state.ids.length === 0; tries += 1) {
      try {
        state.ids = (await impatient.clients.list({ collection, limit: 3 })).map(({ id }) => id)
      } catch (error) {
        expect(isUnavailable(error)).toBe(true)
        state.refused += 1
      }
    }
    expect(state.refused).toBeGreaterThan(0)
    expect(state.ids).toEqual(['0', '1', '10'])
    const { clients: patient } = redisStores(client, { prefix })
    expect((await patient.count({ collection })).total).toBe(60_000)
    expect(await idsOf(patient, 100_000)).toEqual([...ids].sort(byBytes))
  })

  describe('with a prefix of the client', () => {
    it('is beside its collection', async () => {
      const client = connect({ keyPrefix: '{all}' })
      const { clients: store } = redisStores(client, { prefix: `index-${randomUUID()}` })
      for (const name of ['a', '}', '{b}', 'c{d}e}'])
        for (const id of ['2', '1']) await store.put({ collection: name, id, value: '0', revision: 0 })
      for (const name of ['a', '}', '{b}', 'c{d}e}']) expect(await store.list({ collection: name })).toHaveLength(2)
    })
  })
})
