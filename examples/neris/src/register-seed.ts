import type { ClientSettings, Clients } from '@countersign/grants'
import type { IntegrationClients } from '@countersign/integrations'
import type { AccountsOver } from './accounts.js'
import { integrationSettings } from './integration-settings.js'
import type { Seed } from './seed.js'
import { BadSettings } from './settings.js'

type SeedIntegration = Seed['integrations'][number]

/** People who sign in with a password, who authenticate no client: requests that identify none are of this one. */
export const peopleClient = 'neris-people'

/** What {@link registerSeed} needs. */
export interface SeedOptions {
  readonly seed: Seed
  readonly clients: Clients
  readonly accountsOver: AccountsOver
}

const actor = { operator: 'seed' }

/** Integrations that people can manage have UUIDs. Others act for whom the seed says, and that is all. */
const isManaged = ({ client_id: id }: { readonly client_id: string }): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)

/** The secret is in the same atomic step as the client: of processes that start together, one makes both. */
async function registerClient(clients: Clients, one: SeedIntegration): Promise<void> {
  const { client_id: id, client_secret: secret, entity_id: owner, title } = one
  const settings = { ...integrationSettings(one.refresh), owner, title }
  const made = await clients.register({ id, ...settings, secret: { secret, title: 'seed' } })
  if (made.ok) return
  await clients.update(id, settings)
  const raw = { id, secret }
  const verdict = await clients.authenticate({ method: 'client_secret_basic', raw, decoded: raw })
  if (!verdict.ok) await clients.addSecret(id, { secret, title: 'seed' })
}

/** The account of a client that is there already. */
async function registerAccount({ clients, accountsOver }: SeedOptions, one: SeedIntegration): Promise<void> {
  const { client_id: id, entity_id: entity, title, type } = one
  const given: IntegrationClients<ClientSettings> = {
    ...clients,
    register: async () => ({ ok: true }),
    addSecret: async () => ({ id, secret: '' }),
  }
  const accounts = accountsOver(given, () => id)
  const isThere = async (): Promise<boolean> => (await accounts.enrollments(actor, { clientId: id })).ok
  if (await isThere()) return
  const made = await accounts.create(actor, { entity, title, type }).catch(async (error: unknown) => {
    // Another process that starts was faster.
    if (await isThere()) return undefined
    throw error
  })
  if (made?.ok === false) throw new BadSettings(`SEED_FILE: the integration ${id} was refused: ${made.reason}`)
}

/**
 * Sees to it that everything in the seed is there, whether or not it was before; what else is there stays.
 *
 * @returns whether a client that has no UUID is enrolled
 */
export async function registerSeed(options: SeedOptions): Promise<(clientId: string, entity: string) => boolean> {
  const { seed, clients, accountsOver } = options
  const refresh = { policy: 'fixed', lifetimeSeconds: 5_400, unrotatedPublicClient: true } as const
  await clients.register({ id: peopleClient, authMethods: ['none'], isFirstParty: true, grants: ['password', 'refresh_token'], refresh })
  for (const one of seed.integrations) {
    await registerClient(clients, one)
    if (isManaged(one)) await registerAccount(options, one)
  }
  const accounts = accountsOver(clients)
  for (const { entity_id: entity, client_id: clientId } of seed.enrollments.filter(isManaged)) {
    const done = await accounts.enroll(actor, { entity, clientId })
    if (!done.ok) throw new BadSettings(`SEED_FILE: the enrollment of ${clientId} by ${entity} was refused: ${done.reason}`)
  }
  const fixed = seed.enrollments.filter((one) => !isManaged(one))
  return (clientId, entity) => fixed.some((one) => one.client_id === clientId && one.entity_id === entity)
}
