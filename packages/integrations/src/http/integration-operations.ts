import { type Auth, jsonReply, type Reply, type Route } from '@countersign/core'
import type { Integrations } from '../integrations.js'
import type { Done, NotDone } from '../reason.js'
import type { IntegrationDialect } from './integration-dialect.js'
import type { IntegrationPaths } from './integration-paths.js'
import type { RequestInput, RequestValues } from './request-values.js'

/** One route, without its guard. */
export interface Operation<A extends Auth> {
  readonly method: Route['method']
  readonly path: string
  readonly inputs: readonly RequestInput[]
  /** @defaultValue none, and what is sent is not read */
  readonly body?: 'optional' | 'required'
  readonly step: (auth: A, values: RequestValues) => Promise<Reply | NotDone>
}

const inPath = (name: string, field: RequestInput['field']): RequestInput => ({ place: 'path', name, field })
const inQuery = (name: string, field: RequestInput['field']): RequestInput => ({ place: 'query', name, field })
const inBody = (name: string, field: RequestInput['field']): RequestInput => ({ place: 'body', name, field })

const entity = inPath('entity_id', 'entity')
const client = inPath('client_id', 'clientId')
const credential = inPath('credential_id', 'credentialId')
const title = inBody('title', 'title')
const filters = [
  inQuery('title', 'title'),
  inQuery('entity_name', 'entityName'),
  inQuery('page_number', 'pageNumber'),
  inQuery('page_size', 'pageSize'),
]

/** Answers what was done, and passes on why it was not. */
async function answered<T extends object>(work: Promise<Done<T>>, word: (done: T) => Reply): Promise<Reply | NotDone> {
  const done = await work
  return done.ok ? word(done) : done
}

const empty = (): Reply => ({ status: 204, headers: {} })

/** Integrations and their credentials. */
export function integrationOperations<A extends Auth>(
  integrations: Integrations<A>,
  paths: IntegrationPaths,
  dialect: IntegrationDialect,
): readonly Operation<A>[] {
  return [
    {
      method: 'POST',
      path: paths.create,
      inputs: [entity, title, inBody('type', 'type')],
      body: 'required',
      step: (auth, values) => answered(integrations.create(auth, values), (made) => jsonReply(201, dialect.created(made))),
    },
    {
      method: 'GET',
      path: paths.list,
      inputs: [entity],
      step: (auth, values) =>
        answered(integrations.list(auth, values.entity), ({ integrations: list }) => jsonReply(200, dialect.integrations(list))),
    },
    {
      method: 'DELETE',
      path: paths.remove,
      inputs: [client],
      step: (auth, { clientId }) => answered(integrations.remove(auth, clientId), empty),
    },
    {
      method: 'POST',
      path: paths.addCredential,
      inputs: [client, title],
      body: 'optional',
      step: (auth, values) => answered(integrations.addCredential(auth, values), (made) => jsonReply(201, dialect.credential(made))),
    },
    {
      method: 'DELETE',
      path: paths.removeCredential,
      inputs: [client, credential],
      step: (auth, values) => answered(integrations.removeCredential(auth, values), empty),
    },
  ]
}

/** Enrollments. */
export function enrollmentOperations<A extends Auth>(
  integrations: Integrations<A>,
  { enroll, enrollments }: IntegrationPaths,
  dialect: IntegrationDialect,
): readonly Operation<A>[] {
  const listed = (path: string, id: RequestInput): Operation<A> => ({
    method: 'GET',
    path,
    inputs: [id, ...filters],
    step: (auth, values) => answered(integrations.enrollments(auth, values), (page) => jsonReply(200, dialect.enrollments(page))),
  })
  return [
    {
      method: 'POST',
      path: enroll,
      inputs: [entity, client],
      step: (auth, values) =>
        answered(integrations.enroll(auth, values), ({ enrollment, isNew }) =>
          jsonReply(isNew ? 201 : 200, dialect.enrollment(enrollment)),
        ),
    },
    {
      method: 'DELETE',
      path: enroll,
      inputs: [entity, client],
      step: (auth, values) => answered(integrations.unenroll(auth, values), empty),
    },
    ...(typeof enrollments === 'string'
      ? [listed(enrollments, inPath('entity_or_client_id', 'entityOrClient'))]
      : [listed(enrollments.ofEntity, entity), listed(enrollments.ofIntegration, client)]),
  ]
}
