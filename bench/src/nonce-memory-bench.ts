import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import type { Result } from './report.js'

const program = 'redis-server'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** A server with nothing else in it. */
async function withOwnServer<T>(use: (client: Redis) => Promise<T>): Promise<T> {
  const port = await freePort()
  const server = spawn(program, ['--bind', '127.0.0.1', '--port', String(port), '--save', ''], { stdio: 'ignore' })
  const client = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: 100 })
  client.on('error', () => undefined)
  try {
    return await use(client)
  } finally {
    client.disconnect()
    server.kill()
    await once(server, 'exit')
  }
}

async function usedMegabytes(client: Redis): Promise<number> {
  const info = await client.info('memory')
  return Number(info.slice(info.indexOf('used_memory:') + 'used_memory:'.length).split('\r', 1)[0]) / 1e6
}

interface Names {
  readonly subject: string
  readonly prefix: string
  readonly clientId: string
}

/** Megabytes that so many outstanding nonces take. */
function measure({ prefix, clientId }: Names, count: number): Promise<number> {
  return withOwnServer(async (client) => {
    const stores = redisStores(client, { prefix })
    await stores.ready()
    const before = await usedMegabytes(client)
    let left = count
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        await stores.nonces.remember(randomUUID(), { clientId, ttlMs: 3_600_000 })
      }
    }
    await Promise.all(Array.from({ length: 64 }, lane))
    const used = (await usedMegabytes(client)) - before
    await stores.close()
    return used
  })
}

/** Memory of outstanding nonces, by Redis's own account (`used_memory`), in megabytes for all of them. */
export async function nonceMemoryBench(count: number): Promise<readonly Result[]> {
  if (spawnSync(program, ['--version']).status !== 0) {
    process.stderr.write('nonce-memory: no redis-server, not measured\n')
    return []
  }
  const subjects: readonly Names[] = [
    { subject: 'countersign, short names', prefix: 'auth', clientId: 'client-1' },
    { subject: 'countersign, a long prefix and UUIDs as clients', prefix: `ehealth:${'0'.repeat(12)}`, clientId: randomUUID() },
  ]
  const results: Result[] = []
  for (const names of subjects) {
    const ops = await measure(names, count)
    results.push({ bench: 'nonce-memory-mb', subject: names.subject, alg: `${count} outstanding`, ops, ratio: null, against: null })
  }
  return results
}
