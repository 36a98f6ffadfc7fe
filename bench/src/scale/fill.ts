import { deepStrictEqual } from 'node:assert/strict'
import { migrate } from '@countersign/postgres'
import { Pool } from 'pg'
import type { Bulk, Progress, RevokedToken } from './bulk.js'
import { bulkPostgres } from './bulk-postgres.js'
import { bulkRedis } from './bulk-redis.js'
import {
  busiest,
  clientIdOf,
  documentCount,
  documentOf,
  documentsOf,
  endedFamilyOf,
  entityOf,
  familyBinding,
  familyData,
  familyLifeMs,
  familyOf,
  flatCollection,
  hasEnded,
  issuer,
  revocationLifeMs,
  type Shape,
  templatesBy,
  tokenOf,
} from './dataset.js'
import { openParts, type Parts, type Place, userOf } from './parts.js'

function* namesOf(count: number, nameOf: (number: number) => string): Generator<string> {
  for (let n = 0; n < count; n += 1) yield nameOf(n)
}

function* tokens({ revocations }: Shape): Generator<RevokedToken> {
  const expiresAt = Math.floor(Date.now() / 1000) + 900
  for (let n = 0; n < revocations; n += 1) {
    const entry = { type: 'jti', issuer, jti: tokenOf(n), expiresAt }
    const fact = JSON.stringify(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
    yield { jti: entry.jti, json: JSON.stringify(entry), fact, ttlMs: hasEnded(n) ? -1_000 : revocationLifeMs }
  }
}

/** Reads samples through the packages. */
async function check({ stores, clients, integrations }: Parts, shape: Shape): Promise<void> {
  const { families, documents, popular, others } = shape
  const last = await stores.families.find(familyOf(families - 1))
  deepStrictEqual(last, { binding: familyBinding, data: familyData, generation: 0, revoked: undefined })
  deepStrictEqual(await stores.families.find(endedFamilyOf(0)), undefined)
  const page = await stores.accounts.list({ collection: flatCollection, after: documentOf(documents - 3), limit: 10 })
  deepStrictEqual(
    page.map(({ id }) => id),
    [documentOf(documents - 2), documentOf(documents - 1)],
  )
  const counted = await stores.accounts.count({ collection: flatCollection })
  deepStrictEqual([counted.total, counted.groups.length], [documents, 4])
  deepStrictEqual((await clients.find(clientIdOf(shape.clients - 1)))?.id, clientIdOf(shape.clients - 1))
  const ofClient = await integrations.enrollments(userOf('bench'), { clientId: clientIdOf(0) })
  deepStrictEqual(ofClient.ok && ofClient.totalCount, popular.enrollments)
  const ofEntity = await integrations.enrollments(userOf('bench'), { entity: entityOf(popular.enrollments - 1) })
  const removed = popular.enrollments - 1 < shape.removed.enrollments ? shape.removed.integrations : 0
  deepStrictEqual(ofEntity.ok && [ofEntity.totalCount, ofEntity.types], [popular.integrations + removed, ['fancy']])
  const ofBusiest = await integrations.enrollments(userOf('bench'), { entity: busiest })
  deepStrictEqual(ofBusiest.ok && ofBusiest.totalCount, others)
  const part = await stores.revocations.since(undefined, { limit: 1_000 })
  const read = part.records.map(({ entry }) => entry.type === 'jti' && entry.jti)
  deepStrictEqual(read.slice(0, 3), [tokenOf(1), tokenOf(2), tokenOf(3)])
}

/** How many records {@link fill} writes. */
export const recordCount = (shape: Shape): number => shape.families + shape.ended + shape.revocations + documentCount(shape)

async function write(bulk: Bulk, shape: Shape, parts: Parts): Promise<void> {
  const family = { binding: familyBinding, data: familyData }
  await bulk.families(namesOf(shape.families, familyOf), { ...family, ttlMs: familyLifeMs })
  await bulk.families(namesOf(shape.ended, endedFamilyOf), { ...family, ttlMs: -7_200_000 })
  await bulk.revocations(tokens(shape))
  await bulk.documents(documentsOf(shape, await templatesBy(parts)))
  await bulk.finish()
}

async function createSchema({ url, name }: Place): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 1 })
  await migrate(pool, { schema: name })
  await pool.end()
}

/** Fills an empty place, and reads samples of what was written. */
export async function fill(place: Place, shape: Shape, progress: Progress): Promise<void> {
  if (place.store === 'postgres') await createSchema(place)
  const bulk = place.store === 'redis' ? bulkRedis(place, progress) : await bulkPostgres(place, progress)
  const parts = await openParts(place)
  try {
    await stirred(parts)
    await write(bulk, shape, parts)
    await check(parts, shape)
  } finally {
    await parts.close()
    await bulk.close()
  }
}

/** Lets the store begin its memory. */
async function stirred({ stores }: Parts): Promise<void> {
  await stores.revocations.cursor()
}
