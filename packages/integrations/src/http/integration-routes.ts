import {
  type Auth,
  checkOptions,
  type Guard,
  hasOwn,
  kind,
  type OptionShape,
  type Reply,
  type Requirement,
  type RouteTable,
  shownValue,
  type WireRequest,
} from '@countersign/core'
import type { Integrations } from '../integrations.js'
import { type IntegrationDialect, plainIntegrationDialect, type RequestRefusal, requestRefusal } from './integration-dialect.js'
import { enrollmentOperations, integrationOperations, type Operation } from './integration-operations.js'
import { checkPaths, type IntegrationPaths, pathsKind } from './integration-paths.js'
import { readValues, requestIssue } from './request-values.js'

/** Options of {@link integrationRoutes}. */
export interface IntegrationRoutesOptions<A extends Auth> {
  /** Admits the persons. */
  readonly guard: Guard<A>
  /** What the routes demand of a token beside that, for instance a scope. @defaultValue none */
  readonly requirements?: readonly Requirement<A>[]
  /** Those that stand elsewhere than by default. */
  readonly paths?: Partial<IntegrationPaths>
  /** What is worded in another way than by {@link plainIntegrationDialect}. */
  readonly dialect?: Partial<IntegrationDialect>
}

const shape: OptionShape<IntegrationRoutesOptions<Auth>> = {
  guard: kind.required(kind.having('a guard, for instance what createGuard returns', 'check')),
  requirements: kind.listOf(kind.func, 0),
  paths: pathsKind,
  dialect: kind.members<Partial<IntegrationDialect>>({
    created: kind.func,
    integrations: kind.func,
    credential: kind.func,
    enrollment: kind.func,
    enrollments: kind.func,
    refusal: kind.func,
  }),
}

/** What every answer has; a 401 without a challenge would be none (RFC 9110 §15.5.2, RFC 9470 §3). */
function completed(reply: Reply, maxAgeSeconds?: number): Reply {
  const names = Object.keys(reply.headers).map((name) => name.toLowerCase())
  const isBare = reply.status === 401 && !names.includes('www-authenticate')
  const age = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`
  const challenge = isBare ? { 'www-authenticate': `Bearer error="insufficient_user_authentication"${age}` } : {}
  return { ...reply, headers: { 'cache-control': 'no-store', ...challenge, ...reply.headers } }
}

async function respond<A extends Auth>(
  { inputs, body, step }: Operation<A>,
  auth: A | undefined,
  request: WireRequest,
): Promise<Reply | RequestRefusal> {
  // Without credentials, where the host's requirements allow that.
  if (auth === undefined) return requestRefusal('not_a_person')
  const read = await readValues(request, inputs, body)
  if (!read.ok) return hasOwn(read, 'status') ? requestRefusal('unreadable_body', read) : requestRefusal('invalid', { issues: read.issues })
  const done = await step(auth, read.values)
  if (hasOwn(done, 'status')) return done
  const { reason, issues, maxAgeSeconds } = done
  return requestRefusal(reason, {
    ...(issues && { issues: issues.map((issue) => requestIssue(issue, inputs)) }),
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
  })
}

/**
 * Routes by which persons manage the integrations of their entities, and enroll those of others.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function integrationRoutes<A extends Auth>(integrations: Integrations<A>, options: IntegrationRoutesOptions<A>): RouteTable {
  checkOptions('integrationRoutes', options, shape)
  const { guard, requirements = [] } = options
  if (typeof integrations?.create !== 'function')
    throw new TypeError(`integrationRoutes: the first argument must be what createIntegrations returns, got ${shownValue(integrations)}`)
  const words = Object.entries(options.dialect ?? {}).filter(([, word]) => word !== undefined)
  const dialect: IntegrationDialect = { ...plainIntegrationDialect, ...(Object.fromEntries(words) as Partial<IntegrationDialect>) }
  const paths = checkPaths(options.paths)
  const operations = [...integrationOperations(integrations, paths, dialect), ...enrollmentOperations(integrations, paths, dialect)]
  return operations.map((operation) => ({
    method: operation.method,
    path: operation.path,
    endpoint: async (request) => {
      const admission = await guard.check(request, ...requirements)
      if (!admission.ok) return admission.reply
      const reply = await respond(operation, admission.auth, request)
      return hasOwn(reply, 'reason') ? completed(dialect.refusal(reply), reply.maxAgeSeconds) : completed(reply)
    },
  }))
}
