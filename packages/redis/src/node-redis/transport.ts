import { type Answer, createLink, type LinkEvents, LinkLost, likeThat, type RedisCommand } from './link.js'
import { isNodeRedisSentinel, type NodeRedisConnection, type NodeRedisSentinel } from './node-redis-client.js'

/** Sends commands to the server that has their key. */
export interface Transport {
  isReady(): boolean
  open(): void
  /** Sends commands right behind one another, again where the connection was lost. */
  send(key: string | undefined, commands: readonly RedisCommand[]): Promise<readonly Answer[]>
  reconnect(): void
  end(): void
}

/** How often commands are sent again, at most, if nobody says it. */
export const usualResends = 20

/** To one server: that of a client, or the master that a Sentinel names. */
export function singleTransport(host: NodeRedisConnection | NodeRedisSentinel, events: LinkEvents, resends: number): Transport {
  const make = isNodeRedisSentinel(host) ? () => host._execute(false, async (master) => likeThat(master)) : async () => likeThat(host)
  const link = createLink(make, events)
  const changed = (event: unknown): void => {
    if ((event as { readonly type?: unknown } | undefined)?.type === 'MASTER_CHANGE') link.reconnect()
  }
  if (isNodeRedisSentinel(host)) host.on('topology-change', changed)
  return {
    isReady: link.isReady,
    open: link.open,
    async send(_key, commands) {
      for (let sent = 0; ; sent += 1) {
        try {
          return await link.send(commands)
        } catch (error) {
          if (!(error instanceof LinkLost) || sent >= resends) throw error
        }
      }
    },
    reconnect: link.reconnect,
    end() {
      if (isNodeRedisSentinel(host)) host.off('topology-change', changed)
      link.end()
    },
  }
}
