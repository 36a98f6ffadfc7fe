import {
  type AsymmetricAlgorithm,
  type ClientAuthenticator,
  checkOptions,
  jsonReply,
  kind,
  type OptionShape,
  type Reply,
  type RouteTable,
  readJson,
  requestUrl,
  shownValue,
  type WireRequest,
} from '@countersign/core'
import type { ClientKeyView } from './client-key.js'
import type { RegisteredKeys } from './registered-keys.js'
import type { Registration, RegistrationReason, RegistrationRefused } from './registration.js'

/** Options of {@link keyRoutes}. */
export interface KeyRoutesOptions {
  /** Says which client makes a request, or answers for itself. */
  readonly authenticate: ClientAuthenticator
  /** Where the keys of a client stand. @defaultValue `/clients/:client_id/keys` */
  readonly path?: string
}

const shape: OptionShape<KeyRoutesOptions> = { authenticate: kind.required(kind.func), path: kind.string }

const noStore = { 'cache-control': 'no-store' }
const done: Reply = { status: 204, headers: noStore }

const descriptions: Readonly<Partial<Record<RegistrationReason, string>>> = {
  malformed: 'The body must have public_key_pem (SPKI) or jwk, and its value must be a public key.',
  unsupported: 'Keys of this kind are not accepted. A PEM must begin with BEGIN PUBLIC KEY.',
  bad_kid: 'kid must have 1 to 128 characters: letters, digits and ._~:+/=-',
  bad_times: 'not_before and expires_at must be epoch seconds or RFC 3339. expires_at must be in the future and after not_before.',
  kid_taken: 'This client already has a key with this kid.',
  key_taken: 'This key is already registered, or it was registered before.',
  too_many: 'This client has the maximum number of keys.',
  private: 'This is a private key, and now it is disclosed. Make a new key pair, and send its public key.',
  weak_rsa: 'An RSA key must have 2048 bits or more, and an odd public exponent above 1.',
  algorithm_mismatch: 'The algorithm does not fit the key.',
}

function shown({ kid, algorithm, state, notBefore, expiresAt, thumbprint }: ClientKeyView): object {
  return { kid, alg: algorithm, state, not_before: notBefore, expires_at: expiresAt, thumbprint }
}

function refused(status: number, error: string, description: string): Reply {
  return jsonReply(status, { error, error_description: description }, noStore)
}

function faultReply({ reason, hint }: RegistrationRefused): Reply {
  const status = reason === 'kid_taken' || reason === 'key_taken' ? 409 : 400
  return refused(status, reason, hint ?? descriptions[reason] ?? 'The key cannot be used.')
}

const isText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'

/** RFC 3339, to the second or finer. */
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** Epoch seconds of a member; undefined if the member is missing, NaN if it is not a time. */
function secondsOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number') return value
  return typeof value === 'string' && dateTime.test(value) ? Date.parse(value) / 1000 : Number.NaN
}

/** Undefined where a member has another type than it must; its value is judged by the registry. */
function registrationFrom(owner: string, body: Readonly<Record<string, unknown>>): Registration | undefined {
  const { kid, public_key_pem: pem, jwk, alg } = body
  const [notBefore, expiresAt] = [secondsOf(body.not_before), secondsOf(body.expires_at)]
  if (typeof kid !== 'string' || !isText(pem) || !isText(alg) || Number.isNaN(notBefore) || Number.isNaN(expiresAt)) return undefined
  return {
    owner,
    kid,
    ...(pem !== undefined && { pem }),
    ...(jwk !== undefined && { jwk }),
    ...(alg !== undefined && { algorithm: alg as AsymmetricAlgorithm }),
    ...(notBefore !== undefined && { notBefore }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

/** Values of the query parameter `reason`. */
function reasonsOf(request: WireRequest): readonly string[] {
  const url = requestUrl(request)
  const mark = url.indexOf('?')
  return mark === -1 ? [] : new URLSearchParams(url.slice(mark + 1)).getAll('reason')
}

type Act = (owner: string, request: WireRequest) => Promise<Reply>

/** Lets a client act on its own keys, and nobody else. */
function ownOnly(authenticate: ClientAuthenticator, act: Act): (request: WireRequest) => Promise<Reply> {
  return async (request) => {
    const who = await authenticate(request)
    if (!who.ok) return who.reply
    const named = request.params?.client_id
    if (named !== undefined && named !== who.clientId) return refused(403, 'access_denied', 'A client sees only its own keys.')
    return act(who.clientId, request)
  }
}

const kidOf = ({ params }: WireRequest): string => (typeof params?.kid === 'string' ? params.kid : '')

function actions(keys: RegisteredKeys): Readonly<Record<'list' | 'register' | 'confirm' | 'end', Act>> {
  return {
    list: async (owner) => jsonReply(200, { keys: (await keys.list(owner)).map(shown) }, noStore),
    async register(owner, request) {
      const body = await readJson(request)
      if (!body.ok) return refused(body.status, 'invalid_request', 'The body is a JSON object.')
      const registration = registrationFrom(owner, body.value)
      if (registration === undefined) return refused(400, 'invalid_request', 'A member of the body is missing or has the wrong type.')
      const result = await keys.register(registration)
      return result.ok ? jsonReply(201, shown(result.key), noStore) : faultReply(result)
    },
    async confirm(owner, request) {
      const body = await readJson(request)
      if (!body.ok) return refused(body.status, 'invalid_request', 'The body is a JSON object.')
      const { proof } = body.value
      if (typeof proof !== 'string') return refused(400, 'invalid_request', 'The body needs proof.')
      const isConfirmed = await keys.confirm(owner, kidOf(request), proof)
      return isConfirmed
        ? done
        : refused(400, 'invalid_proof', 'No key with this kid is pending, or the proof does not show possession of the key.')
    },
    async end(owner, request) {
      const [reason, ...more] = reasonsOf(request)
      if (more.length > 0 || (reason !== undefined && reason !== 'compromised'))
        return refused(400, 'invalid_request', 'The only reason is compromised.')
      const kid = kidOf(request)
      const isEnded = reason === undefined ? await keys.retire(owner, kid) : await keys.revoke(owner, kid, { reason })
      return isEnded ? done : refused(404, 'not_found', 'The key does not exist, or it was revoked.')
    },
  }
}

/**
 * Lets a client see, register and end its own keys, and nobody else's: `GET` lists, `POST` takes `{ kid, public_key_pem | jwk, alg?,
 * not_before?, expires_at? }`, `POST {kid}/confirmation` takes `{ proof }`, `DELETE {kid}` retires, with `?reason=compromised` revokes.
 *
 * @param registry - whose clients they are
 * @throws TypeError if something is missing
 */
export function keyRoutes(registry: { readonly clientKeys: RegisteredKeys }, options: KeyRoutesOptions): RouteTable {
  checkOptions('keyRoutes', options, shape)
  const { authenticate, path = '/clients/:client_id/keys' } = options
  if (typeof registry?.clientKeys?.register !== 'function')
    throw new TypeError(`keyRoutes: the first argument must be what createKeyRegistry returns, got ${shownValue(registry)}`)
  const { list, register, confirm, end } = actions(registry.clientKeys)
  return [
    { method: 'GET', path, endpoint: ownOnly(authenticate, list) },
    { method: 'POST', path, endpoint: ownOnly(authenticate, register) },
    { method: 'POST', path: `${path}/:kid/confirmation`, endpoint: ownOnly(authenticate, confirm) },
    { method: 'DELETE', path: `${path}/:kid`, endpoint: ownOnly(authenticate, end) },
  ]
}
