import type { Clients } from '@countersign/grants'
import { createKeyRegistry, type KeyRegistry, type KeyRegistryOptions, type Registration } from '@countersign/keys'
import { profile } from './profile.js'
import type { Seed, SeedClient } from './seed.js'

/** What a seed is put into. */
interface Seeded {
  readonly clients: Clients
  readonly keys: KeyRegistry
  /** Of `keys`. */
  readonly keyOptions: KeyRegistryOptions
  readonly grantTypes: readonly string[]
}

async function addClient(seed: SeedClient, { clients, grantTypes }: Seeded): Promise<void> {
  const { client_id: id, users } = seed
  await clients.register({
    id,
    title: seed.name,
    basicEncoding: seed.basic_encoding ?? (id.includes('%') ? 'raw' : 'form'),
    grants: grantTypes,
    scopes: [profile.scope],
    assertion: {
      issuer: seed.name,
      audiences: [profile.subjectTokenAudience],
      maxLifeSeconds: seed.assertion_life_seconds,
      jti: seed.jti,
      clockToleranceSeconds: profile.clockToleranceSeconds,
      ...(users.length > 0 && { subjects: users }),
    },
    secret: { secret: seed.client_secret },
  })
}

async function addKey(owner: string, key: SeedClient['keys'][number], { keys, keyOptions }: Seeded): Promise<void> {
  const { kid, public_key_pem: pem, not_before: notBefore, expires_at: expiresAt } = key
  const known = await keys.clients.list(owner)
  if (known.some((one) => one.kid === kid)) return
  const times = { ...(typeof notBefore === 'number' && { notBefore }), ...(typeof expiresAt === 'number' && { expiresAt }) }
  const registration: Registration = { owner, kid, pem, ...times }
  // One that has expired is listed as such, and so it is registered as it would have been while it was good.
  const hasExpired = typeof expiresAt === 'number' && expiresAt * 1000 <= Date.now()
  const registry = hasExpired ? createKeyRegistry({ ...keyOptions, now: () => (expiresAt - 1) * 1000 }) : keys
  const result = await registry.clients.register(registration)
  if (!result.ok && result.fault !== 'kid_taken') console.error(`SEED_FILE: the key ${kid} of ${owner} was refused: ${result.fault}`)
}

/**
 * Registers clients and keys that are not there yet; whatever became of the others since stays as it is. Any number of processes
 * may do so at once. Rejects with `Unavailable` in an outage.
 */
export async function applySeed({ clients }: Seed, seeded: Seeded): Promise<void> {
  for (const client of clients) {
    await addClient(client, seeded)
    for (const key of client.keys) await addKey(client.client_id, key, seeded)
  }
}
