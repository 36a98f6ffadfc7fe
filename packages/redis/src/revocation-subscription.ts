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
}

/** One blocking read; then it is asked again, so that a connection that silently died is noticed. */
const blockMs = 5_000
const retryMs = 500

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
): { subscribe(listener: () => void): () => void; close(): void } {
  const listeners = new Map<symbol, () => void>()
  const state: { connection: BlockingClient | undefined; closed: boolean; failing: boolean } = {
    connection: undefined,
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

  async function follow(connection: BlockingClient): Promise<void> {
    while (!state.closed) {
      try {
        // what was added before this is for the poll; what comes between this and the read is not missed
        const from = await epoch()
        if (state.failing) tell()
        state.failing = false
        if ((await connection.xread('COUNT', 1, 'BLOCK', blockMs, 'STREAMS', key, from)) !== null) tell()
      } catch (error) {
        failed(error)
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
    close() {
      state.closed = true
      listeners.clear()
      state.connection?.disconnect()
    },
  }
}
