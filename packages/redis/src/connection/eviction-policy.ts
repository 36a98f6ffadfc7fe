import { callListener } from '@countersign/core'
import { watchClient } from './client-events.js'
import type { RedisClient, RedisWarning } from './redis-client.js'

type OnWarning = (warning: RedisWarning) => void

/** The policy that was read on a client, for all stores on it. */
interface Asked {
  /** Who was told of which policy, and for how many stores. */
  readonly told: Map<OnWarning, { stores: number; policy: string | undefined }>
  /** The policy, if keys may be evicted. */
  policy: string | undefined
  unwatch: () => void
}

/** The policy out of `INFO memory`: managed servers often refuse CONFIG. Undefined where it is not told. */
function evictionPolicyOf(info: string): string | undefined {
  const line = info.split('\r\n', 200).find((text) => text.startsWith('maxmemory_policy:'))
  return line?.slice('maxmemory_policy:'.length)
}

function warnAll({ told, policy }: Asked): void {
  for (const [onWarning, last] of told) {
    if (policy !== undefined && policy !== last.policy) callListener(() => onWarning({ name: 'maxmemory_policy', detail: policy }))
    last.policy = policy
  }
}

/** One question for each connection of the client, not one for each tenant. */
const shared = new WeakMap<RedisClient, Asked>()

function ask(client: RedisClient): Asked {
  const asked: Asked = { told: new Map(), policy: undefined, unwatch: () => undefined }
  async function check(): Promise<void> {
    const policy = evictionPolicyOf(String(await client.info('memory')))
    asked.policy = policy === 'noeviction' ? undefined : policy
    warnAll(asked)
  }
  // Without the right to ask, the policy stays unknown.
  const ready = (): void => void check().catch(() => undefined)
  asked.unwatch = watchClient(client, { ready })
  if (client.status === 'ready') ready()
  shared.set(client, asked)
  return asked
}

/** Warns when keys may be evicted: a forgotten claim is a claim that can be made again. Of a Cluster, one node is asked. */
export function warnOfEviction(client: RedisClient, onWarning: OnWarning): () => void {
  const asked = shared.get(client) ?? ask(client)
  const last = asked.told.get(onWarning) ?? { stores: 0, policy: undefined }
  last.stores += 1
  asked.told.set(onWarning, last)
  warnAll(asked)
  const state = { ended: false }
  return () => {
    if (state.ended) return
    state.ended = true
    last.stores -= 1
    if (last.stores === 0) asked.told.delete(onWarning)
    if (asked.told.size > 0) return
    asked.unwatch()
    shared.delete(client)
  }
}
