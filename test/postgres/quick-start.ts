import { migrate, postgresStores } from '@countersign/postgres'
import { Pool } from 'pg'

export const pool = new Pool({ connectionString: process.env.POSTGRES_URL, connectionTimeoutMillis: 1_000 })
pool.on('error', (error) => console.error('an idle connection broke:', error.message))

await migrate(pool, { schema: 'auth' })
export const stores = postgresStores(pool, { schema: 'auth', sweepEverySeconds: 60 })

const assertion = { purpose: 'private_key_jwt', id: 'a-jti', issuedAgoMs: 0, keepForMs: 120_000 }
console.log(await stores.replay.claim(assertion)) // claimed
console.log(await stores.replay.claim(assertion)) // replayed
