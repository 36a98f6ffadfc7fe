export type { RedisClient, RedisPipeline, RedisWarning } from './redis-client.js'
export { type RedisStoresOptions, redisStores } from './redis-stores.js'
