export type { RedisClient, RedisPipeline, RedisWarning } from './connection/redis-client.js'
export { type RedisStoresOptions, redisStores } from './redis-stores.js'
