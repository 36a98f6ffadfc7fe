import { isUnavailable, type Stores } from '@countersign/core'
import { redisStores } from '@countersign/redis'
import { type BreakableProxy, breakableProxy } from '@countersign/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from './redis-servers.js'

const minute = 60_000
const many = Array.from({ length: 40 }, (_, at) => String(at))

/** Calls that are made at once, and have no ids of their caller. */
const calls: readonly { readonly name: string; prepare?(stores: Stores): unknown; call(stores: Stores, id: string): Promise<unknown> }[] = [
  { name: 'claims', call: ({ replay }, id) => replay.claim({ purpose: 'test', id, issuedAgoMs: -minute, ttlMs: minute }) },
  { name: 'nonces', call: ({ nonces }, id) => nonces.remember(id, { clientId: 'client', ttlMs: minute }) },
  {
    name: 'spent nonces',
    prepare: ({ nonces }) => Promise.all(many.map((id) => nonces.remember(`s${id}`, { clientId: 'client', ttlMs: minute }))),
    call: ({ nonces }, id) => nonces.spend(`s${id}`, 'purpose', { clientId: 'client' }),
  },
  { name: 'families', call: ({ families }, family) => families.create({ family, binding: 'app', data: 'data', ttlMs: minute }) },
  {
    // a family knows its last 16 calls
    name: 'ten rotations of each of four families',
    prepare: ({ families }) =>
      Promise.all([0, 1, 2, 3].map((at) => families.create({ family: `f${at}`, binding: 'app', data: 'data', ttlMs: minute }))),
    call: ({ families }, id) =>
      families.rotate({ family: `f${Number(id) % 4}`, generation: Math.floor(Number(id) / 4), binding: 'app', retryWindowMs: 0 }),
  },
  { name: 'challenges', call: ({ challenges }, id) => challenges.put(id, `record ${id}`, minute) },
  { name: 'challenges under one name', call: ({ challenges }, id) => challenges.put('name', `record ${id}`, minute) },
  { name: 'challenges that are kept', call: ({ challenges }, id) => challenges.keep('kept', `record ${id}`, minute) },
  {
    name: 'challenges that are taken',
    prepare: ({ challenges }) => Promise.all(many.map((id) => challenges.put(`t${id}`, `record ${id}`, minute))),
    call: ({ challenges }, id) => challenges.take(`t${id}`),
  },
  { name: 'attempts', call: ({ attempts }) => attempts.reserve({ key: 'key', limit: 50, windowMs: minute }) },
  { name: 'documents', call: ({ clients }, id) => clients.put({ collection: 'c', id, value: id, revision: 0, group: `group ${id}` }) },
]

describeWithServers('calls that are sent together', () => {
  const servers: OwnServer[] = []
  const ended: (() => unknown)[] = []
  let prefixes = 0

  beforeAll(async () => void servers.push(await startServer()))
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end()
  })
  afterAll(async () => {
    for (const server of servers) await server.remove()
  })

  function open(prefix: string, port: number = servers[0]?.port ?? 0): { readonly client: Redis; readonly stores: Stores } {
    const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 20, maxRetriesPerRequest: null })
    client.on('error', () => undefined)
    const stores = redisStores(client, { prefix, maxWaitMs: 5_000, onWarning: () => undefined })
    ended.push(
      () => client.disconnect(),
      () => stores.close(),
    )
    return { client, stores }
  }

  function newPrefix(): string {
    prefixes += 1
    return `together-${prefixes}`
  }

  async function openBreakable(prefix: string): Promise<{ readonly stores: Stores; readonly network: BreakableProxy }> {
    const network = await breakableProxy({ host: '127.0.0.1', port: servers[0]?.port ?? 0 })
    ended.push(() => network.close())
    const { stores } = open(prefix, network.port)
    await stores.ready()
    return { stores, network }
  }

  it('calls of one turn of the event loop are few commands', async () => {
    const { client, stores } = open(newPrefix())
    await stores.ready()
    const callsOf = async (): Promise<ReadonlyMap<string, number>> =>
      new Map([...(await client.info('commandstats')).matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name = '', n]) => [name, Number(n)]))
    const before = await callsOf()
    await Promise.all(many.map((id) => stores.replay.claim({ purpose: 'test', id, issuedAgoMs: 0, ttlMs: minute })))
    const after = await callsOf()
    const made = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
    expect([made('eval') + made('evalsha'), made('time'), made('set')]).toEqual([2, 2, 40])
  })

  it('a call that fails fails alone', async () => {
    const prefix = newPrefix()
    const { client, stores } = open(prefix)
    for (const jti of ['one', 'odd', 'two']) await stores.nonces.remember(jti, { clientId: 'client', ttlMs: minute })
    await client.set(`${prefix}||n3:odd`, '9 of another release')
    await client.lpush(`${prefix}||n3:not`, 'a string')
    const spent = await Promise.allSettled(['one', 'odd', 'not', 'two'].map((jti) => stores.nonces.spend(jti, 'purpose')))
    expect(spent.map((answer) => (answer.status === 'fulfilled' ? answer.value : isUnavailable(answer.reason)))).toEqual([
      'spent',
      true,
      true,
      'spent',
    ])
    expect(String((spent[1] as PromiseRejectedResult).reason.cause)).toContain('a record of a format that this release does not know')
    expect(String((spent[2] as PromiseRejectedResult).reason.cause)).toContain('WRONGTYPE')
  })

  it.each(calls)('$name: answers that were lost are given to the calls that the driver sends again', async ({ prepare, call }) => {
    const [same, lossy] = [newPrefix(), newPrefix()]
    const sound = open(same).stores
    await prepare?.(sound)
    const expected = await Promise.all(many.map((id) => call(sound, id)))
    const { stores, network } = await openBreakable(lossy)
    await prepare?.(stores)
    network.loseAnswers()
    const lost = Promise.all(many.map((id) => call(stores, id)))
    await new Promise((resolve) => setTimeout(resolve, 100))
    network.breakDown()
    network.restore()
    expect(await lost).toEqual(expected)
  })
})
