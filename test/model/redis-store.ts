import { redisStores } from '@countersign/redis'
import type { Redis } from 'ioredis'
import type { UnturnedStore } from './in-step.js'

type Opened = ReturnType<typeof redisStores>

interface Kept {
  readonly key: string
  readonly dump: Buffer
  readonly expiresAt: number
}

async function open(client: Redis, prefix: string, tenant: string): Promise<Opened> {
  const stores = redisStores(client, { prefix, tenant, maxWaitMs: 15_000 })
  await stores.ready()
  return stores
}

/** What all keys of a tenant are called after its name: the traces use the same ids. A scan for each trace would take too long. */
export async function keyNames(client: Redis, prefix: string): Promise<readonly string[]> {
  const stores = await open(client, prefix, 'sample')
  await stores.families.create({ family: 'family', binding: 'client', data: 'data', ttlMs: 10_000 })
  await stores.nonces.remember('jti', { clientId: 'client', ttlMs: 10_000 })
  for (const id of ['x', 'y']) await stores.replay.claim({ purpose: 'test', id, issuedAgoMs: 0, ttlMs: 10_000 })
  const names = new Set<string>()
  for (let cursor = ''; cursor !== '0'; ) {
    const [next, page] = await client.scan(cursor || '0', 'MATCH', `${prefix}|sample|*`, 'COUNT', 1_000)
    for (const key of page) names.add(key.slice(`${prefix}|sample|`.length))
    cursor = next
  }
  await client.del([...names].map((name) => `${prefix}|sample|${name}`))
  await stores.close()
  return [...names].map((name) => name.replaceAll('sample', '<tenant>'))
}

/** A tenant for each trace. @param names - see `keyNames` */
export async function redisStore(client: Redis, prefix: string, tenant: string, names: readonly string[]): Promise<UnturnedStore> {
  const keys = names.map((name) => `${prefix}|${tenant}|${name.replaceAll('<tenant>', tenant)}`)
  const state = { stores: await open(client, prefix, tenant), backup: [] as readonly Kept[] }

  async function keep(key: string): Promise<Kept | undefined> {
    const [expiresAt, dump] = await Promise.all([client.call('PEXPIRETIME', key), client.dumpBuffer(key)])
    return dump === null ? undefined : { key, dump, expiresAt: Math.max(0, Number(expiresAt)) }
  }
  return {
    stores: () => state.stores,
    async backUp() {
      state.backup = (await Promise.all(keys.map(keep))).filter((kept) => kept !== undefined)
    },
    async restore() {
      await client.del(...keys)
      await Promise.all(state.backup.map(({ key, dump, expiresAt }) => client.restore(key, expiresAt, dump, 'REPLACE', 'ABSTTL')))
    },
    async empty() {
      await client.del(...keys)
      await state.stores.close()
      state.stores = await open(client, prefix, tenant)
    },
    async close() {
      await state.stores.close()
      await client.del(...keys)
    },
  }
}
