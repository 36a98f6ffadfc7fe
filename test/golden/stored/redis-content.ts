import type { Redis } from 'ioredis'
import { type Absolute, absolute, relative } from './instants.js'

/** A key with what it holds. */
export interface RedisRecord {
  readonly key: string
  readonly type: string
  /** Milliseconds that it lives on. */
  readonly ttlMs?: number
  readonly value: unknown
}

const place = '~prefix~'

async function keysOf(redis: Redis, prefix: string): Promise<readonly string[]> {
  const found = new Set<string>()
  for (let cursor = ''; cursor !== '0'; ) {
    const [next, keys] = await redis.scan(cursor || '0', 'MATCH', `${prefix}|*`, 'COUNT', 1_000)
    for (const key of keys) found.add(key)
    cursor = next
  }
  return [...found].sort()
}

async function contentAt(redis: Redis, key: string, type: string): Promise<unknown> {
  switch (type) {
    case 'string':
      return redis.get(key)
    case 'hash':
      return redis.hgetall(key)
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES')
    case 'stream':
      return redis.xrange(key, '-', '+')
    default:
      throw new Error(`a key of type ${type}`)
  }
}

/** Everything under a prefix. Instants are relative to now. */
export async function contentOf(redis: Redis, prefix: string): Promise<readonly RedisRecord[]> {
  const [seconds = 0, micros = 0] = (await redis.time()).map(Number)
  const now = seconds * 1000 + Math.floor(micros / 1000)
  const records: RedisRecord[] = []
  for (const key of await keysOf(redis, prefix)) {
    const type = await redis.type(key)
    const [value, ttlMs] = [await contentAt(redis, key, type), await redis.pttl(key)]
    const text = JSON.stringify(relative(value, now)).replaceAll(prefix, place)
    records.push({ key: key.replaceAll(prefix, place), type, ...(ttlMs >= 0 && { ttlMs }), value: JSON.parse(text) as unknown })
  }
  return records
}

/** Without the answers of calls and the instants of challenges, which live for a minute and stand beside the records (decisions 071, 095, 099). */
export function lasting(records: readonly RedisRecord[]): readonly RedisRecord[] {
  return records.filter(({ key }) => !key.startsWith(`${place}||y{`) && !key.startsWith(`${place}||j{`)).map(inOrder)
}

/** A large hash has its fields in an order that each server draws when it starts. */
function inOrder(record: RedisRecord): RedisRecord {
  if (record.type !== 'hash') return record
  const fields = Object.entries(record.value as object).sort(([a], [b]) => (a < b ? -1 : 1))
  return { ...record, value: Object.fromEntries(fields) }
}

async function put(redis: Redis, { key, type, value }: RedisRecord, at: Absolute): Promise<void> {
  const content = at(value)
  switch (type) {
    case 'string':
      await redis.set(key, String(content))
      return
    case 'hash':
      await redis.hset(key, content as Record<string, string>)
      return
    case 'zset': {
      const members = content as readonly string[]
      for (let from = 0; from < members.length; from += 2) await redis.zadd(key, Number(members[from + 1]), members[from] ?? '')
      return
    }
    case 'stream':
      for (const [id, fields] of content as readonly (readonly [string, string[]])[]) await redis.xadd(key, id, ...fields)
      return
    default:
      throw new Error(`a record of type ${type}`)
  }
}

/** Puts records that were read before under another prefix, as old as they were then. What the server itself is called is not put. */
export async function restore(redis: Redis, prefix: string, records: readonly RedisRecord[]): Promise<void> {
  const [seconds = 0] = (await redis.time()).map(Number)
  const at = absolute(seconds * 1000)
  for (const record of records.filter(({ key }) => !key.includes('|memory{'))) {
    const [key, value] = JSON.parse(JSON.stringify([record.key, record.value]).replaceAll(place, prefix)) as readonly [string, unknown]
    await put(redis, { ...record, key, value }, at)
    if (record.ttlMs !== undefined) await redis.pexpire(key, record.ttlMs)
  }
}

/** The stores remember more than they were there for. */
export async function age(redis: Redis, prefix: string): Promise<void> {
  const [seconds = 0] = (await redis.time()).map(Number)
  const earlier = String(seconds * 1000 - 3_600_000)
  await redis.hset(`${prefix}||memory{-}`, { since: earlier, trusted: earlier })
}

/** Removes what a test wrote. */
export async function erase(redis: Redis, prefix: string): Promise<void> {
  const keys = await keysOf(redis, prefix)
  if (keys.length > 0) await redis.del(...keys)
}
