export type { RedisClient, RedisPipeline, RedisWarning } from './connection/redis-client.js'
export type { NodeRedisClient } from './node-redis/node-redis-client.js'
export { nodeRedisStores } from './node-redis-stores.js'
export { type RedisStoresOptions, redisStores } from './redis-stores.js'
