import { randomBytes, randomInt, scryptSync, timingSafeEqual } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createClients, createTokenEndpoint } from '@countersign/grants'
import { type HostUser, hostUsers, passwordGrants } from '@countersign/grants/password'
import { median } from './measure.js'
import type { Result } from './report.js'
import { audience, benchKey, issuer } from './tokens.js'

const forever = { limit: 1_000_000_000, windowSeconds: 60 }
const salt = 'of the benches'
const cost = { N: 1024, r: 8, p: 1 }
const hashOf = (password: string): string => scryptSync(password, salt, 32, cost).toString('base64')

/** Users as a host has them, with a hash that is quick enough to be asked often. */
const authenticator = (known: HostUser): ReturnType<typeof hostUsers> =>
  hostUsers({
    findUser: async (name) => (name === 'known' ? known : undefined),
    verifyPassword: async (hash, password) => timingSafeEqual(Buffer.from(hashOf(password)), Buffer.from(hash)),
    unknownUserHash: hashOf('of nobody'),
    sendCode: async () => undefined,
  })

type Ask = () => Promise<unknown>

/** Refusals that must not differ, by what they hide. */
async function questions(): Promise<Readonly<Record<string, Readonly<Record<string, Ask>>>>> {
  const stores = memoryStores()
  const clients = createClients({ store: stores.clients, pepper: { current: { id: '1', secret: randomBytes(32) } } })
  const settings = { grants: ['password', 'client_credentials'], isFirstParty: true }
  const [good, locked] = [await clients.register(settings), await clients.register(settings)]
  if (!good.ok || !locked.ok) throw new Error('not registered')
  await clients.lock(locked.client.id)
  const { signer } = benchKey('ES256')
  const users = authenticator({ subject: '1', passwordHash: hashOf('right'), needsCode: false })
  const limits = { passwords: forever, passwordsFromEverywhere: forever }
  const endpoint = createTokenEndpoint({
    issuer,
    audience,
    clients,
    stores,
    signer: { current: () => signer },
    grants: [clientCredentials(), ...passwordGrants({ authenticator: users, limits })],
    rateLimits: { requests: forever, failures: forever },
  })
  const ask =
    (id: string, secret: string, body: string): Ask =>
    () => {
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
      const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization }
      return endpoint({ method: 'POST', url: '/token', headers, ip: '192.0.2.1', body })
    }
  const { client, secret = { secret: '' } } = good
  const wrong = secret.secret.replace(/.$/, 'x')
  const signIn = (name: string): Ask => ask(client.id, secret.secret, `grant_type=password&username=${name}&password=wrong`)
  return {
    user: { 'wrong password': signIn('known'), 'unknown user': signIn('other') },
    client: {
      'wrong secret': ask(client.id, wrong, 'grant_type=client_credentials'),
      'unknown client': ask(client.id.replace(/.$/, 'x'), wrong, 'grant_type=client_credentials'),
      'locked client': ask(locked.client.id, wrong, 'grant_type=client_credentials'),
    },
  }
}

/** Asks in a random order, and gives the milliseconds of every answer. */
async function times(asks: Readonly<Record<string, Ask>>, count: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const names = Object.keys(asks)
  const taken = new Map<string, number[]>(names.map((name) => [name, []]))
  for (let at = 0; at < count * names.length; at++) {
    const name = names[randomInt(names.length)] ?? ''
    const startedAt = performance.now()
    await asks[name]?.()
    if (at > count / 5) taken.get(name)?.push(performance.now() - startedAt)
  }
  return taken
}

const quantile = (sorted: readonly number[], part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN

/**
 * How long refusals take that look alike: what is unknown, and what is wrong. `ops` are answers per second at a tenth, a half
 * and nine tenths of the distribution; the ratios tell how far they are from those of what is wrong.
 */
export async function signInTimingBench(count: number): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const [of, asks] of Object.entries(await questions())) {
    const taken = [...(await times(asks, of === 'user' ? count : count * 5))].map(
      ([name, all]) => [name, [...all].sort((a, b) => a - b)] as const,
    )
    const [against, base = []] = taken[0] ?? ['']
    for (const [subject, sorted] of taken) {
      const row = (alg: string, value: number, other: number): Result => ({
        bench: `timing-${of}`,
        subject,
        alg,
        ops: 1000 / value,
        ratio: other / value,
        against,
      })
      results.push(row('p10', quantile(sorted, 0.1), quantile(base, 0.1)))
      results.push(row('p50', median(sorted), median(base)))
      results.push(row('p90', quantile(sorted, 0.9), quantile(base, 0.9)))
    }
  }
  return results
}
