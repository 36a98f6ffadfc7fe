import type { RedisAccess } from '../connection/access.js'
import { isCluster, type RedisClient } from '../connection/redis-client.js'
import type { DocumentKind } from '../connection/store-keys.js'
import { type KeptNames, namesHere, namesOnServer } from './kept-names.js'

/** Names of the collections that have documents. */
export interface CollectionNames {
  /**
   * Finds what there is. False when that takes longer than a call may: then it goes on, for the next call.
   *
   * @param isNew - whether what was found before this call is not enough
   */
  gather(isNew: boolean): Promise<boolean>
  /** Up to so many names, in the order of their bytes, from one on; undefined where they are not gathered. */
  from(first: string | undefined, limit: number): Promise<readonly string[] | undefined>
}

/** Keys that one step of a walk looks at. */
const keysPerStep = 1_000

/** True when the work is done in time. */
async function isDoneWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const started: { timer?: NodeJS.Timeout } = {}
  const late = new Promise<boolean>((resolve) => {
    started.timer = setTimeout(() => resolve(false), milliseconds)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(started.timer)
  }
}

/**
 * A collection is a key of its own, in a slot of its own, so no operation on it can keep a list of all in step. The keys of the server are walked
 * through instead, when a scan begins: what any release wrote is found. The names are kept for a day, in order, for the pages of the scan.
 */
export function collectionNames(access: RedisAccess, kind: DocumentKind): CollectionNames {
  const { reads, keys, maxWaitMs } = access
  const pattern = keys.patternOf(kind)
  const [onServer, here] = [namesOnServer(access, kind), namesHere()]
  const state: { running: Promise<void> | undefined; next: Promise<void> | undefined; kept: KeptNames; steps: number } = {
    running: undefined,
    next: undefined,
    kept: onServer,
    steps: 0,
  }
  const patienceMs = maxWaitMs / 4

  async function walkNode(node: RedisClient, kept: KeptNames): Promise<void> {
    for (let cursor: string | undefined; cursor !== '0'; ) {
      const [next, found] = await reads.read(() => node.scan(cursor ?? '0', 'MATCH', pattern, 'COUNT', keysPerStep))
      const names = found.flatMap((key) => keys.collectionOf(kind, key) ?? [])
      if (names.length > 0) await kept.add(names)
      cursor = next
      state.steps += 1
    }
  }

  /** A place in a walk means nothing to another server: after a failover it begins anew. */
  async function walk(): Promise<void> {
    const before = await reads.read(async (memory) => memory)
    // a replica takes no names
    const kept = before.isReplica ? here : onServer
    kept.begin()
    for (const node of isCluster(reads.client) ? reads.client.nodes('master') : [reads.client]) await walkNode(node, kept)
    await reads.read(async () => {
      if (!reads.isCurrent(before)) throw new Error('the connection was lost meanwhile')
    })
    await kept.complete()
    state.kept = kept
  }

  function start(): Promise<void> {
    const walking = walk().finally(() => {
      state.running = undefined
    })
    walking.catch(() => undefined)
    state.running = walking
    return walking
  }

  /** Who comes while a walk is under way cannot tell what it has passed already: all of them share the next one. */
  function startNew(): Promise<void> {
    if (state.running === undefined) return start()
    state.next ??= state.running
      .catch(() => undefined)
      .then(() => {
        state.next = undefined
        return start()
      })
    state.next.catch(() => undefined)
    return state.next
  }

  /** While a server answers, the next call may wait for the rest; one that does not is an outage of this call. */
  async function inTime(walking: Promise<void>): Promise<boolean> {
    for (;;) {
      const { steps } = state
      if (await isDoneWithin(patienceMs, walking)) return true
      if (state.steps > steps) return false
    }
  }

  return {
    gather: (isNew) => reads.read(() => inTime(isNew ? startNew() : (state.next ?? state.running ?? Promise.resolve()))),
    from: (first, limit) => state.kept.from(first, limit),
  }
}
