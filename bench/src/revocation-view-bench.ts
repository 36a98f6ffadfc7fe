import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { migrate, postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import type { Result } from './report.js'
import type { ViewFigures } from './revocation-view-process.js'

const program = fileURLToPath(new URL('revocation-view-process.js', import.meta.url))

/** A process of its own reads the whole list: its memory and its event loop are nobody else's. */
async function figuresOf(store: 'redis' | 'postgres', url: string, name: string): Promise<ViewFigures> {
  const child = spawn(process.execPath, ['--expose-gc', program, store, url, name], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [answer] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return JSON.parse(answer) as ViewFigures
}

function resultsOf(subject: string, entries: number, figures: ViewFigures): readonly Result[] {
  return (Object.keys(figures) as (keyof ViewFigures)[]).map((what) => ({
    bench: `revocation-view-${what}`,
    subject,
    alg: `${entries} entries`,
    ops: figures[what],
    ratio: null,
    against: null,
  }))
}

const issuer = 'https://issuer.example'
const expiresAt = Math.ceil(Date.now() / 1000) + 86_400

async function onRedis(entries: number): Promise<readonly Result[]> {
  const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'
  const redis = new Redis(url)
  const prefix = `bench-${randomBytes(6).toString('hex')}`
  const stores = redisStores(redis, { prefix, maxWaitMs: 30_000 })
  try {
    for (let n = 0; n < entries; n += 1_000) {
      const ids = Array.from({ length: Math.min(1_000, entries - n) }, (_, k) => `token-of-a-usual-length-${n + k}`)
      await Promise.all(ids.map((jti) => stores.revocations.revoke({ type: 'jti', issuer, jti, expiresAt }, { ttlMs: 86_400_000 })))
    }
    return resultsOf('Redis', entries, await figuresOf('redis', url, prefix))
  } finally {
    await stores.close()
    for (const key of await redis.keys(`${prefix}|*`)) await redis.unlink(key)
    redis.disconnect()
  }
}

async function onPostgres(entries: number): Promise<readonly Result[]> {
  const url = process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
  const pool = new Pool({ connectionString: url })
  const schema = `bench_${randomBytes(6).toString('hex')}`
  try {
    await migrate(pool, { schema })
    await postgresStores(pool, { schema }).revocations.revoke({ type: 'client', issuer, clientId: 'first' })
    // one by one they would take many minutes: each waits for the one before
    await pool.query(
      `insert into "${schema}".revocations (tenant, epoch, fact, entry, undone, expires_at)
       select ''::bytea, n, int8send(n), convert_to(json_build_object('type', 'jti', 'issuer', $1::text, 'jti', 'token-of-a-usual-length-' || n,
         'expiresAt', $2::bigint)::text, 'UTF8'), false, now() + interval '1 day' from generate_series(2, $3::bigint) n`,
      [issuer, expiresAt, entries],
    )
    await pool.query(`update "${schema}".memory set epoch = $1`, [entries])
    return resultsOf('PostgreSQL', entries, await figuresOf('postgres', url, schema))
  } finally {
    await pool.query(`drop schema if exists "${schema}" cascade`)
    await pool.end()
  }
}

/** How long a new process takes until its view of a long denylist is whole, and what that costs it. */
export async function revocationViewBench(entries: number): Promise<readonly Result[]> {
  return [...(await onRedis(entries)), ...(await onPostgres(entries))]
}
