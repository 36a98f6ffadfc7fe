import { isCluster, type RedisClient, type RedisWarning } from './redis-client.js'

/** What is followed. */
interface Followed {
  readonly key: string
  /** Where the Stream stands. */
  epoch(): Promise<string>
  readonly onWarning: (warning: RedisWarning) => void
}

interface BlockingClient extends RedisClient {
  xread(...args: readonly (string | number)[]): Promise<unknown>
  disconnect(reconnect?: boolean): void
}

/** One blocking read; then it is asked again, so that a connection that silently died is noticed. */
const blockMs = 5_000
/** So much longer a read may take before its connection counts as dead: TCP alone would believe in it for hours. */
const silenceMs = 2_000
const retryMs = 500
/** A server that became a replica is left at most this often: the one that takes its place may not be known yet. */
const replaceEveryMs = 1_000

/** A connection of its own for reads that block, without the limits that the host set for others. */
function duplicateOf(client: RedisClient): BlockingClient {
  const limits = { commandTimeout: undefined, maxRetriesPerRequest: null, lazyConnect: false, enableOfflineQueue: true }
  const duplicate = isCluster(client)
    ? (client as unknown as { duplicate(nodes: readonly never[], options: object): unknown }).duplicate([], {
        lazyConnect: false,
        enableOfflineQueue: true,
        redisOptions: { commandTimeout: undefined },
      })
    : (client as unknown as { duplicate(options: object): unknown }).duplicate(limits)
  return duplicate as BlockingClient
}

/** Tells listeners when a Stream grew, from one connection for all of them, which is there from the first listener on. */
export function revocationSubscription(
  client: RedisClient,
  { key, epoch, onWarning }: Followed,
): { subscribe(listener: () => void): () => void; replace(): void; close(): void } {
  const listeners = new Map<symbol, () => void>()
  const state: { connection: BlockingClient | undefined; replacedAt: number; closed: boolean; failing: boolean } = {
    connection: undefined,
    replacedAt: Number.NEGATIVE_INFINITY,
    closed: false,
    failing: false,
  }

  function tell(): void {
    for (const listener of listeners.values()) listener()
  }

  function failed(cause: unknown): void {
    if (!state.failing && !state.closed) onWarning({ name: 'subscription_lost', cause })
    state.failing = true
  }

  /** Connects anew: the address may lead to another server by now. */
  function replace(): void {
    const now = performance.now()
    if (state.connection === undefined || state.closed || now - state.replacedAt < replaceEveryMs) return
    state.replacedAt = now
    state.connection.disconnect(true)
  }

  /** True if something was added after `from`. */
  async function hasMore(connection: BlockingClient, from: string): Promise<boolean> {
    const silent = setInterval(() => {
      failed(new Error(`no answer within ${blockMs + silenceMs} ms`))
      // the driver asks again on the next connection, or rejects
      connection.disconnect(true)
    }, blockMs + silenceMs).unref()
    try {
      return (await connection.xread('COUNT', 1, 'BLOCK', blockMs, 'STREAMS', key, from)) !== null
    } finally {
      clearInterval(silent)
    }
  }

  async function follow(connection: BlockingClient): Promise<void> {
    const heard = { more: false }
    while (!state.closed) {
      try {
        const from = await epoch()
        // Only now: what was added since the last read is known to whoever reads from here on, and the rest is heard below.
        if (heard.more) tell()
        state.failing = false
        heard.more = await hasMore(connection, from)
      } catch (error) {
        failed(error)
        // how a server that becomes a replica ends what waits
        if (error instanceof Error && error.message.startsWith('UNBLOCKED')) replace()
        heard.more = true
        await new Promise<void>((resolve) => setTimeout(resolve, retryMs).unref())
      }
    }
  }

  function begin(): void {
    if (state.connection !== undefined || state.closed) return
    state.connection = duplicateOf(client)
    state.connection.on('error', failed)
    void follow(state.connection)
  }

  return {
    subscribe(listener) {
      const subscription = Symbol('subscription')
      listeners.set(subscription, listener)
      begin()
      return () => {
        listeners.delete(subscription)
      }
    },
    replace,
    close() {
      state.closed = true
      listeners.clear()
      state.connection?.disconnect()
    },
  }
}
