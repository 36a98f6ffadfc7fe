import { createHash } from 'node:crypto'
import { Client } from 'pg'
import { type Bulk, chunksOf, type Progress } from './bulk.js'
import { issuer } from './dataset.js'
import type { Place } from './parts.js'

const atOnce = 5_000

/** The key of a row, as @countersign/postgres hashes it. */
function rowKey(text: string): Buffer {
  return createHash('sha256').update(`${text.length}:`).update(text, 'utf16le').digest()
}

/** What a revocation is found by. */
const nameKey = (text: string): Buffer => rowKey(text).subarray(0, 16)

/** Rows in large statements. Tables and forms of records are those of @countersign/postgres. */
export async function bulkPostgres({ url, name }: Place, progress: Progress): Promise<Bulk> {
  const client = new Client({ connectionString: url })
  await client.connect()
  // of this connection only: what is measured flushes its commits
  await client.query('set synchronous_commit = off')
  const tenant = Buffer.alloc(0)

  return {
    async families(ids, { binding, data, ttlMs }) {
      const text = `
        insert into "${name}".families (tenant, key, binding, data, generation, expires_at, sweep_at, calls, called_at)
        select $1, key, $2, $3, 0, clock_timestamp() + $4::float8 * interval '1 ms',
          date_trunc('hour', clock_timestamp() + $4::float8 * interval '1 ms'), ';AAAAAAAAAAAAAAAA created', clock_timestamp()
        from unnest($5::bytea[]) as rows (key)`
      for (const chunk of chunksOf(ids, atOnce)) {
        await client.query(text, [tenant, Buffer.from(binding), Buffer.from(data), ttlMs, chunk.map(rowKey)])
        progress(chunk.length)
      }
    },
    async documents(documents) {
      const text = `
        insert into "${name}".documents (tenant, kind, collection, id, value, group_name, revision)
        select $1, kind, convert_to(collection, 'UTF8'), convert_to(id, 'UTF8'), convert_to(value, 'UTF8'), convert_to(group_name, 'UTF8'), 1
        from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as rows (kind, collection, id, value, group_name)`
      for (const chunk of chunksOf(documents, atOnce)) {
        const columns = (['kind', 'collection', 'id', 'value', 'group'] as const).map((column) => chunk.map((row) => row[column] ?? null))
        await client.query(text, [tenant, ...columns])
        progress(chunk.length)
      }
    },
    async revocations(tokens) {
      const text = `
        with numbered as (
          update "${name}".memory set epoch = epoch + $2 where tenant = $1 returning epoch - $2 as before
        )
        insert into "${name}".revocations (tenant, epoch, fact, entry, undone, expires_at, type, issuer, name)
        select $1, before + place, fact, convert_to(entry, 'UTF8'), false, clock_timestamp() + left_ms * interval '1 ms', 'jti', $6, name
        from numbered, unnest($3::bytea[], $4::text[], $5::float8[], $7::bytea[]) with ordinality as rows (fact, entry, left_ms, name, place)`
      for (const chunk of chunksOf(tokens, atOnce)) {
        const facts = chunk.map(({ fact }) => rowKey(fact))
        const [texts, lefts] = [chunk.map(({ json }) => json), chunk.map(({ ttlMs }) => ttlMs)]
        const values = [tenant, chunk.length, facts, texts, lefts, nameKey(issuer), chunk.map(({ jti }) => nameKey(jti))]
        await client.query(text, values)
        progress(chunk.length)
      }
    },
    // As autovacuum does in a server that runs for longer than a minute.
    async finish() {
      for (const table of ['families', 'documents', 'revocations']) await client.query(`vacuum analyze "${name}".${table}`)
      await client.query('checkpoint')
    },
    close: () => client.end(),
  }
}
