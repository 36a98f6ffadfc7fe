import type { Durability } from '../connection/change.js'
import { leaving, replacing, watchClient } from '../connection/client-events.js'
import { isCluster, type RedisClient, type RedisWarning } from '../connection/redis-client.js'
import { defineScripts, type RunScript, toldScripts } from '../scripts/scripts.js'
import { createAcknowledgements, type WatchedAcknowledgements } from './acknowledgements.js'
import { durableChange } from './durable-change.js'

/** A client of ours for changes alone: reads and the host's own commands do not stand behind WAIT. */
export interface ChangeClient {
  readonly client: RedisClient
  readonly run: RunScript
  readonly durability: Durability
  /** Connects anew: the address may lead to another server by now. */
  replace(): void
  leave(): void
}

interface Shared {
  readonly client: RedisClient
  readonly run: RunScript
  readonly runTold: ReturnType<typeof toldScripts>
  readonly acknowledgements: WatchedAcknowledgements
  stores: number
  readonly replace: () => void
  unwatch: () => void
}

/** Connects with its first command. WAIT takes its time, and must be sent behind what was sent before it. */
function duplicateOf(client: RedisClient): RedisClient {
  const common = { lazyConnect: true, enableOfflineQueue: true, enableAutoPipelining: false }
  const host = client as unknown as { duplicate(...args: readonly unknown[]): RedisClient }
  if (isCluster(client)) return host.duplicate([], { ...common, redisOptions: { commandTimeout: undefined } })
  return host.duplicate({ ...common, commandTimeout: undefined })
}

/** All stores on a client share the client for changes. */
const shared = new WeakMap<RedisClient, Shared>()

function open(host: RedisClient, key: string): Shared {
  const client = duplicateOf(host)
  // Each call is told; the host hears of the connection by its own client.
  client.on('error', () => undefined)
  const begin = (): void => {
    if (client.status === 'wait' || client.status === 'end') client.connect().catch(() => undefined)
  }
  // What we opened must not outlive the client of the host.
  const end = (): void => client.disconnect()
  const unwatch = watchClient(host, { ready: begin, ended: end })
  const acknowledgements = createAcknowledgements(client, key)
  if (host.status === 'ready') begin()
  if (host.status === 'end') end()
  const [run, runTold] = [defineScripts(client), toldScripts(client)]
  return { client, run, runTold, acknowledgements, stores: 0, replace: replacing(() => client.disconnect(true)), unwatch }
}

function close(host: RedisClient, { client, acknowledgements, unwatch }: Shared): void {
  shared.delete(host)
  unwatch()
  acknowledgements.end()
  client.disconnect()
}

/** @param key - a key of the stores that join */
export function joinChangeClient(host: RedisClient, key: string, onWarning: (warning: RedisWarning) => void): ChangeClient {
  const own = shared.get(host) ?? open(host, key)
  shared.set(host, own)
  own.stores += 1
  own.acknowledgements.tell(onWarning)
  return {
    client: own.client,
    run: own.run,
    durability: {
      changeWith: (parts) => durableChange(own.acknowledgements, own.runTold, parts),
      requireReplica: own.acknowledgements.requireReplica,
      acknowledged: (name, waitMs) => own.acknowledgements.join(name, waitMs).acknowledged,
    },
    replace: own.replace,
    leave: leaving(own, () => close(host, own)),
  }
}
