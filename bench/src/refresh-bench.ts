import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createClients, createTokenEndpoint, refreshToken } from '@countersign/grants'
import { redisStores } from '@countersign/redis'
import type { Redis } from 'ioredis'
import { type Effort, interleave, type Subject } from './measure.js'
import type { Result } from './report.js'
import { concurrent, connect, inFlight } from './stores-bench.js'
import { audience, benchKey, issuer } from './tokens.js'

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const forever = { limit: 1_000_000_000, windowSeconds: 60 }
const bare = 'ioredis EVALSHA, the least that rotates'

/** Chains that are there, of which every call takes one that no other call has at the time. */
function lanes<T>(items: readonly T[]): { take(): T; give(item: T): void } {
  const free = [...items]
  return { take: () => free.pop() as T, give: (item) => void free.push(item) }
}

/** One write by a script. */
const write = "return redis.call('HINCRBY', KEYS[1], 'generation', 1)"
/** The least that rotates: is it the newest, count one on, live on, give what the token is made of. */
const leastRotation = `
local kept = redis.call('HMGET', KEYS[1], 'generation', 'data')
if tonumber(kept[1] or 0) ~= tonumber(ARGV[1]) then return redis.error_reply('reused') end
redis.call('HSET', KEYS[1], 'generation', ARGV[1] + 1)
redis.call('PEXPIRE', KEYS[1], 600000)
return kept[2]`

/** A script and the driver, and nothing else. */
async function bareScript(client: Redis, script: { readonly name: string; readonly lua: string; readonly key: string }): Promise<Subject> {
  const sha = String(await client.script('LOAD', script.lua))
  const chains = lanes(Array.from({ length: inFlight }, (_, at) => ({ key: `${script.key}:${at}`, generation: 0 })))
  return concurrent(script.name, async () => {
    const { key, generation } = chains.take()
    await client.evalsha(sha, 1, key, generation)
    chains.give({ key, generation: generation + 1 })
  })
}

/** Rotations of chains by the store alone. */
async function storeRotation(stores: ReturnType<typeof redisStores>): Promise<Subject> {
  const binding = 'client-1'
  const families = Array.from({ length: inFlight }, () => ({ family: randomBytes(16).toString('base64url'), generation: 0 }))
  for (const { family } of families) await stores.families.create({ family, binding, data: '{"v":1}', ttlMs: 600_000 })
  const chains = lanes(families)
  return concurrent('countersign, the store alone', async () => {
    const chain = chains.take()
    const rotation = await stores.families.rotate({ ...chain, binding, retryWindowMs: 10_000, ttlMs: 600_000 })
    if (rotation.outcome !== 'rotated') throw new Error(rotation.outcome)
    chains.give({ family: chain.family, generation: rotation.generation })
  })
}

/** Whole requests at the token endpoint, whose chains alone are in Redis. */
async function endpointRotation(stores: ReturnType<typeof redisStores>): Promise<Subject> {
  const memory = memoryStores()
  const clients = createClients({ store: memory.clients, pepper: { current: { id: '1', secret: randomBytes(32) } } })
  const made = await clients.register({
    grants: ['client_credentials', 'refresh_token'],
    refresh: { policy: 'rotating', withClientCredentials: true },
  })
  if (!made.ok || made.secret === undefined) throw new Error('not registered')
  const { signer } = benchKey('ES256')
  const endpoint = createTokenEndpoint({
    issuer,
    audience,
    clients,
    signer: { current: () => signer },
    stores: { ...memory, families: stores.families },
    grants: [clientCredentials(), refreshToken({ secrets: { current: { id: '1', secret: randomBytes(32) } } })],
    rateLimits: { requests: forever, failures: forever },
  })
  const authorization = `Basic ${Buffer.from(`${made.client.id}:${made.secret.secret}`).toString('base64')}`
  const ask = async (body: string): Promise<string> => {
    const reply = await endpoint({ method: 'POST', url: '/token', headers: { ...form, authorization }, ip: '192.0.2.1', body })
    const { refresh_token: token } = JSON.parse(String(reply.body)) as { readonly refresh_token?: string }
    if (token === undefined) throw new Error(`the endpoint answered ${reply.status}`)
    return token
  }
  const first: string[] = []
  for (let at = 0; at < inFlight; at++) first.push(await ask('grant_type=client_credentials'))
  const tokens = lanes(first)
  return concurrent('countersign, the endpoint with its signature', async () => {
    tokens.give(await ask(`grant_type=refresh_token&refresh_token=${tokens.take()}`))
  })
}

/** How many commands one call sends. */
async function commandsOf(client: Redis, call: Subject): Promise<number> {
  const sent = { commands: 0 }
  const send = client.sendCommand
  client.sendCommand = (...command) => {
    sent.commands += 1
    return send.apply(client, command)
  }
  const calls = 1000
  await call.run(calls)
  client.sendCommand = send
  return sent.commands / calls
}

/** To rotate a refresh token, beside the one script call that it needs at least. */
export async function refreshBench(effort: Effort): Promise<readonly Result[]> {
  const client = await connect()
  if (client === undefined) {
    process.stderr.write('refresh: no Redis (REDIS_URL), not measured\n')
    return []
  }
  const prefix = `bench-${randomBytes(6).toString('hex')}`
  const stores = redisStores(client, { prefix })
  await stores.ready()
  const subjects = [
    await bareScript(client, { name: bare, lua: leastRotation, key: `${prefix}|least` }),
    await bareScript(client, { name: 'ioredis EVALSHA, one write', lua: write, key: `${prefix}|write` }),
    await storeRotation(stores),
    await endpointRotation(stores),
  ]
  const measured = await interleave(subjects, bare, effort)
  const roundTrips: Result[] = []
  for (const subject of subjects) {
    const ops = await commandsOf(client, subject)
    roundTrips.push({ bench: 'refresh-round-trips', subject: subject.name, alg: `${inFlight} in flight`, ops, ratio: null, against: null })
  }
  const left = await client.keys(`${prefix}*`)
  if (left.length > 0) await client.del(...left)
  await stores.close()
  client.disconnect()
  const rotations = measured.map(({ name, opsPerSecond, ratio }) => ({
    bench: 'refresh-rotation',
    subject: name,
    alg: `${inFlight} in flight`,
    ops: opsPerSecond,
    ratio,
    against: bare,
  }))
  return [...rotations, ...roundTrips]
}
