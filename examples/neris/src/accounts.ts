import type { DocumentStore, Guard, Now, Reply, RouteTable } from '@countersign/core'
import type { ClientSettings } from '@countersign/grants'
import {
  createIntegrations,
  type Enrollment,
  type IntegrationClients,
  type IntegrationDialect,
  type Integrations,
  integrationRoutes,
  type RequestFailure,
  type RequestIssue,
} from '@countersign/integrations'
import { detailReply, type FieldDetail, unreadable, wordedOutages } from './detail.js'
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

function pattern(name: string): Pick<FieldDetail, 'msg' | 'type'> {
  if (name.startsWith('entity')) return { msg: `String should match pattern '${entityId.source}'`, type: 'string_pattern_mismatch' }
  return name.endsWith('_id')
    ? { msg: 'Input should be a valid UUID', type: 'uuid_parsing' }
    : { msg: 'Input has control characters', type: 'value_error' }
}

function wrongType(name: string): Pick<FieldDetail, 'msg' | 'type'> {
  if (name.startsWith('page_')) return { msg: 'Input should be a valid integer', type: 'int_parsing' }
  return { msg: 'Input should be a valid string', type: 'string_type' }
}

function problemOf({ name, problem, accepted = [] }: RequestIssue): Pick<FieldDetail, 'msg' | 'type'> {
  switch (problem) {
    case 'missing':
      return { msg: 'Field required', type: 'missing' }
    case 'unexpected':
      return { msg: 'Extra inputs are not permitted', type: 'extra_forbidden' }
    case 'repeated':
      return { msg: 'Input should be there once', type: 'value_error' }
    case 'wrong_type':
      return wrongType(name)
    case 'too_short':
      return { msg: 'String should have at least 1 character', type: 'string_too_short' }
    case 'too_long':
      return { msg: 'String should have at most 200 characters', type: 'string_too_long' }
    case 'malformed':
      return pattern(name)
    case 'not_listed':
      return { msg: `Input should be ${accepted.map((one) => `'${one}'`).join(', ')}`, type: 'enum' }
    case 'out_of_range':
      if (name === 'page_size') return { msg: 'Input should be from 1 to 100', type: 'value_error' }
      return { msg: 'Input should be greater than or equal to 1', type: 'greater_than_equal' }
  }
}

function failureReply({ fault, status, description, issues }: RequestFailure): Reply {
  if (fault === 'unreadable_body' && status === 400) return detailReply(422, [unreadable])
  if (fault !== 'invalid') return detailReply(status, description)
  return detailReply(
    422,
    issues.map((issue) => ({ loc: [issue.place, issue.name] as const, ...problemOf(issue) })),
  )
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
  failure: failureReply,
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

/** `/v1/account/…`, for people with a second factor. */
export function accountRoutes(integrations: Integrations<NerisAuth>, guard: Guard<NerisAuth>, people: People): RouteTable {
  const table = integrationRoutes(integrations, { guard, requirements: [people.noted], paths, dialect })
  return table.map((route) => {
    const endpoint = wordedOutages(route.endpoint)
    return { ...route, endpoint: route.method === 'POST' ? async (request) => likeNew(await endpoint(request)) : endpoint }
  })
}
