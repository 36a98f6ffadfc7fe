import { isCluster, type RedisClient, type RedisNode } from './redis-client.js'

/** What stores are told about the host's client. */
export interface ClientWatcher {
  /**
   * A connection is gone. Called before a command can be answered by the next one: the driver sends commands whose answer it
   * missed again, to a server that may have lost its memory in between.
   */
  readonly lost?: () => void
  /** Commands are sent from now on. */
  readonly ready?: () => void
  /** The client does not reconnect: the host ended it, or its driver gave up. */
  readonly ended?: () => void
}

interface Watched {
  readonly watchers: Set<ClientWatcher>
  readonly unwatch: () => void
}

function listen(client: RedisClient, watchers: ReadonlySet<ClientWatcher>): () => void {
  const nodes = new Set<RedisNode>()
  const lost = (): void => {
    for (const watcher of watchers) watcher.lost?.()
  }
  const ready = (): void => {
    for (const watcher of watchers) watcher.ready?.()
  }
  const ended = (): void => {
    for (const watcher of watchers) watcher.ended?.()
  }
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
  client.on('end', ended)
  if (isCluster(client)) {
    for (const node of client.nodes('all')) join(node)
    client.on('+node', join)
    client.on('-node', leave)
  }
  return () => {
    client.off('close', lost)
    client.off('ready', ready)
    client.off('end', ended)
    client.off('+node', join)
    client.off('-node', leave)
    for (const node of nodes) node.off('close', lost)
  }
}

/** All stores on a client share one listener for each event: a driver warns of a leak when there are more than ten. */
const shared = new WeakMap<RedisClient, Watched>()

/** @returns ends it */
export function watchClient(client: RedisClient, watcher: ClientWatcher): () => void {
  const watched = shared.get(client) ?? begin(client)
  watched.watchers.add(watcher)
  return () => {
    if (!watched.watchers.delete(watcher) || watched.watchers.size > 0) return
    watched.unwatch()
    shared.delete(client)
  }
}

function begin(client: RedisClient): Watched {
  const watchers = new Set<ClientWatcher>()
  const watched = { watchers, unwatch: listen(client, watchers) }
  shared.set(client, watched)
  return watched
}

const replaceEveryMs = 1_000

/** Connects anew, at most once a second: when a server became a replica, the one that takes its place may not be known yet. */
export function replacing(reconnect: () => void): () => void {
  const state = { at: Number.NEGATIVE_INFINITY }
  return () => {
    const now = performance.now()
    if (now - state.at < replaceEveryMs) return
    state.at = now
    reconnect()
  }
}

/** For one who joined what several stores share: it leaves once, and the last one closes. */
export function leaving(shared: { stores: number }, close: () => void): () => void {
  const state = { hasLeft: false }
  return () => {
    if (state.hasLeft) return
    state.hasLeft = true
    shared.stores -= 1
    if (shared.stores === 0) close()
  }
}
