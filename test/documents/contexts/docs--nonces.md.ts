import { migrate } from '@countersign/postgres'
import { Redis } from 'ioredis'
import { Pool } from 'pg'

export { postgresStores } from '@countersign/postgres'
export { redisStores } from '@countersign/redis'
export const pool = new Pool({ connectionString: process.env.POSTGRES_URL })
await migrate(pool, { schema: 'auth' })
export const redis = new Redis(process.env.REDIS_URL ?? '')
