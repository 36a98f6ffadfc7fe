import { memoryStores } from '@countersign/core/memory'
import { Pool } from 'pg'

export { postgresStores } from '@countersign/postgres'

export const pool = new Pool({ connectionString: process.env.POSTGRES_URL })
export const old = memoryStores()
