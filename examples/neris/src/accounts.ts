import type { DocumentStore, Guard, Now, Reply, RouteTable } from '@countersign/core'
import type { ClientSettings, Clients } from '@countersign/grants'
import {
  createIntegrations,
  type Enrollment,
  type IntegrationClients,
  type IntegrationDialect,
  type Integrations,
  integrationRoutes,
} from '@countersign/integrations'
import { failureReply } from './account-failure.js'
import { credentialList } from './credential-list.js'
import { wordedOutages } from './detail.js'
import { entityId, integrationTypes } from './entity-id.js'
import { integrationSettings } from './integration-settings.js'
import type { NerisAuth, People } from './people.js'
import { signInSeconds } from './user-pool.js'

const paths = {
  create: '/v1/account/integration/:entity_id',
  list: '/v1/account/integration/:entity_id/list',
  remove: '/v1/account/integration/:client_id',
  addCredential: '/v1/account/credential/:client_id',
  removeCredential: '/v1/account/credential/:client_id/:credential_id',
  enroll: '/v1/account/enrollment/:entity_id/:client_id',
  enrollments: '/v1/account/enrollment/:entity_or_client_id',
}

const shown = ({ id, clientId, entity, entityName, createdBy }: Enrollment) => {
  const by = 'operator' in createdBy ? createdBy.operator : createdBy.subject
  return { id, client_id: clientId, neris_id: entity, entity_name: entityName, created_by: by, approved_by: by }
}

const dialect: IntegrationDialect = {
  created: ({ integration: { title, type }, clientId, secret }) => ({
    id: clientId,
    title,
    type,
    client_id: clientId,
    client_secret: secret,
  }),
  integrations: (list) => ({
    integrations: list.map(({ clientId, title, type, credentials }) => ({
      client_id: clientId,
      title,
      type,
      credential_ids: credentials.map(({ id }) => id),
    })),
  }),
  credential: ({ clientId, secret }) => ({ client_id: clientId, client_secret: secret }),
  enrollment: shown,
  enrollments: ({ pageSize, pageCount, pageNumber, totalCount, types, enrollments }) => ({
    page_size: pageSize,
    page_count: pageCount,
    page_number: pageNumber,
    total_count: totalCount,
    distinct_integration_types: types,
    enrollments: enrollments.map((one) => ({ ...shown(one), integration_title: one.integrationTitle })),
  }),
  refusal: failureReply,
}

/** What {@link createAccounts} needs. */
export interface AccountsOptions {
  readonly issuer: string
  readonly store: DocumentStore
  readonly people: People
  readonly now: Now
}

/** Accounts over some clients; with ids that are not random, where given. */
export type AccountsOver = (clients: IntegrationClients<ClientSettings>, randomUUID?: () => string) => Integrations<NerisAuth>

/** Integrations belong to entities, and people act for entities. */
export function createAccounts({ issuer, store, people, now }: AccountsOptions): AccountsOver {
  return (clients, randomUUID) =>
    createIntegrations<NerisAuth, ClientSettings>({
      issuer,
      accounts: store,
      clients,
      settings: integrationSettings('rotating'),
      entityId,
      types: integrationTypes,
      defaultType: 'RMS',
      mfaMaxAgeSeconds: signInSeconds,
      policies: {
        isPerson: (auth) => auth.via === 'people',
        provesMfa: (auth) => people.haveMfa(auth),
        mayManage: (auth, entity) => people.actFor(auth, entity),
        mayEnroll: (auth, { entity }) => people.actFor(auth, entity),
      },
      now,
      ...(randomUUID && { randomUUID }),
    })
}

/** An enrollment that is there already is answered like a new one: who asks twice sees no difference. */
const likeNew = (reply: Reply): Reply => (reply.status === 200 ? { ...reply, status: 201 } : reply)

/** What {@link accountRoutes} needs. */
export interface AccountRoutesOptions {
  readonly integrations: Integrations<NerisAuth>
  readonly clients: Clients
  readonly guard: Guard<NerisAuth>
  readonly people: People
}

/** `/v1/account/…`, for people with a second factor. */
export function accountRoutes({ integrations, clients, guard, people }: AccountRoutesOptions): RouteTable {
  const requirements = [people.noted]
  const table: RouteTable = [
    ...integrationRoutes(integrations, { guard, requirements, paths, dialect }),
    { method: 'GET', path: paths.addCredential, endpoint: credentialList({ integrations, clients, guard, requirements }) },
  ]
  return table.map((route) => {
    const endpoint = wordedOutages(route.endpoint)
    return { ...route, endpoint: route.method === 'POST' ? async (request) => likeNew(await endpoint(request)) : endpoint }
  })
}
