import { Redis } from 'ioredis'

const local = 'redis://127.0.0.1:6379'
const patienceMs = 2_000

/** Whether it answers in time. Something else may listen at that port, and say nothing. */
function answers(redis: Redis): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patienceMs, false)
    const settle = (answered: boolean): void => {
      clearTimeout(timer)
      resolve(answered)
    }
    redis.connect().then(
      () => settle(true),
      () => settle(false),
    )
  })
}

/** Says once that it is gone, and once that it is back. */
function tellOutages(redis: Redis): void {
  const state = { isDown: false }
  redis.on('error', (error: Error) => {
    if (!state.isDown) console.error(`redis: ${error.message}`)
    state.isDown = true
  })
  redis.on('ready', () => {
    if (state.isDown) console.error('redis: back')
    state.isDown = false
  })
}

/**
 * The Redis that `url` names, which may come up later; without a name a local one, where it answers.
 * Undefined if there is none. A command fails at once while the connection is down: a caller is told 503, and need not wait.
 */
export async function openRedis(url: string | undefined): Promise<Redis | undefined> {
  const redis = new Redis(url ?? local, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    retryStrategy: (times) => Math.min(times * 50, 500),
    // after a failover that leaves the connection open
    reconnectOnError: (error) => error.message.includes('READONLY'),
  })
  const quiet = (): void => undefined
  redis.on('error', quiet)
  if (url !== undefined) tellOutages(redis)
  if (!(await answers(redis)) && url === undefined) {
    redis.disconnect()
    return undefined
  }
  if (url === undefined) tellOutages(redis)
  return redis
}
