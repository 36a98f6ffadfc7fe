import { slotOfKey } from '../connection/key-slots.js'
import { type Answer, createLink, type Link, type LinkEvents, LinkLost, likeThat, type RedisCommand } from './link.js'
import type { NodeRedisCluster, NodeRedisNode } from './node-redis-client.js'
import type { Transport } from './transport.js'

/** A Cluster: a link to each master, made when it is used. */
export interface ClusterTransport extends Transport {
  /** The address of the node that has the slot. */
  masterOf(slot: number): string | undefined
  addresses(): readonly string[]
  sendTo(address: string, commands: readonly RedisCommand[]): Promise<readonly Answer[]>
}

const pauseMs = 50
const refreshEveryMs = 100

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pauseMs))

/** What the answer of a node says about where commands belong. */
type Redirection = { readonly kind: 'none' | 'later' | 'moved' } | { readonly kind: 'ask'; readonly address: string }

function redirectionOf(answers: readonly Answer[]): Redirection {
  for (const answer of answers) {
    const message = 'error' in answer && answer.error instanceof Error ? answer.error.message : ''
    if (message.startsWith('MOVED ')) return { kind: 'moved' }
    if (message.startsWith('ASK ')) return { kind: 'ask', address: message.slice(message.lastIndexOf(' ') + 1) }
    if (message.startsWith('TRYAGAIN') || message.startsWith('CLUSTERDOWN')) return { kind: 'later' }
  }
  return { kind: 'none' }
}

/** @param host - says which node has which slot; commands go over connections of ours */
export function clusterTransport(host: NodeRedisCluster, events: LinkEvents, resends: number): ClusterTransport {
  const links = new Map<string, Link>()
  const state = { isEnded: false, refreshedAt: Number.NEGATIVE_INFINITY }

  function linkTo(node: NodeRedisNode): Link {
    const known = links.get(node.address)
    if (known) return known
    const link = createLink(async () => likeThat(await host.nodeClient(node)), events)
    links.set(node.address, link)
    return link
  }

  /** A node that left, or became a replica, has no link. */
  function prune(): void {
    const addresses = new Set(host.masters.map(({ address }) => address))
    for (const [address, link] of links) {
      if (addresses.has(address)) continue
      links.delete(address)
      link.end()
    }
  }

  /**
   * Lets the host's client find out which node has the key: a node that does not have it says which one does. A random one is asked too, because
   * the one that had it may be gone, and redis 5 does not look for another one by itself.
   */
  async function refresh(key: string): Promise<void> {
    events.lost()
    const now = performance.now()
    if (now - state.refreshedAt >= refreshEveryMs) {
      state.refreshedAt = now
      for (const at of [key, undefined]) host.sendCommand(at, false, ['TYPE', key]).catch(() => undefined)
    }
    await pause()
    prune()
  }

  async function once(link: Link, commands: readonly RedisCommand[]): Promise<readonly Answer[] | undefined> {
    try {
      return await link.send(commands)
    } catch (error) {
      if (error instanceof LinkLost) return undefined
      throw error
    }
  }

  async function send(key: string, commands: readonly RedisCommand[]): Promise<readonly Answer[]> {
    const slot = slotOfKey(key)
    let asked: NodeRedisNode | undefined
    for (let sent = 0; ; sent += 1) {
      const node: NodeRedisNode | undefined = asked ?? host.slots[slot]?.master
      const isAsking = asked !== undefined
      asked = undefined
      const answers = node && (await once(linkTo(node), isAsking ? [['ASKING'], ...commands] : commands))
      const redirection = answers === undefined ? undefined : redirectionOf(answers)
      if (answers && (redirection?.kind === 'none' || sent >= resends)) return isAsking ? answers.slice(1) : answers
      if (state.isEnded) throw new Error('the connection was ended')
      if (sent >= resends) throw new LinkLost('no node of the Cluster answered')
      if (redirection?.kind === 'later') await pause()
      else if (redirection?.kind === 'ask') asked = host.nodeByAddress.get(redirection.address)
      else await refresh(key)
    }
  }

  const anyMaster = (): NodeRedisNode => {
    const [node] = host.masters
    if (node === undefined) throw new LinkLost('the Cluster has no known master')
    return node
  }

  return {
    // a node is connected when it is used
    isReady: () => host.isOpen && host.masters.length > 0,
    open() {
      if (!state.isEnded) for (const node of host.masters) linkTo(node).open()
    },
    send: (key, commands) => (key === undefined ? linkTo(anyMaster()).send(commands) : send(key, commands)),
    masterOf: (slot) => host.slots[slot]?.master.address,
    addresses: () => host.masters.map(({ address }) => address),
    async sendTo(address, commands) {
      const node = host.nodeByAddress.get(address)
      if (node === undefined) throw new LinkLost('the node left the Cluster')
      return linkTo(node).send(commands)
    },
    reconnect() {
      for (const link of links.values()) link.reconnect()
    },
    end() {
      state.isEnded = true
      for (const link of links.values()) link.end()
      links.clear()
    },
  }
}
