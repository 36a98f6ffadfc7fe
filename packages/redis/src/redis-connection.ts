import { isUnavailable, startRequestTimer, stopRequestTimer, Unavailable } from '@countersign/core'
import { isCluster, type RedisClient, type RedisNode, type RedisWarning } from './redis-client.js'
import type { RunScript } from './scripts.js'
import { isLate, serverClock } from './server-clock.js'

/** What is known of the server since the connection was made. A new connection has a new one. */
export interface ServerMemory {
  /** Store time in epoch milliseconds at which its memory begins. */
  readonly since: number
  /** Store time at which the present run of the server was first seen. */
  readonly trusted: number
  /** The same instant on this process's monotonic clock: no clock that can be set decides about claims. */
  readonly trustedHere: number
}

/** Calls to the server: bounded in time, and aware of which connection answered. */
export interface RedisConnection {
  /** A call that reads. */
  read<T>(call: (memory: ServerMemory) => Promise<T>): Promise<T>
  /**
   * A call that changes `key`; its answer is given when replicas have the change, where that is asked for.
   * `deadline` is when its caller gives up, in milliseconds of the store's time: it goes with every command that changes something.
   */
  change<T>(key: string, call: (memory: ServerMemory, deadline: number) => Promise<T>): Promise<T>
  /** Whether no connection was lost since a call was given this. */
  isCurrent(memory: ServerMemory): boolean
  /** What is known now. Use within a call only. */
  memory(): Promise<ServerMemory>
  close(): void
}

/** @see redisStores */
export interface ConnectionOptions {
  readonly maxWaitMs: number
  readonly wait: boolean
  readonly onWarning: (warning: RedisWarning) => void
}

function outage(cause: unknown): Unavailable {
  return isUnavailable(cause) ? cause : new Unavailable('store_unavailable', { cause })
}

/**
 * Watches the connections of a client. `lost` is called as soon as one is gone, before a command can be answered by the next:
 * the driver sends commands whose answer it missed again, to a server that may have lost its memory in between.
 */
function watch(client: RedisClient, lost: () => void, ready: () => void): () => void {
  const nodes = new Set<RedisNode>()
  const join = (node: RedisNode): void => {
    if (nodes.has(node)) return
    nodes.add(node)
    node.on('close', lost)
  }
  const leave = (node: RedisNode): void => {
    lost()
    nodes.delete(node)
    node.off('close', lost)
  }
  client.on('close', lost)
  client.on('ready', ready)
  if (isCluster(client)) {
    for (const node of client.nodes('all')) join(node)
    client.on('+node', join)
    client.on('-node', leave)
  }
  return () => {
    client.off('close', lost)
    client.off('ready', ready)
    client.off('+node', join)
    client.off('-node', leave)
    for (const node of nodes) node.off('close', lost)
  }
}

interface State {
  generation: number
  known: ServerMemory | undefined
  reading: Promise<ServerMemory> | undefined
  closed: boolean
  /** The last that was seen, to tell a restart from a first connection. */
  trusted: number | undefined
}

const closed = (): Error => new Error('these stores are closed')

/** An answer in time, or an outage; a late one is dropped. */
function bounded<T>(maxWaitMs: number, call: (giveUpAt: number) => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + maxWaitMs
  return new Promise((resolve, reject) => {
    const timer = startRequestTimer(() => reject(outage(new Error(`no answer within ${maxWaitMs} ms`))), maxWaitMs)
    call(giveUpAt).then(
      (answer) => {
        stopRequestTimer(timer)
        resolve(answer)
      },
      (error: unknown) => {
        stopRequestTimer(timer)
        reject(outage(error))
      },
    )
  })
}

/** @param key - where the beginning of the memory is kept */
export function redisConnection(client: RedisClient, run: RunScript, key: string, options: ConnectionOptions): RedisConnection {
  const { maxWaitMs, wait, onWarning } = options
  const clock = serverClock(client, run, key)
  const state: State = {
    generation: 0,
    known: undefined,
    reading: undefined,
    closed: false,
    trusted: undefined,
  }

  async function readMemory(): Promise<ServerMemory> {
    for (;;) {
      const { generation } = state
      const [since, trusted, now] = ((await run('memory', key)) as readonly string[]).map(Number) as [number, number, number]
      if (state.closed) throw closed()
      if (generation !== state.generation) continue
      // at the latest: the server's clock was read before its answer arrived
      const here = performance.now()
      state.known = { since, trusted, trustedHere: here - (now - trusted) }
      clock.wasRead(now, here)
      if (state.trusted !== undefined && state.trusted !== trusted) onWarning({ name: 'memory_distrusted' })
      state.trusted = trusted
      return state.known
    }
  }

  async function memory(): Promise<ServerMemory> {
    if (state.closed) throw closed()
    if (state.known) return state.known
    state.reading ??= readMemory().finally(() => {
      state.reading = undefined
    })
    return state.reading
  }

  /** An acknowledged write can be lost in a failover: it counts when a replica has it, of the server that wrote. */
  async function replicated<T>(changed: string, answer: T, before: ServerMemory): Promise<T> {
    const results = await client
      .pipeline()
      .exists(changed)
      .wait(1, Math.ceil(maxWaitMs / 2))
      .exec()
    const [error, replicas] = results?.[1] ?? [new Error('no answer'), 0]
    if (error) throw error
    if (!isCurrent(before)) throw new Error('the connection was lost before a replica acknowledged')
    if (!(Number(replicas) >= 1)) throw new Error('no replica acknowledged')
    return answer
  }

  /** A call that comes late although its caller still waits was given a wrong deadline: the clock was turned. */
  async function inTime<T>(changed: string, giveUpAt: number, call: (memory: ServerMemory, deadline: number) => Promise<T>): Promise<T> {
    try {
      const known = state.known ?? (await memoryBefore(giveUpAt))
      return await call(known, clock.deadlineOf(giveUpAt))
    } catch (error) {
      if (!isLate(error) || performance.now() >= giveUpAt) throw error
      const deadline = await clock.deadlineAt(changed, giveUpAt)
      return call(await memoryBefore(giveUpAt), deadline)
    }
  }

  /** What was given up meanwhile is not sent. */
  async function memoryBefore(giveUpAt: number): Promise<ServerMemory> {
    const known = await memory()
    if (performance.now() >= giveUpAt) throw new Error('the call was given up')
    return known
  }

  const unwatch = watch(
    client,
    () => {
      state.generation += 1
      state.known = undefined
    },
    () => void memory().catch(() => undefined),
  )
  if (client.status === 'ready') void memory().catch(() => undefined)

  const isCurrent = (memory: ServerMemory): boolean => state.known === memory

  async function changeDurably<T>(
    changed: string,
    giveUpAt: number,
    call: (memory: ServerMemory, deadline: number) => Promise<T>,
  ): Promise<T> {
    const before = await memoryBefore(giveUpAt)
    return replicated(changed, await inTime(changed, giveUpAt, call), before)
  }

  return {
    isCurrent,
    memory,
    read: (call) => bounded(maxWaitMs, (giveUpAt) => (state.known ? call(state.known) : memoryBefore(giveUpAt).then(call))),
    change: (changed, call) =>
      bounded(maxWaitMs, (giveUpAt) => (wait ? changeDurably(changed, giveUpAt, call) : inTime(changed, giveUpAt, call))),
    close() {
      state.closed = true
      state.known = undefined
      unwatch()
    },
  }
}
