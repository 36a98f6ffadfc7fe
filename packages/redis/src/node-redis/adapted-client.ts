import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers'
import type { RedisClient, RedisCluster, RedisPipeline } from '../connection/redis-client.js'
import { type ClusterTransport, clusterTransport } from './cluster-transport.js'
import type { Answer, LinkEvents, RedisCommand } from './link.js'
import { isNodeRedisCluster, type NodeRedisClient } from './node-redis-client.js'
import { singleTransport, type Transport, usualResends } from './transport.js'

type Argument = string | number
type Listener = Parameters<EventEmitter['on']>[1]

/** Options of a duplicate, as ioredis has them. */
interface DuplicateOptions {
  readonly lazyConnect?: boolean
  readonly maxRetriesPerRequest?: number
}

/** A client of the package `redis` in the shape that stores use. It ends when it is told so. */
export interface AdaptedClient extends RedisClient {
  eval(lua: string, keys: number, ...args: readonly Argument[]): Promise<unknown>
  evalsha(sha: string, keys: number, ...args: readonly Argument[]): Promise<unknown>
  xread(...args: readonly Argument[]): Promise<unknown>
}

const textsOf = (args: readonly Argument[]): readonly string[] => args.map(String)

function unwrap(answer: Answer | undefined): unknown {
  if (answer === undefined) throw new Error('the server did not answer')
  if ('error' in answer) throw answer.error
  return answer.value
}

/** Commands that are sent together, on the connection to the server that has the key of the first. */
function pipelineOf(transport: Transport): RedisPipeline {
  const commands: RedisCommand[] = []
  const state = { key: undefined as string | undefined }
  const pipeline: RedisPipeline = {
    exists(key) {
      state.key ??= key
      commands.push(['EXISTS', key])
      return pipeline
    },
    wait(replicas, timeoutMs) {
      commands.push(['WAIT', ...textsOf([replicas, timeoutMs])])
      return pipeline
    },
    info(section) {
      commands.push(['INFO', section])
      return pipeline
    },
    async exec() {
      const answers = await transport.send(state.key, commands)
      return answers.map((answer) => ('error' in answer ? [answer.error as Error, undefined] : [null, answer.value]))
    },
  }
  return pipeline
}

type Status = 'wait' | 'connecting' | 'ready' | 'end'

/** What a client is built of. */
interface Parts {
  readonly transport: Transport
  readonly emitter: EventEmitter
  readonly state: { isBegun: boolean; isEnded: boolean }
  /** Whether the host's client is open. */
  readonly isOpen: () => boolean
  readonly duplicate: (options?: DuplicateOptions) => AdaptedClient
}

function statusOf({ transport, state }: Parts): Status {
  if (state.isEnded) return 'end'
  if (!state.isBegun) return 'wait'
  return transport.isReady() ? 'ready' : 'connecting'
}

function adapted(parts: Parts): AdaptedClient {
  const { transport, emitter, state } = parts

  /** A command that comes before the connection begins it, except of the host: it says when. */
  function begin(): void {
    if (!parts.isOpen()) throw new Error('the client of redis is not connected: call its connect() first')
    state.isBegun = true
    transport.open()
  }

  async function send(key: string | undefined, ...command: RedisCommand): Promise<unknown> {
    // A caller that tries again at once must not hold the event loop.
    if (state.isEnded || !(state.isBegun || parts.isOpen())) await new Promise((resolve) => setImmediate(resolve))
    if (state.isEnded) throw new Error('the client of redis is closed')
    if (!state.isBegun) begin()
    const [answer] = await transport.send(key, [command])
    return unwrap(answer)
  }

  const sendScript = (command: 'EVAL' | 'EVALSHA', script: string, keys: number, args: readonly Argument[]): Promise<unknown> => {
    const texts = textsOf(args)
    return send(texts[0], command, script, String(keys), ...texts)
  }

  /** Sends the digest of a script, and all of it where the server does not know it. */
  async function runScript({ lua, sha }: { readonly lua: string; readonly sha: string }, keys: number, args: readonly Argument[]) {
    try {
      return await sendScript('EVALSHA', sha, keys, args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return sendScript('EVAL', lua, keys, args)
    }
  }

  const client: AdaptedClient = {
    get status() {
      return statusOf(parts)
    },
    on: (event: string, listener: Listener) => emitter.on(event, listener),
    off: (event: string, listener: Listener) => emitter.off(event, listener),
    exists: (key) => send(key, 'EXISTS', key) as Promise<number>,
    get: (key) => send(key, 'GET', key) as Promise<string | null>,
    hget: (key, field) => send(key, 'HGET', key, field) as Promise<string | null>,
    hmget: (key, ...fields) => send(key, 'HMGET', key, ...fields) as Promise<(string | null)[]>,
    scan: (cursor, ...rest) => send(undefined, 'SCAN', cursor, ...textsOf(rest)) as Promise<[string, string[]]>,
    xrevrange: (key, ...rest) => send(key, 'XREVRANGE', key, ...textsOf(rest)) as Promise<[string, string[]][]>,
    xread: (...args) => send(undefined, 'XREAD', ...textsOf(args)),
    info: (section) => send(undefined, 'INFO', section) as Promise<string>,
    eval: (lua, keys, ...args) => sendScript('EVAL', lua, keys, args),
    evalsha: (sha, keys, ...args) => sendScript('EVALSHA', sha, keys, args),
    pipeline: () => pipelineOf(transport),
    defineCommand(name, { lua, numberOfKeys }) {
      const script = { lua, sha: createHash('sha1').update(lua).digest('hex') }
      const run = (...args: readonly Argument[]): Promise<unknown> =>
        numberOfKeys === undefined ? runScript(script, Number(args[0]), args.slice(1)) : runScript(script, numberOfKeys, args)
      Object.assign(client, { [name]: run })
    },
    duplicate: parts.duplicate,
    connect: async () => begin(),
    disconnect(reconnect = false) {
      if (reconnect) return transport.reconnect()
      if (state.isEnded) return
      state.isEnded = true
      transport.end()
      emitter.emit('end')
    },
  }
  return client
}

function clusterParts(transport: ClusterTransport): Pick<RedisCluster, 'nodes' | 'slots'> {
  const nodeAt = (address: string): Pick<RedisClient, 'scan'> => ({
    async scan(cursor, ...rest) {
      const [answer] = await transport.sendTo(address, [['SCAN', cursor, ...textsOf(rest)]])
      return unwrap(answer) as [string, string[]]
    },
  })
  // read for one slot at a time
  const slots = new Proxy([], { get: (_, slot) => [transport.masterOf(Number(slot))] })
  // a lost connection to a node is told as one of the Cluster
  const nodes = (role?: string) => (role === 'master' ? transport.addresses().map(nodeAt) : [])
  return { nodes, slots } as unknown as Pick<RedisCluster, 'nodes' | 'slots'>
}

/** A client in the shape that stores use, whose connections are duplicates of the host's. */
export function adaptedClient(host: NodeRedisClient, { maxRetriesPerRequest = usualResends }: DuplicateOptions = {}): AdaptedClient {
  const emitter = new EventEmitter()
  const state = { isBegun: false, isEnded: false }
  const events: LinkEvents = {
    lost: () => void emitter.emit('close'),
    ready: () => void emitter.emit('ready'),
    failed(error) {
      if (!state.isEnded && emitter.listenerCount('error') > 0) emitter.emit('error', error)
    },
  }
  const duplicate = (options: DuplicateOptions = {}): AdaptedClient => {
    const client = adaptedClient(host, options)
    if (options.lazyConnect !== true) client.connect().catch(() => undefined)
    return client
  }
  const isOpen = (): boolean => host.isOpen
  if (!isNodeRedisCluster(host)) {
    const transport = singleTransport(host, events, maxRetriesPerRequest)
    return adapted({ transport, emitter, state, isOpen, duplicate })
  }
  const transport = clusterTransport(host, events, maxRetriesPerRequest)
  // of a Cluster the options come second
  const duplicateCluster = (_: unknown, options?: DuplicateOptions): AdaptedClient => duplicate(options)
  const client = adapted({ transport, emitter, state, isOpen, duplicate: duplicateCluster })
  return Object.assign(client, clusterParts(transport))
}
