import { leaving, replacing } from '../connection/client-events.js'
import { type AdaptedClient, adaptedClient } from './adapted-client.js'
import type { NodeRedisClient } from './node-redis-client.js'

/** The adapted client of all stores on one client of the host. */
export interface HostClient {
  readonly client: AdaptedClient
  /** Connects anew: the address may lead to another server by now. */
  replace(): void
  leave(): void
}

interface Shared {
  readonly client: AdaptedClient
  readonly unwatch: () => void
  stores: number
  readonly replace: () => void
}

/** A Cluster of redis 5 has no event for its end, and no client has one for a reconnect strategy that gave up. */
const lookEveryMs = 100

/** One for each client of the host: its connections and listeners are shared. */
const shared = new WeakMap<NodeRedisClient, Shared>()

/** Connects when the host's client is open, and ends with it: what we opened must not outlive it. */
function follow(host: NodeRedisClient, client: AdaptedClient): () => void {
  const look = (): void => {
    const hasBegun = client.status !== 'wait'
    if (host.isOpen && !hasBegun) client.connect().catch(() => undefined)
    if (!host.isOpen && hasBegun) client.disconnect()
  }
  look()
  const timer = setInterval(look, lookEveryMs).unref()
  return () => clearInterval(timer)
}

function open(host: NodeRedisClient): Shared {
  const client = adaptedClient(host)
  return { client, unwatch: follow(host, client), stores: 0, replace: replacing(() => client.disconnect(true)) }
}

/** The adapted client of the host's client. It ends with the last of those who joined. */
export function joinHostClient(host: NodeRedisClient): HostClient {
  const known = shared.get(host)
  // a client that was closed may have been connected again
  const own = known && known.client.status !== 'end' ? known : open(host)
  shared.set(host, own)
  own.stores += 1
  return {
    client: own.client,
    replace: own.replace,
    leave: leaving(own, () => {
      own.unwatch()
      own.client.disconnect()
      if (shared.get(host) === own) shared.delete(host)
    }),
  }
}
