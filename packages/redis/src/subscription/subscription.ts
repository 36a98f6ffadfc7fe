import { watchClient } from '../connection/client-events.js'
import { isCluster, type RedisClient } from '../connection/redis-client.js'
import { followBlocking } from './blocking-follower.js'
import type { FollowedStream, StreamFollower, StreamListener } from './followed-streams.js'
import { followPolling } from './polling-follower.js'

/** What a client follows. */
interface Following {
  readonly streams: Map<string, FollowedStream>
  readonly follower: StreamFollower
  unwatch: () => void
}

/** All stores on a client share what follows their Streams: a hundred tenants need one connection. */
const shared = new WeakMap<RedisClient, Following>()

function follow(client: RedisClient): Following {
  const streams = new Map<string, FollowedStream>()
  const follower = isCluster(client) ? followPolling(client, streams) : followBlocking(client, streams)
  // What we opened must not outlive the client of the host.
  const unwatch = watchClient(client, { ready: follower.begin, ended: follower.end })
  return { streams, follower, unwatch }
}

function join(client: RedisClient, key: string, listener: StreamListener): () => void {
  const following = shared.get(client) ?? follow(client)
  shared.set(client, following)
  const { streams, follower } = following
  const stream = streams.get(key) ?? { key, listeners: new Set(), position: undefined, isDue: true }
  streams.set(key, stream)
  stream.listeners.add(listener)
  if (client.status !== 'end') follower.begin()
  return () => {
    if (!stream.listeners.delete(listener) || stream.listeners.size > 0) return
    streams.delete(key)
    if (streams.size > 0) return
    follower.end()
    following.unwatch()
    shared.delete(client)
  }
}

/** Tells the listeners of one tenant when its Stream grew. */
export function revocationSubscription(
  client: RedisClient,
  { key, onWarning }: { readonly key: string; readonly onWarning: StreamListener['onWarning'] },
): { subscribe(listener: () => void): () => void; replace(): void; close(): void } {
  const ends = new Set<() => void>()
  const state = { closed: false }
  return {
    subscribe(listener) {
      if (state.closed) return () => undefined
      const leave = join(client, key, { call: listener, onWarning })
      ends.add(leave)
      return () => {
        ends.delete(leave)
        leave()
      }
    },
    replace() {
      if (ends.size > 0) shared.get(client)?.follower.replace()
    },
    close() {
      state.closed = true
      for (const leave of ends) leave()
    },
  }
}
