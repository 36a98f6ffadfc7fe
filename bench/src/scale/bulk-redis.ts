import { Redis } from 'ioredis'
import { type Bulk, chunksOf, type Progress } from './bulk.js'
import type { BulkDocument } from './dataset.js'
import type { Place } from './parts.js'

const atOnce = 5_000

/** Fields of a hash, and members of its index. */
interface Written {
  readonly pairs: string[]
  readonly members: (string | number)[]
}

function byKey(documents: readonly BulkDocument[], keyOf: (document: BulkDocument) => string): ReadonlyMap<string, Written> {
  const written = new Map<string, Written>()
  for (const document of documents) {
    const key = keyOf(document)
    const { pairs, members } = written.get(key) ?? { pairs: [], members: [] }
    written.set(key, { pairs, members })
    const { id, value, group } = document
    pairs.push(id, `1:1:${value}`)
    members.push(0, `i${id}`)
    if (group !== undefined) members.push(0, `x${Buffer.byteLength(id)}:${id}${group}`, 0, `g${Buffer.byteLength(group)}:${group}${id}`)
  }
  return written
}

/** Plain commands in pipelines. Names of keys and forms of records are those of @countersign/redis. */
export function bulkRedis({ url, name }: Place, progress: Progress): Bulk {
  const client = new Redis(url)
  const base = `${name}||`
  const part = (text: string): string => `${text.length}:${text}`

  async function run(chunk: number, fill: (pipeline: ReturnType<Redis['pipeline']>) => void): Promise<void> {
    const pipeline = client.pipeline()
    fill(pipeline)
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
    progress(chunk)
  }

  return {
    async families(ids, { binding, data, ttlMs }) {
      for (const chunk of chunksOf(ids, atOnce))
        await run(chunk.length, (pipeline) => {
          for (const family of chunk) {
            const key = `${base}f${part(family)}`
            const call = { calls: ';AAAAAAAAAAAAAAAA created', called: String(Date.now()) }
            pipeline.hset(key, { v: '1', binding, data, generation: '0', ...call })
            pipeline.pexpire(key, Math.max(1, ttlMs))
          }
        })
    },
    async documents(documents) {
      for (const chunk of chunksOf(documents, atOnce))
        await run(chunk.length, (pipeline) => {
          const written = byKey(chunk, ({ kind, collection }) => `${base}${kind === 'clients' ? 'dc' : 'da'}${part(collection)}`)
          for (const [key, { pairs, members }] of written) {
            pipeline.hset(key, ...pairs)
            pipeline.zadd(`${base}i{${key}}`, ...members)
          }
        })
    },
    async revocations(tokens) {
      const now = Date.now()
      let count = 0
      for (const chunk of chunksOf(tokens, atOnce))
        await run(chunk.length, (pipeline) => {
          for (const { json, ttlMs } of chunk) {
            const ends = String(now + ttlMs)
            pipeline.xadd(`${base}revocations{-}`, `${now}-${count}`, 'v', '1', 'entry', json, 'ends', ends, 'undone', '0')
            count += 1
          }
        })
    },
    finish: async () => undefined,
    close: async () => client.disconnect(),
  }
}
