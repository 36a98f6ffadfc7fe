import { isUnavailable, type Stores } from '@countersign/core'
import { type RedisStoresOptions, type RedisWarning, redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { delayingProxy } from './delaying-proxy.js'
import { type OwnServer, startServer, untilReplicating } from './redis-servers.js'

export const minute = 60_000
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function answerOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (isUnavailable(error)) return 'outage'
    throw error
  })
}

export async function timed(call: () => Promise<unknown>): Promise<{ readonly answer: unknown; readonly ms: number }> {
  const begun = performance.now()
  const answer = await answerOf(call())
  return { answer, ms: performance.now() - begun }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

export async function start(settings: readonly string[] = []): Promise<OwnServer> {
  const server = await startServer(['repl-diskless-sync-delay 0', ...settings])
  onTestFinished(() => server.remove())
  return server
}

export async function withReplica(delayMs = 0): Promise<{ readonly master: OwnServer; readonly replica: OwnServer }> {
  const master = await start()
  const link = delayMs === 0 ? undefined : await delayingProxy(master, delayMs)
  if (link) onTestFinished(() => link.close())
  const replica = await start([`replicaof 127.0.0.1 ${link?.port ?? master.port}`])
  // a stopped process ends only when it goes on
  onTestFinished(() => replica.thaw())
  await untilReplicating(master.port)
  return { master, replica }
}

export function connect({ port }: { readonly port: number }, options: object = {}): Redis {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 20, ...options })
  client.on('error', () => undefined)
  onTestFinished(() => client.disconnect())
  return client
}

export function open(client: Redis, options: Partial<RedisStoresOptions> = {}): { readonly stores: Stores; readonly warnings: string[] } {
  const warnings: string[] = []
  const onWarning = ({ name }: RedisWarning): void => void warnings.push(name)
  const stores = redisStores(client, { prefix: 'wait', durability: 'wait', onWarning, ...options })
  onTestFinished(() => stores.close())
  return { stores, warnings }
}

export const claim = (stores: Stores, id: string): Promise<unknown> =>
  stores.replay.claim({ purpose: 'test', id, issuedAgoMs: 0, ttlMs: minute })
