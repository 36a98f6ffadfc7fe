import type { RevocationQuery, RevocationReason, Stores } from '@countersign/core'
import { clientCredentials, createClients, createTokenEndpoint, refreshToken } from '@countersign/grants'
import { createIntegrations } from '@countersign/integrations'
import { createKeyRegistry } from '@countersign/keys'
import { createNonces } from '@countersign/nonce'
import { migrate, postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { createSharedRevocations } from '@countersign/verifier'
import type { Redis } from 'ioredis'
import type { Pool } from 'pg'

// This file is bundled with the packages of a release and kept: see README.md. So it uses what a user of the packages uses, and a release that renames
// something changes it here.

/** What a process of a release is told. */
export interface ReleaseSetup {
  readonly store: 'redis' | 'postgres'
  readonly url: string
  /** Prefix of the keys, or the schema. */
  readonly name: string
  /** What this release does not know. */
  readonly unknown: readonly ('withClientCredentials' | 'announcingView' | 'callIds' | 'documentIndex' | 'presentNames')[]
}

/** How the process reaches the store. */
export type ReleaseConnection = { readonly redis: Redis } | { readonly pool: Pool }

export const issuer = 'https://issuer.example'

/** 32 bytes that all processes know. */
const secretOf = (name: string): { readonly current: { readonly id: string; readonly secret: Buffer } } => ({
  current: { id: '1', secret: Buffer.alloc(32, name) },
})

function storesOf(connection: ReleaseConnection, name: string): Stores {
  return 'redis' in connection ? redisStores(connection.redis, { prefix: name }) : postgresStores(connection.pool, { schema: name })
}

function partsOf(stores: Stores, { unknown }: ReleaseSetup) {
  const revocations = createSharedRevocations({
    store: stores.revocations,
    maxStalenessSeconds: 10,
    onStale: 'refuse',
    onUnknownPast: 'allow',
    pollSeconds: 0.2,
  })
  const announced = unknown.includes('announcingView') ? stores.revocations : revocations
  const keys = createKeyRegistry({ issuer, store: stores.keys, encryption: secretOf('keys'), revocations: announced })
  const pepper = secretOf('pepper')
  const clients = createClients({ store: stores.clients, pepper, issuer, revocations: announced, clientKeys: keys.clientKeys })
  const endpoint = createTokenEndpoint({
    issuer,
    audience: 'https://api.example',
    signer: keys.signer,
    stores,
    clients,
    revocations: announced,
    grants: [clientCredentials(), refreshToken({ secrets: secretOf('refresh') })],
  })
  const nonces = createNonces({
    issuer,
    audience: 'form',
    lifetimeSeconds: 60,
    secrets: { current: { id: '1', secret: Buffer.alloc(64, 'nonce') } },
    store: stores.nonces,
    purposes: { login: {}, reset: {} },
  })
  const settings = {
    grants: ['client_credentials', 'refresh_token'],
    authMethods: ['client_secret_post', 'private_key_jwt'],
    refresh: { policy: 'rotating', retryWindowSeconds: 0, withClientCredentials: true },
    // what was issued before the memory of a new store begins cannot be proved
    assertion: { clockToleranceSeconds: 0 },
  } as const
  const { withClientCredentials: _, ...refresh } = settings.refresh
  const known = unknown.includes('withClientCredentials') ? { ...settings, refresh } : settings
  const integrations = createIntegrations({
    issuer,
    accounts: stores.accounts,
    clients,
    settings: known,
    policies: { mayManage: () => true, mayEnroll: () => true },
    types: ['plain', 'fancy'],
  })
  return { stores, revocations, keys, clients, endpoint, nonces, integrations, settings: known }
}

type Parts = ReturnType<typeof partsOf>

/** What other processes may ask of a release: values that can be sent. */
function asked({ stores, revocations, keys, clients, endpoint, nonces, integrations, settings }: Parts) {
  return {
    ready: async () => (await stores.ready()).ok,
    stores,
    isRevoked: async (query: RevocationQuery): Promise<RevocationReason | undefined> => revocations.check(query),
    revoke: revocations.revoke,
    clients: {
      register: (id: string) => clients.register({ ...settings, id }),
      find: clients.find,
      lock: clients.lock,
      unlock: clients.unlock,
      remove: clients.remove,
      addSecret: (id: string) => clients.addSecret(id),
      revokeSecret: clients.revokeSecret,
    },
    keys: {
      register: keys.clientKeys.register,
      revoke: keys.clientKeys.revoke,
      own: async () => (await keys.signing.list()).map(({ kid }) => kid),
    },
    token: async (form: Readonly<Record<string, string>>) => {
      await keys.ready()
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const body = new URLSearchParams(form).toString()
      const { status, body: answer } = await endpoint({ method: 'POST', url: '/token', headers, ip: '192.0.2.1', body })
      const parsed = JSON.parse(String(answer)) as {
        readonly access_token?: string
        readonly refresh_token?: string
        readonly error?: string
      }
      return { status, ...parsed }
    },
    nonces: {
      issue: async (clientId: string) => {
        const issued = await nonces.issue({ clientId })
        return issued.ok ? issued.token : ''
      },
      spend: async (token: string, purpose: 'login' | 'reset') => {
        const spent = await nonces.spend(token, purpose)
        return spent.ok ? 'spent' : spent.refusal.reason
      },
    },
    integrations: {
      create: integrations.create,
      list: integrations.list,
      remove: integrations.remove,
      enroll: integrations.enroll,
      unenroll: integrations.unenroll,
      enrollments: integrations.enrollments,
    },
  }
}

/** What {@link openRelease} gives. */
export type Release = ReturnType<typeof asked>

/** Opens a release on a store. On PostgreSQL the schema is brought to what the release needs, as its processes do when they start. */
export async function openRelease(setup: ReleaseSetup, connection: ReleaseConnection): Promise<Release> {
  if ('pool' in connection) await migrate(connection.pool, { schema: setup.name })
  const stores = storesOf(connection, setup.name)
  await stores.ready()
  return asked(partsOf(stores, setup))
}
