import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type RedisClient, type RedisStoresOptions, redisStores } from '@countersign/redis'
import { type BreakableProxy, breakableProxy, type OpenedStores, remoteStores, type StoreBackend } from '@countersign/testkit'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'

/** Where a server listens. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
}

/** What a `redis://` address says, without the number of a database. */
export function addressOf(url: string): RedisAddress {
  const { hostname, port, username, password } = new URL(url)
  return {
    host: hostname,
    port: Number(port || 6379),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  }
}

/** What a process is told. */
export interface ProcessSetup {
  readonly nodes: readonly RedisAddress[]
  /** Where the nodes are asked for, if it is a Sentinel that tells. */
  readonly sentinel: RedisAddress | undefined
  readonly prefix: string
  readonly driver: Driver
}

/** The packages that clients come from. */
export type Driver = 'ioredis' | 'redis' | 'redis5'

/** What the tests call that the package does not. */
export interface TestClient extends RedisClient {
  pttl(key: string): Promise<number>
  del(key: string): Promise<number>
}

/** Sends those who ask for a node somewhere else. */
export function natMapOf(nodes: readonly RedisAddress[], via: readonly RedisAddress[] | undefined): Record<string, RedisAddress> {
  return Object.fromEntries(nodes.map(({ host, port }, index) => [`${host}:${port}`, via?.[index] ?? { host, port }]))
}

/** One Redis, however it is set up. */
export interface RedisSetup {
  /** One address, all nodes of a Cluster, or a master and its replica. */
  readonly nodes: readonly RedisAddress[]
  readonly sentinel?: RedisAddress
  /** A client; with `via`, one that goes through these addresses instead of the nodes. */
  connect(via?: readonly RedisAddress[]): TestClient
  /** Stores on a client of another driver: instead of `connect`. */
  readonly other?: { readonly driver: Driver; open(options: RedisStoresOptions, via?: readonly RedisAddress[]): OpenedStores }
  /** Clients for each node itself, to look into it. */
  connectNodes(): readonly TestClient[]
  readonly options?: Partial<RedisStoresOptions>
  readonly propertyRuns?: number
}

/** A prefix that nobody else has. */
export interface RedisPlace {
  readonly prefix: string
}

async function keysOf(client: TestClient, prefix: string): Promise<readonly string[]> {
  const found: string[] = []
  for (let cursor = ''; cursor !== '0'; ) {
    const [next, keys] = await client.scan(cursor || '0', 'MATCH', `${prefix}|*`, 'COUNT', 1_000)
    found.push(...keys)
    cursor = next
  }
  return found
}

/** Keys that are meant to last: documents, revocations and the beginning of the memory. */
function isLasting(key: string): boolean {
  const [, , rest = ''] = key.split('|')
  return rest.startsWith('memory{') || rest.startsWith('revocations{') || /^(d[cka]|i\{)/.test(rest)
}

/** Stores on a client of their own, which ends with them. */
export function storesOn(client: RedisClient, options: RedisStoresOptions): OpenedStores {
  client.on('error', () => undefined)
  const stores = redisStores(client, options)
  return {
    stores,
    async close() {
      await stores.close()
      client.disconnect()
    },
  }
}

/** A backend for the conformance suite; `close` when all cases are done. */
export function redisBackend(setup: RedisSetup): StoreBackend<RedisPlace> & { close(): Promise<void> } {
  const state: { bundle: Promise<ProcessBundle> | undefined; inspectors: readonly TestClient[] | undefined } = {
    bundle: undefined,
    inspectors: undefined,
  }
  const inspectors = (): readonly TestClient[] => {
    state.inspectors ??= setup.connectNodes()
    return state.inspectors
  }

  function open(place: RedisPlace, tenant?: string, via?: readonly RedisAddress[]): OpenedStores {
    const options = { prefix: place.prefix, ...setup.options, ...(tenant !== undefined && { tenant }) }
    if (setup.other) return setup.other.open(options, via)
    return storesOn(setup.connect(via), options)
  }

  async function openBreakable(place: RedisPlace): Promise<OpenedStores & { readonly network: BreakableProxy }> {
    // A server that does not know a script has not run it. Were this answer lost, the case would lose a call that was not made.
    const arrives = (answer: Uint8Array): boolean => Buffer.from(answer).toString('latin1', 0, 9) === '-NOSCRIPT'
    const proxies = await Promise.all(setup.nodes.map((node) => breakableProxy(node, { arrives })))
    const { stores, close } = open(
      place,
      undefined,
      proxies.map(({ port }) => ({ host: '127.0.0.1', port })),
    )
    const all = (name: 'loseAnswers' | 'holdRequests' | 'breakDown' | 'restore') => () => {
      for (const proxy of proxies) proxy[name]()
    }
    const closeAll = async (): Promise<void> => {
      await close()
      await Promise.all(proxies.map((proxy) => proxy.close()))
    }
    const network = {
      port: 0,
      loseAnswers: all('loseAnswers'),
      holdRequests: all('holdRequests'),
      breakDown: all('breakDown'),
      restore: all('restore'),
      close: closeAll,
    }
    return { stores, network, close: closeAll }
  }

  return {
    createPlace: async () => ({ prefix: `test-${randomBytes(9).toString('hex')}` }),
    async removePlace({ prefix }) {
      for (const client of inspectors()) for (const key of await keysOf(client, prefix)) await client.del(key)
    },
    open: async (place) => open(place),
    openTenant: async (place, tenant) => open(place, tenant),
    openBreakable,
    async openProcess({ prefix }) {
      state.bundle ??= bundleProcess(fileURLToPath(new URL('./redis-process.ts', import.meta.url)))
      const { path } = await state.bundle
      const told: ProcessSetup = { nodes: setup.nodes, sentinel: setup.sentinel, prefix, driver: setup.other?.driver ?? 'ioredis' }
      return remoteStores(fork(path, [JSON.stringify(told)], { serialization: 'advanced', execArgv: [] }))
    },
    async withoutEnd({ prefix }) {
      const endless: string[] = []
      for (const client of inspectors())
        for (const key of await keysOf(client, prefix)) if (!isLasting(key) && (await client.pttl(key)) === -1) endless.push(key)
      return endless
    },
    propertyRuns: setup.propertyRuns ?? 40,
    async close() {
      for (const client of state.inspectors ?? []) client.disconnect()
      await (await state.bundle)?.remove()
    },
  }
}
