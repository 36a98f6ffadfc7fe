import { createHmac, createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import type { NonceStore } from '@countersign/core'
import { createNonces, type Nonces } from '@countersign/nonce'
import { redisStores } from '@countersign/redis'
import type { Redis } from 'ioredis'
import { type Effort, interleave, type Measured, type Subject } from './measure.js'
import type { Result } from './report.js'
import { concurrent, connect, inFlight } from './stores-bench.js'

type Purpose = 'login'

async function issued(nonces: Nonces<Purpose>): Promise<string> {
  const outcome = await nonces.issue({ clientId: 'client-1' })
  if (!outcome.ok) throw new Error(outcome.refusal.reason)
  return outcome.token
}

async function spent(nonces: Nonces<Purpose>, token: string): Promise<void> {
  const outcome = await nonces.spend(token, 'login', { clientId: 'client-1' })
  if (!outcome.ok) throw new Error(outcome.refusal.reason)
}

/** Makes what the calls need before it measures them. */
function prepared<I>(name: string, make: () => Promise<I>, use: (input: I) => Promise<unknown>): Subject {
  return {
    name,
    async run(count) {
      const inputs: I[] = []
      await concurrent(name, async () => inputs.push(await make())).run(count)
      return concurrent(name, async () => use(inputs.pop() as I)).run(count)
    },
  }
}

function results(bench: string, against: string, measured: readonly Measured[]): readonly Result[] {
  return measured.map(({ name: subject, opsPerSecond: ops, ratio }) => ({
    bench,
    subject,
    alg: `${inFlight} in flight`,
    ops,
    ratio,
    against,
  }))
}

/** What the measured calls stand on. */
interface Bed {
  readonly client: Redis
  readonly prefix: string
  readonly store: NonceStore
  readonly nonces: Nonces<Purpose>
  /** One HMAC-SHA-512 over as much as a nonce has, by node:crypto alone. */
  readonly hmac: () => string
}

/** A record as it is remembered, with the driver alone. */
async function bareRecord({ client, prefix }: Bed): Promise<string> {
  const key = `${prefix}|bare:${randomUUID()}`
  await client.set(key, '18:client-1', 'PX', 10_000, 'NX')
  return key
}

async function remembered({ store }: Bed): Promise<string> {
  const jti = randomUUID()
  await store.remember(jti, { clientId: 'client-1', ttlMs: 10_000 })
  return jti
}

function issueSubjects(bed: Bed): readonly Subject[] {
  return [
    concurrent('ioredis SET NX PX', () => bareRecord(bed)),
    concurrent('ioredis SET NX PX and one HMAC', () => {
      bed.hmac()
      return bareRecord(bed)
    }),
    concurrent('countersign, the store alone', () => remembered(bed)),
    concurrent('countersign', () => issued(bed.nonces)),
  ]
}

function spendSubjects(bed: Bed): readonly Subject[] {
  const { client, store, nonces, hmac } = bed
  const record = (): Promise<string> => bareRecord(bed)
  return [
    // What is spent is written: the bare command is the same.
    concurrent('ioredis SET NX PX', record),
    concurrent('ioredis SET NX PX and one HMAC', () => {
      hmac()
      return record()
    }),
    prepared('ioredis GET', record, (key) => client.get(key)),
    prepared(
      'countersign, the store alone',
      () => remembered(bed),
      (jti) => store.spend(jti, 'login', { clientId: 'client-1' }),
    ),
    prepared(
      'countersign',
      () => issued(nonces),
      (token) => spent(nonces, token),
    ),
  ]
}

/** To issue and to spend a nonce, beside the one command that a store needs at least, and beside that and the one HMAC of a token. */
export async function nonceBench(effort: Effort): Promise<readonly Result[]> {
  const client = await connect()
  if (client === undefined) {
    process.stderr.write('nonce: no Redis (REDIS_URL), not measured\n')
    return []
  }
  const prefix = `bench-${randomBytes(6).toString('hex')}`
  const stores = redisStores(client, { prefix })
  await stores.ready()
  const secret = createSecretKey(randomBytes(64))
  const secrets = { current: { id: '1', secret: secret.export() } }
  const rules = { issuer: 'https://issuer.example', audience: 'form', lifetimeSeconds: 5, clockToleranceSeconds: 0 }
  const nonces = createNonces({ ...rules, secrets, store: stores.nonces, purposes: { login: {} } })
  const sample = await issued(nonces)
  const input = Buffer.from(sample.slice(0, sample.lastIndexOf('.')))
  const hmac = (): string => createHmac('sha512', secret).update(input).digest('base64url')
  const bed = { client, prefix, store: stores.nonces, nonces, hmac }
  const set = 'ioredis SET NX PX'
  const measured = [
    ...results('nonce-issue', set, await interleave(issueSubjects(bed), set, effort)),
    ...results('nonce-spend', set, await interleave(spendSubjects(bed), set, effort)),
  ]
  await client.del(`${prefix}||memory{-}`)
  await stores.close()
  client.disconnect()
  return measured
}
