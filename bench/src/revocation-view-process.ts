import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RevocationQuery, Stores } from '@countersign/core'
import { postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { createSharedRevocations } from '@countersign/verifier'
import { Redis } from 'ioredis'
import { Pool } from 'pg'

/** What it costs a process to read a denylist. */
export interface ViewFigures {
  readonly 'whole-ms': number
  /** The longest slice of our own work: taking over one part. */
  readonly 'slice-ms': number
  /** The longest delay of the event loop while it is read, with the driver's work, collections and other processes. */
  readonly 'delay-ms': number
  /** The same while nothing is done. */
  readonly 'idle-delay-ms': number
  /** After a collection. */
  readonly 'rss-mb': number
  readonly 'check-ns': number
}

const [kind = '', url = '', name = ''] = process.argv.slice(2)

function open(): Stores {
  if (kind === 'redis') return redisStores(new Redis(url), { prefix: name })
  return postgresStores(new Pool({ connectionString: url, max: 4 }), { schema: name })
}

async function longestDelay(work: () => Promise<void>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  await work()
  delays.disable()
  return delays.max / 1e6
}

const { revocations } = open()
const slices = { longest: 0 }
/** The part is answered, and taken over before anything that was put off until then runs. */
const store: Stores['revocations'] = {
  ...revocations,
  async since(...asked) {
    const delta = await revocations.since(...asked)
    const from = performance.now()
    setImmediate(() => {
      slices.longest = Math.max(slices.longest, performance.now() - from)
    })
    return delta
  },
}

const idle = await longestDelay(() => sleep(3_000))
const begun = performance.now()
const state = { whole: 0 }
const view = createSharedRevocations({ store, maxStalenessSeconds: 60, onStale: 'refuse', onUnknownPast: 'allow' })
const delay = await longestDelay(async () => {
  while (!(await view.ready()).ok) await sleep(5)
  state.whole = performance.now() - begun
})
await sleep(2_000)
globalThis.gc?.()
await sleep(1_000)
const rss = process.memoryUsage().rss / 1e6
const query: RevocationQuery = {
  issuer: 'https://issuer.example',
  kid: 'key',
  thumbprint: 'thumbprint',
  jti: 'token-of-a-usual-length-x',
  subject: 'subject',
  clientId: 'client',
  clientKeys: [],
  issuedAt: Math.floor(Date.now() / 1000),
}
const checks = 1_000_000
const checking = performance.now()
for (let n = 0; n < checks; n += 1) await view.check(query)
const perCheck = ((performance.now() - checking) * 1e6) / checks
const revoked = await view.check({ ...query, jti: 'token-of-a-usual-length-9999' })
if (revoked !== 'revoked_token') throw new Error(`the view does not know what it has read: ${String(revoked)}`)
const figures: ViewFigures = {
  'whole-ms': Math.round(state.whole),
  'slice-ms': Math.round(slices.longest * 10) / 10,
  'delay-ms': Math.round(delay),
  'idle-delay-ms': Math.round(idle),
  'rss-mb': Math.round(rss),
  'check-ns': Math.round(perCheck),
}
process.stdout.write(JSON.stringify(figures))
process.exit(0)
