/** Several commands at once. */
export interface RedisPipeline {
  exists(key: string): RedisPipeline
  wait(replicas: number, timeoutMs: number): RedisPipeline
  info(section: string): RedisPipeline
  exec(): Promise<[error: Error | null, result: unknown][] | null>
}

/** Something that tells about its connection. */
export interface RedisNode {
  on(event: 'close' | 'ready' | 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  on(event: '+node' | '-node', listener: (node: RedisNode) => void): unknown
  off(event: 'close' | 'ready' | 'end', listener: () => void): unknown
  off(event: '+node' | '-node', listener: (node: RedisNode) => void): unknown
}

/** The part of an ioredis client (`Redis` or `Cluster`, 5 or 6) that is used. Clients of other drivers are brought into this shape. */
export interface RedisClient extends RedisNode {
  readonly status: string
  readonly options?: { readonly keyPrefix?: string | undefined }
  exists(key: string): Promise<number>
  get(key: string): Promise<string | null>
  hget(key: string, field: string): Promise<string | null>
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>
  scan(cursor: string, match: 'MATCH', pattern: string, count: 'COUNT', keys: number): Promise<[cursor: string, keys: string[]]>
  xrevrange(key: string, end: string, start: string, count: 'COUNT', entries: number): Promise<[id: string, fields: string[]][]>
  info(section: string): Promise<string>
  pipeline(): RedisPipeline
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void
  duplicate(): RedisClient
  connect(): Promise<unknown>
  disconnect(reconnect?: boolean): void
}

/** What a Cluster client has besides. */
export interface RedisCluster extends RedisClient {
  nodes(role?: 'all'): readonly RedisNode[]
  nodes(role: 'master'): readonly RedisClient[]
  /** For each slot the nodes that have it, the master first. */
  readonly slots: readonly (readonly string[])[]
}

/** What one client may be told that is not an error of a call. */
export interface RedisWarning {
  readonly name: /** Keys may be evicted: a used id could be used again. `detail` is the policy. */
    | 'maxmemory_policy'
    /** Revocations are not pushed for the moment; they are still polled. */
    | 'subscription_lost'
    /** The server restarted, failed over or is another one: what was issued before cannot be claimed any more. */
    | 'memory_distrusted'
    /**
     * The server does not answer INFO, so that nobody can tell its runs apart. Memory begins with each connection: what was issued
     * before it cannot be claimed. Told once for all stores on a client.
     */
    | 'memory_of_connection'
    /** With `durability: 'wait'`: no replica acknowledges. Changes are refused until one does. Told once, for all stores on a client. */
    | 'replica_lost'
    /** After `replica_lost`: a replica acknowledges again. */
    | 'replica_restored'
  readonly detail?: string
  readonly cause?: unknown
}

/** Whether the client is a Cluster. */
export function isCluster(client: RedisClient): client is RedisCluster {
  return 'nodes' in client && typeof client.nodes === 'function'
}
