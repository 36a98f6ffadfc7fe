/** A client of one server. Ours are duplicates of the host's. */
export interface NodeRedisConnection {
  readonly isOpen: boolean
  readonly options?: { readonly socket?: object | undefined } | undefined
  duplicate(overrides: object): NodeRedisConnection
  connect(): Promise<unknown>
  destroy(): void
  sendCommand(args: readonly string[]): Promise<unknown>
  on(event: string, listener: (...args: unknown[]) => void): unknown
}

/** A node of a Cluster. */
export interface NodeRedisNode {
  readonly address: string
}

/** A client that `createCluster` of the package `redis` made. */
export interface NodeRedisCluster {
  readonly isOpen: boolean
  /** For each slot the node that has it. */
  readonly slots: readonly { readonly master: NodeRedisNode }[]
  readonly masters: readonly NodeRedisNode[]
  readonly nodeByAddress: ReadonlyMap<string, NodeRedisNode>
  nodeClient(node: NodeRedisNode): Promise<NodeRedisConnection>
  sendCommand(firstKey: string | undefined, isReadonly: boolean, args: string[]): Promise<unknown>
}

/** A client that `createSentinel` of the package `redis` made. */
export interface NodeRedisSentinel {
  readonly isOpen: boolean
  getSentinelNode(): unknown
  /** Gives the client of the present master. */
  _execute<T>(isReadonly: boolean, use: (master: NodeRedisConnection) => Promise<T>): Promise<T>
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
}

/** The part of a client of the package `redis`, 5 or 6, that is used: of `createClient`, `createSentinel` or `createCluster`. */
export type NodeRedisClient = NodeRedisConnection | NodeRedisSentinel | NodeRedisCluster

const has = (client: object, name: string): boolean => typeof (client as Readonly<Record<string, unknown>>)[name] === 'function'

/** Whether the client is a Cluster. */
export function isNodeRedisCluster(client: NodeRedisClient): client is NodeRedisCluster {
  return has(client, 'nodeClient') && 'slots' in client
}

/** Whether the client is a Sentinel. */
export function isNodeRedisSentinel(client: NodeRedisClient): client is NodeRedisSentinel {
  return has(client, 'getSentinelNode') && has(client, '_execute')
}

/** @throws TypeError for what is not a client of the package `redis` */
export function requireNodeRedis(factory: string, client: unknown): void {
  const must = `${factory}: the first argument must be a client of createClient, createSentinel or createCluster of the package redis, 5 or 6`
  if (typeof client !== 'object' || client === null) throw new TypeError(`${must}, got ${client === null ? 'null' : typeof client}`)
  if (has(client, 'defineCommand')) throw new TypeError(`${must}, got a client of ioredis: give it to redisStores`)
  if (!has(client, 'destroy') && has(client, 'sendCommand')) throw new TypeError(`${must}, got a client of redis 4 or earlier`)
  if ('totalClients' in client) throw new TypeError(`${must}, got a pool: the stores make their own connections`)
  const known = client as NodeRedisClient
  const isKnown = isNodeRedisCluster(known) || isNodeRedisSentinel(known) || (has(client, 'duplicate') && has(client, 'sendCommand'))
  if (!isKnown) throw new TypeError(`${must}, got another object`)
}
