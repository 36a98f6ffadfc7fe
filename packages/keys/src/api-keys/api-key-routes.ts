import {
  type ApiKeyOwner,
  type ClientAuthenticator,
  checkOptions,
  jsonReply,
  kind,
  type OptionShape,
  type Reply,
  type RouteTable,
  readJson,
  type WireRequest,
} from '@countersign/core'
import type { ApiKeyView } from './api-key.js'
import type { ApiKeys } from './api-keys.js'

/** Options of {@link apiKeyRoutes}. */
export interface ApiKeyRoutesOptions {
  readonly keys: ApiKeys
  /** Says which client makes a request, or answers for itself. */
  readonly authenticate: ClientAuthenticator
  /** Lets an operator act on the keys of any client: nothing but `true` allows it. @defaultValue nobody */
  readonly isOperator?: (request: WireRequest, clientId: string) => boolean | Promise<boolean>
  /** Where the keys of a client stand. @defaultValue `/clients/:client_id/api-keys` */
  readonly path?: string
}

const shape: OptionShape<ApiKeyRoutesOptions> = {
  keys: kind.required(kind.having('what createApiKeys returns', 'create', 'list', 'revoke')),
  authenticate: kind.required(kind.func),
  isOperator: kind.func,
  path: kind.string,
}

const noStore = { 'cache-control': 'no-store' }

function refused(status: number, error: string, description: string): Reply {
  return jsonReply(status, { error, error_description: description }, noStore)
}

function shown({ id, scopes, label, state, createdAt, notBefore, expiresAt, lastUsedAt }: ApiKeyView): object {
  return {
    id,
    scope: scopes.join(' '),
    label,
    state,
    created_at: createdAt,
    not_before: notBefore,
    expires_at: expiresAt,
    last_used_at: lastUsedAt,
  }
}

type Act = (owner: ApiKeyOwner, request: WireRequest) => Promise<Reply>

const isTime = (value: unknown): value is number | undefined => value === undefined || (Number.isSafeInteger(value) && Number(value) > 0)
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const reasons: Readonly<Record<'unknown_client' | 'locked_client' | 'scope' | 'too_many', readonly [number, string]>> = {
  unknown_client: [404, 'The client is not registered.'],
  locked_client: [403, 'The client is locked.'],
  scope: [400, 'The key would have a scope that the client does not have.'],
  too_many: [400, 'This client has the maximum number of keys.'],
}

/** Undefined where a member has another type than it must. */
function settingsFrom(owner: ApiKeyOwner, body: Readonly<Record<string, unknown>>): Parameters<ApiKeys['create']>[0] | undefined {
  const { scope = '', label, not_before: notBefore, expires_at: expiresAt } = body
  if (typeof scope !== 'string' || !/^[\x20\x21\x23-\x5b\x5d-\x7e]{0,4096}$/.test(scope)) return undefined
  if (label !== undefined && (typeof label !== 'string' || label === '' || label.length > 200)) return undefined
  if (!isTime(notBefore) || !isTime(expiresAt) || (expiresAt ?? Number.POSITIVE_INFINITY) <= (notBefore ?? 0)) return undefined
  return {
    owner,
    scopes: scope.split(' ').filter((one) => one !== ''),
    ...(label !== undefined && { label }),
    ...(notBefore !== undefined && { notBefore }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

function actions(keys: ApiKeys): Readonly<Record<'list' | 'create' | 'revoke', Act>> {
  return {
    list: async (owner) => jsonReply(200, { keys: (await keys.list(owner)).map(shown) }, noStore),
    async create(owner, request) {
      const body = await readJson(request)
      if (!body.ok) return refused(body.status, 'invalid_request', 'The body is a JSON object.')
      const settings = settingsFrom(owner, body.value)
      if (settings === undefined) return refused(400, 'invalid_request', 'A member of the body has the wrong type or value.')
      const made = await keys.create(settings)
      if (made.ok) return jsonReply(201, { ...shown(made.key), api_key: made.secret }, noStore)
      const [status, description] = reasons[made.reason]
      return refused(status, made.reason === 'scope' ? 'invalid_scope' : made.reason, description)
    },
    async revoke(owner, request) {
      const isRevoked = await keys.revoke(textOf(request.params?.key_id), owner)
      return isRevoked ? { status: 204, headers: noStore } : refused(404, 'not_found', 'This client has no such key.')
    },
  }
}

/**
 * Routes by which clients list, make and revoke their API keys, and operators those of any client: `GET` and `POST` at the path, `DELETE` at the path
 * with the id of a key. The answer to `POST` is the only one that has the key.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function apiKeyRoutes(options: ApiKeyRoutesOptions): RouteTable {
  checkOptions('apiKeyRoutes', options, shape)
  const { keys, authenticate, isOperator, path = '/clients/:client_id/api-keys' } = options
  const act = actions(keys)

  const by =
    (action: Act) =>
    async (request: WireRequest): Promise<Reply> => {
      const who = await authenticate(request)
      if (!who.ok) return who.reply
      const named = textOf(request.params?.client_id) || who.clientId
      if (named !== who.clientId && (await isOperator?.(request, who.clientId)) !== true)
        return refused(403, 'access_denied', 'A client sees only its own keys.')
      return action({ type: 'client', id: named }, request)
    }

  return [
    { method: 'GET', path, endpoint: by(act.list) },
    { method: 'POST', path, endpoint: by(act.create) },
    { method: 'DELETE', path: `${path}/:key_id`, endpoint: by(act.revoke) },
  ]
}
