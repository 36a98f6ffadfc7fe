import { spawnSync } from 'node:child_process'
import { redisStores } from '@countersign/redis'
import type { Redis } from 'ioredis'
import { type Effort, interleave, median, type Subject } from './measure.js'
import { redisServer, replicatedRedis } from './replicated-redis.js'
import type { Result } from './report.js'
import { concurrent, inFlight } from './stores-bench.js'

/** So far away is the replica, there and back. */
const awayMs = 2
const alg = `${inFlight} in flight, a replica ${awayMs} ms away`

/** A way to make claims, and the client over which its host reads. */
interface Way {
  readonly name: string
  readonly client: Redis
  claim(): Promise<unknown>
  close(): Promise<void>
}

const ways = {
  server: "durability: 'server'",
  wait: "durability: 'wait'",
  each: 'one WAIT for each change, over the client of the host',
} as const

function wayOf(name: keyof typeof ways, client: Redis): Way {
  const prefix = `bench-${name}`
  const stores = redisStores(client, { prefix, durability: name === 'wait' ? 'wait' : 'server' })
  const ids = { next: 0 }
  const claim = (): Promise<unknown> => {
    ids.next += 1
    return stores.replay.claim({ purpose: 'private_key_jwt', id: `id-${ids.next}`, issuedAgoMs: 0, ttlMs: 2_000 })
  }
  const waiting = async (): Promise<void> => {
    await claim()
    await client.pipeline().exists(prefix).wait(1, 500).exec()
  }
  const close = async (): Promise<void> => {
    await stores.close()
    client.disconnect()
  }
  return { name: ways[name], client, claim: name === 'each' ? waiting : claim, close }
}

const readEveryMs = 5

async function timeOf(call: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await call()
  return performance.now() - begun
}

/** The median time of a read of the host's while changes are made. Reads begin at even times, as requests of others do, and wait for no other read. */
async function readMs({ client, claim }: Way, forMs: number): Promise<number> {
  const state = { isOn: true }
  const lanes = Array.from({ length: inFlight }, async () => {
    while (state.isOn) await claim()
  })
  const reads: Promise<number>[] = []
  for (const until = performance.now() + forMs; performance.now() < until; ) {
    reads.push(timeOf(() => client.get('a key of the host')))
    await new Promise((resolve) => setTimeout(resolve, readEveryMs))
  }
  const times = await Promise.all(reads)
  state.isOn = false
  await Promise.all(lanes)
  return median(times)
}

/** Changes that wait for a replica: how many there are, and what they do to reads of the same process. */
export async function durabilityBench(effort: Effort): Promise<readonly Result[]> {
  if (spawnSync(redisServer, ['--version']).status !== 0) {
    process.stderr.write('durability: no program redis-server, not measured\n')
    return []
  }
  const servers = await replicatedRedis(awayMs / 2)
  const all = (['server', 'wait', 'each'] as const).map((name) => wayOf(name, servers.connect()))
  // the first answers of each connection say when the memory of the server began
  for (const { claim } of all) await claim()
  const subjects: readonly Subject[] = all.map(({ name, claim }) => concurrent(name, claim))
  const measured = await interleave(subjects, ways.server, effort)
  const changes = measured.map(({ name, opsPerSecond, ratio }) => ({
    bench: 'durability-changes',
    subject: name,
    alg,
    ops: opsPerSecond,
    ratio,
    against: ways.server,
  }))
  const reads: Result[] = []
  for (const way of all) {
    const ops = await readMs(way, effort.rounds * effort.sliceMs)
    reads.push({ bench: 'durability-read-ms', subject: way.name, alg, ops, ratio: null, against: null })
  }
  for (const { close } of all) await close()
  await servers.close()
  return [...changes, ...reads]
}
