import { callListener } from '@countersign/core'
import { watchClient } from '../connection/client-events.js'
import { slotOfKey } from '../connection/key-slots.js'
import { isCluster, type RedisClient, type RedisWarning } from '../connection/redis-client.js'
import { type AcknowledgedGroup, type AcknowledgementLine, acknowledgementLine } from './acknowledgement-line.js'

/** Tells when replicas have what was sent over one client. */
export interface Acknowledgements {
  /** WAIT is sent behind the answers of changes, not behind the changes: a Cluster may send a change on to another server. */
  readonly afterAnswers: boolean
  /** Resolves when a change of `key` may be sent. Rejects while no replica of its server acknowledges. */
  enter(key: string): Promise<void>
  /** @throws Error while no replica of the server of `key` acknowledges */
  requireReplica(key: string): void
  /** Shared by all changes that were sent to the server of `key` since the last WAIT was. */
  join(key: string, waitMs: number): AcknowledgedGroup
}

type OnWarning = (warning: RedisWarning) => void

/** The acknowledgements of one client, and who is told when they fail. */
export interface WatchedAcknowledgements extends Acknowledgements {
  tell(onWarning: OnWarning): void
  end(): void
}

function warningOf(fault: Error | undefined): RedisWarning {
  if (fault === undefined) return { name: 'replica_restored', detail: 'a replica acknowledges changes again' }
  return { name: 'replica_lost', detail: `${fault.message}: changes are refused until one does`, cause: fault }
}

/**
 * @param client - a client of ours, over which nothing else is sent
 * @param key - a key whose position may be requested
 */
export function createAcknowledgements(client: RedisClient, key: string): WatchedAcknowledgements {
  const lines = new Map<string, AcknowledgementLine>()
  const told = new Set<OnWarning>()
  const faults = new Map<string, Error>()

  function changed(node: string, fault: Error | undefined): void {
    if (fault) faults.set(node, fault)
    else faults.delete(node)
    for (const onWarning of told) callListener(() => onWarning(warningOf(fault)))
  }

  /** Each master of a Cluster has replicas of its own. */
  function lineOf(name: string): AcknowledgementLine | undefined {
    const node = isCluster(client) ? client.slots[slotOfKey((client.options?.keyPrefix ?? '') + name)]?.[0] : ''
    if (node === undefined) return undefined
    const line = lines.get(node) ?? acknowledgementLine(client, (fault) => changed(node, fault))
    if (!lines.has(node)) lines.set(node, line)
    return line
  }

  const unwatch = watchClient(client, {
    lost() {
      for (const line of lines.values()) line.lost()
    },
    ready: () => lineOf(key)?.look(key),
  })

  return {
    afterAnswers: isCluster(client),
    enter: async (name) => lineOf(name)?.enter(),
    requireReplica: (name) => lineOf(name)?.requireReplica(),
    join(name, waitMs) {
      const line = lineOf(name)
      if (line === undefined) throw new Error('the client does not know which server has the key')
      return line.join(name, waitMs)
    },
    tell(onWarning) {
      if (told.has(onWarning)) return
      told.add(onWarning)
      for (const fault of faults.values()) callListener(() => onWarning(warningOf(fault)))
    },
    end() {
      unwatch()
      for (const line of lines.values()) line.end()
    },
  }
}
