import type { ClientSettings, Clients } from '@countersign/grants'
import { type ClientKeyView, createKeyRegistry, type Registration, type RegistrationResult } from '@countersign/keys'
import { profile } from './profile.js'
import type { RevokedKeys } from './revoked-keys.js'
import type { Seed, SeedClient } from './seed.js'
import { markOf } from './state-of-seed.js'
import type { System } from './system.js'
import { thumbprintOf } from './thumbprint.js'

/** What a seed is put into. */
interface Seeded extends System {
  readonly revokedKeys: RevokedKeys
  readonly markKey: Uint8Array
  readonly grantTypes: readonly string[]
}

const settingsOf = (seed: SeedClient, grants: readonly string[]): ClientSettings => ({
  title: seed.name ?? seed.client_id,
  basicEncoding: seed.basic_encoding ?? (seed.client_id.includes('%') ? 'raw' : 'form'),
  grants,
  scopes: [profile.scope],
  assertion: {
    issuer: seed.name ?? seed.client_id,
    audiences: [profile.subjectTokenAudience],
    maxLifetimeSeconds: seed.assertion_life_seconds,
    jti: seed.jti,
    clockToleranceSeconds: profile.clockToleranceSeconds,
    ...(seed.users.length > 0 && { subjects: seed.users }),
  },
})

/** Registers a client, or makes it what the seed says now. Whether it is locked stays as it is. */
async function putClient(seed: SeedClient, { clients, markKey, grantTypes }: Seeded): Promise<void> {
  const { client_id: id } = seed
  const settings = settingsOf(seed, grantTypes)
  const secret = { secret: seed.client_secret, title: markOf(seed, markKey) }
  const registered = await clients.register({ ...settings, id, secret })
  if (registered.ok) return
  const known = (await clients.update(id, settings))?.secrets ?? []
  if (!known.some(({ title }) => title === secret.title)) await clients.addSecret(id, secret)
  for (const former of known) if (former.title !== secret.title) await clients.revokeSecret(id, former.id)
}

/** Only seeds register clients: one that is in the seed no more is none. */
async function removeOthers({ clients: wanted }: Seed, clients: Clients): Promise<void> {
  const ids = new Set(wanted.map((client) => client.client_id))
  const page = async (after?: string): Promise<void> => {
    const found = await clients.list(after === undefined ? {} : { after })
    for (const { id } of found) if (!ids.has(id)) await clients.remove(id)
    const last = found.at(-1)
    if (last) await page(last.id)
  }
  await page()
}

type SeedKey = SeedClient['keys'][number]

/** Registers a key. One that has expired is listed as such, and so it is registered as it would have been while it was good. */
function register(registration: Registration, { keys, keyOptions }: Seeded): Promise<RegistrationResult> {
  const { expiresAt } = registration
  const hasExpired = expiresAt !== undefined && expiresAt * 1000 <= Date.now()
  const registry = hasExpired ? createKeyRegistry({ ...keyOptions, now: () => (expiresAt - 1) * 1000 }) : keys
  return registry.clientKeys.register(registration)
}

/** Registers a key, or gives it the times that the seed says now. One that was ended stays so. */
async function putKey(owner: string, key: SeedKey, seeded: Seeded): Promise<void> {
  const { kid, public_key_pem: pem, not_before: notBefore, expires_at: expiresAt } = key
  const { clientKeys } = seeded.keys
  const thumbprint = thumbprintOf({ pem })
  const find = async (): Promise<ClientKeyView | undefined> => (await clientKeys.list(owner)).find((one) => one.thumbprint === thumbprint)
  const refuse = (why: string): void => console.error(`SEED_FILE: the key ${kid} of ${owner} was refused: ${why}`)

  const known = await find()
  if (await seeded.revokedKeys.has(thumbprint)) {
    if (known) await clientKeys.revoke(owner, known.kid)
    return refuse('revoked')
  }
  const times = { ...(typeof notBefore === 'number' && { notBefore }), ...(typeof expiresAt === 'number' && { expiresAt }) }
  if (known) {
    const isOther = known.notBefore !== times.notBefore || known.expiresAt !== times.expiresAt
    if (isOther) await clientKeys.schedule(owner, known.kid, times)
    return
  }
  const result = await register({ owner, kid, pem, ...times }, seeded)
  // Another process may have registered it just now.
  if (!result.ok && !(await find())) refuse(result.reason)
}

/**
 * Makes clients what the seed says, and registers keys that are not there yet; keys that a client registered or ended stay as they are. Any number of processes may do so at once. Rejects with `Unavailable` in an outage.
 */
export async function applySeed(seed: Seed, seeded: Seeded): Promise<void> {
  await removeOthers(seed, seeded.clients)
  for (const client of seed.clients) {
    await putClient(client, seeded)
    for (const key of client.keys) await putKey(client.client_id, key, seeded)
  }
}
