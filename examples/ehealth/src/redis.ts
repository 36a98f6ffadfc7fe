import { Redis } from 'ioredis'

const local = 'redis://127.0.0.1:6379'

/** The Redis that `url` names, or a local one where it answers; undefined if there is none. A named one may come up later. */
export async function openRedis(url: string | undefined): Promise<Redis | undefined> {
  const redis = new Redis(url ?? local, { lazyConnect: true, maxRetriesPerRequest: 1, connectTimeout: 1000, enableOfflineQueue: false })
  redis.on('error', (error: Error) => console.error(`redis: ${error.message}`))
  try {
    await redis.connect()
  } catch {
    if (url === undefined) {
      redis.disconnect()
      return undefined
    }
  }
  return redis
}
