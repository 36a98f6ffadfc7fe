import { randomBytes } from 'node:crypto'
import type { RevocationEntry, Stores } from '@countersign/core'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { expect } from 'vitest'

/** One entry of a denylist. */
export function entryOf(jti: string): RevocationEntry {
  return { type: 'jti', issuer: 'https://issuer.example', jti, expiresAt: 4_000_000_000 }
}

/** Stores of one tenant, and how often their listener was called. */
export interface Tenant {
  readonly stores: Stores
  readonly calls: () => number
}

/** Stores of a tenant with one subscription. */
export function listeningTenant(client: Parameters<typeof redisStores>[0], prefix: string, tenant: string): Tenant {
  const state = { calls: 0 }
  const stores = redisStores(client, { prefix, tenant, maxWaitMs: 10_000, onWarning: () => undefined })
  stores.revocations.subscribe(() => {
    state.calls += 1
  })
  return { stores, calls: () => state.calls }
}

export function tenantAt(tenants: readonly Tenant[], at: number): Tenant {
  const tenant = tenants[at]
  if (tenant === undefined) throw new RangeError(`there is no tenant ${at}`)
  return tenant
}

/** A client with a name of its own, and what the server says of connections with this name. */
export function namedClient(url: string, { keyPrefix = '' }: { readonly keyPrefix?: string } = {}) {
  const name = `many-tenants-${randomBytes(6).toString('hex')}`
  const client = new Redis(url, { connectionName: name, keyPrefix })
  client.on('error', () => undefined)
  return {
    client,
    prefix: name,
    async connections(admin: Redis): Promise<readonly string[]> {
      return String(await admin.client('LIST'))
        .split('\n')
        .filter((line) => line.includes(` name=${name} `))
    },
  }
}

/** Each tenant was called at first, when its place was known. */
export async function untilFollowed(tenants: readonly Tenant[]): Promise<void> {
  await expect.poll(() => tenants.filter(({ calls }) => calls() === 0).length, { timeout: 10_000 }).toBe(0)
}

/** Warnings of the process while something runs. */
export async function warningsDuring(run: () => Promise<void>): Promise<readonly string[]> {
  const warnings: string[] = []
  const warned = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', warned)
  try {
    await run()
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('warning', warned)
  }
  return warnings
}
