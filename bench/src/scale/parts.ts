import type { Stores } from '@countersign/core'
import { type Clients, createClients } from '@countersign/grants'
import { createIntegrations, type Integrations } from '@countersign/integrations'
import { type PostgresStores, postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import type { StoreName } from './servers.js'

/** What the bench calls: the packages as an app uses them. */
export interface Parts {
  readonly stores: Stores
  readonly clients: Clients
  readonly integrations: Integrations
  /** Of PostgreSQL. */
  readonly sweep: PostgresStores['sweep'] | undefined
  close(): Promise<void>
}

/** Where the store is, and the prefix of its keys or the schema. */
export interface Place {
  readonly store: StoreName
  readonly url: string
  readonly name: string
}

/** The host acts for an entity. */
export const userOf = (entity: string): { readonly operator: string } => ({ operator: entity })

function openStores({ store, url, name }: Place): Pick<Parts, 'stores' | 'sweep' | 'close'> {
  if (store === 'redis') {
    const client = new Redis(url)
    client.on('error', () => undefined)
    const stores = redisStores(client, { prefix: name })
    const close = async (): Promise<void> => {
      await stores.close()
      client.disconnect()
    }
    return { stores, sweep: undefined, close }
  }
  const pool = new Pool({ connectionString: url, max: 8 })
  pool.on('error', () => undefined)
  const stores = postgresStores(pool, { schema: name, prepare: true })
  const close = async (): Promise<void> => {
    await stores.close()
    await pool.end()
  }
  return { stores, sweep: stores.sweep, close }
}

/** Opens the packages on a store. */
export async function openParts(place: Place): Promise<Parts> {
  const { stores, sweep, close } = openStores(place)
  await stores.ready()
  const clients = createClients({
    store: stores.clients,
    pepper: { current: { id: '1', secret: Buffer.alloc(32, 'pepper') } },
    issuer: 'https://issuer.example',
    revocations: stores.revocations,
  })
  const integrations = createIntegrations({
    issuer: 'https://issuer.example',
    accounts: stores.accounts,
    clients,
    settings: { grants: ['client_credentials'] },
    policies: { mayManage: () => true, mayEnroll: () => true },
    types: ['fancy'],
  })
  return { stores, clients, integrations, sweep, close }
}
