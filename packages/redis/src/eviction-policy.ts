import type { RedisClient, RedisWarning } from './redis-client.js'

/** The policy out of `INFO memory`: managed servers often refuse CONFIG. Undefined where it is not told. */
function evictionPolicyOf(info: string): string | undefined {
  const line = info.split('\r\n', 200).find((text) => text.startsWith('maxmemory_policy:'))
  return line?.slice('maxmemory_policy:'.length)
}

/** Warns when keys may be evicted: a forgotten claim is a claim that can be made again. Of a Cluster, one node is asked. */
export function warnOfEviction(client: RedisClient, onWarning: (warning: RedisWarning) => void): () => void {
  const state: { warned: string | undefined } = { warned: undefined }
  async function check(): Promise<void> {
    const policy = evictionPolicyOf(String(await client.info('memory')))
    if (policy !== undefined && policy !== 'noeviction' && policy !== state.warned) onWarning({ name: 'maxmemory_policy', detail: policy })
    state.warned = policy
  }
  // not being allowed to ask is no reason to fail
  const ready = (): void => void check().catch(() => undefined)
  client.on('ready', ready)
  if (client.status === 'ready') ready()
  return () => client.off('ready', ready)
}
