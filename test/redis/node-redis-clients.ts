import { type NodeRedisClient, nodeRedisStores, type RedisStoresOptions } from '@countersign/redis'
import type { OpenedStores } from '@countersign/testkit'
import { createClient, createCluster, createSentinel } from 'redis'
import { createClient as createClient5, createCluster as createCluster5, createSentinel as createSentinel5 } from 'redis5'
import type { RedisAddress } from './redis-backend.js'

/** Majors of the package `redis`. */
export type NodeRedisMajor = 'redis' | 'redis5'
export const nodeRedisMajors: readonly NodeRedisMajor[] = ['redis', 'redis5']

/** Where the servers are. */
export interface NodeRedisPlace {
  /** One server, or all of a Cluster. */
  readonly nodes: readonly RedisAddress[]
  readonly sentinel?: RedisAddress | undefined
  /** Addresses that stand for those of the nodes. */
  readonly via?: readonly RedisAddress[] | undefined
}

/** A client of the host, which is connecting. */
type ConnectingClient = NodeRedisClient & { destroy(): unknown; connect(): Promise<unknown> }

function addressMap({ nodes, via }: NodeRedisPlace): (address: string) => { host: string; port: number } {
  return (address) => {
    const at = nodes.findIndex(({ host, port }) => `${host}:${port}` === address)
    const { host, port } = via?.[at] ?? nodes[at] ?? { host: '127.0.0.1', port: Number(address.split(':')[1]) }
    return { host, port }
  }
}

function clientOf(major: NodeRedisMajor, place: NodeRedisPlace): ConnectingClient {
  const { nodes, sentinel, via } = place
  const nodeAddressMap = addressMap(place)
  const [first] = via ?? nodes
  if (sentinel !== undefined) {
    const options = { name: 'main', sentinelRootNodes: [{ host: sentinel.host, port: sentinel.port }], nodeAddressMap }
    return major === 'redis' ? createSentinel(options) : createSentinel5(options)
  }
  if (nodes.length > 1) {
    const rootNodes = (via ?? nodes).map(({ host, port }) => ({ socket: { host, port } }))
    return major === 'redis' ? createCluster({ rootNodes, nodeAddressMap }) : createCluster5({ rootNodes, nodeAddressMap })
  }
  const options = { socket: { host: first?.host ?? '127.0.0.1', port: first?.port ?? 6379 } }
  return major === 'redis' ? createClient(options) : createClient5(options)
}

/** A client that connects, with nobody who listens to its errors but this. */
function connectNodeRedis(major: NodeRedisMajor, place: NodeRedisPlace): ConnectingClient {
  const client = clientOf(major, place)
  ;(client as unknown as { on(event: string, listener: () => void): void }).on('error', () => undefined)
  client.connect().catch(() => undefined)
  return client
}

/** Ends a client, in whatever state it is. */
function endNodeRedis(client: ConnectingClient): void {
  try {
    Promise.resolve(client.destroy()).catch(() => undefined)
  } catch {
    // it was closed already
  }
}

/** Stores on a client of their own. */
export function openNodeRedis(major: NodeRedisMajor, place: NodeRedisPlace, options: RedisStoresOptions): OpenedStores {
  const client = connectNodeRedis(major, place)
  const stores = nodeRedisStores(client, options)
  return {
    stores,
    async close() {
      await stores.close()
      endNodeRedis(client)
    },
  }
}
