import { type ClientAuthenticator, jsonReply, type Reply, type RouteTable, readJson, type WireRequest } from '@countersign/core'
import type { ClientKeyView, RegisteredKeys, RegistrationFault } from './client-keys.js'

/** Options of {@link keyRoutes}. */
export interface KeyRoutesOptions {
  /** Says which client makes a request, or answers for itself. */
  readonly authenticate: ClientAuthenticator
  /** Where the keys of a client stand. @defaultValue `/clients/:client_id/keys` */
  readonly path?: string
}

const noStore = { 'cache-control': 'no-store' }

const descriptions: Readonly<Partial<Record<RegistrationFault, string>>> = {
  bad_kid: 'kid is a text of 1 to 128 characters out of letters, digits and ._~:+=-',
  bad_times: 'not_before and expires_at are epoch seconds, expires_at in the future and after not_before',
  kid_taken: 'This client has a key of that kid already.',
  key_taken: 'This key is registered already, or was revoked.',
  too_many: 'This client has as many keys as it may.',
  private: 'This is a private key. Send the public one, and do not use the private one any more: it has been disclosed.',
  weak_rsa: 'An RSA key has 2048 bits or more and an odd public exponent above 1.',
  algorithm_mismatch: 'The algorithm does not fit the key.',
}

function shown({ kid, algorithm, state, notBefore, expiresAt, thumbprint }: ClientKeyView): object {
  return { kid, alg: algorithm, state, not_before: notBefore, expires_at: expiresAt, thumbprint }
}

function refused(status: number, error: string, description: string): Reply {
  return jsonReply(status, { error, error_description: description }, noStore)
}

function faultReply(fault: RegistrationFault): Reply {
  const status = fault === 'kid_taken' || fault === 'key_taken' ? 409 : 400
  return refused(status, fault, descriptions[fault] ?? 'The key cannot be used.')
}

const optionalNumber = (value: unknown): boolean => value === undefined || value === null || typeof value === 'number'

function registrationFrom(owner: string, body: Readonly<Record<string, unknown>>): Parameters<RegisteredKeys['register']>[0] | undefined {
  const { kid, public_key_pem: pem, jwk, not_before: notBefore, expires_at: expiresAt } = body
  if (typeof kid !== 'string' || !(pem === undefined || typeof pem === 'string')) return undefined
  if (!optionalNumber(notBefore) || !optionalNumber(expiresAt)) return undefined
  return {
    owner,
    kid,
    ...(pem !== undefined && { pem }),
    ...(jwk !== undefined && { jwk }),
    ...(typeof notBefore === 'number' && { notBefore }),
    ...(typeof expiresAt === 'number' && { expiresAt }),
  }
}

/**
 * Lets a client see, register and end its own keys, and nobody else's: `GET` lists, `POST` takes `{ kid, public_key_pem | jwk, not_before?,
 * expires_at? }`, `DELETE {kid}` retires, with `?reason=compromised` revokes.
 *
 * @param keys - the registered keys of a registry
 */
export function keyRoutes(keys: RegisteredKeys, options: KeyRoutesOptions): RouteTable {
  const path = options.path ?? '/clients/:client_id/keys'

  /** The client, when it is the one in the path. */
  async function ownerOf(request: WireRequest): Promise<{ readonly owner: string } | { readonly reply: Reply }> {
    const who = await options.authenticate(request)
    if (!who.ok) return { reply: who.reply }
    const named = request.params?.client_id
    if (named !== undefined && named !== who.clientId) return { reply: refused(403, 'access_denied', 'A client sees only its own keys.') }
    return { owner: who.clientId }
  }

  const guarded =
    (act: (owner: string, request: WireRequest) => Promise<Reply>) =>
    async (request: WireRequest): Promise<Reply> => {
      const who = await ownerOf(request)
      return 'reply' in who ? who.reply : act(who.owner, request)
    }

  const list = guarded(async (owner) => jsonReply(200, { keys: (await keys.list(owner)).map(shown) }, noStore))

  const register = guarded(async (owner, request) => {
    const body = await readJson(request)
    if (!body.ok) return refused(body.status, 'invalid_request', 'The body is a JSON object.')
    const registration = registrationFrom(owner, body.value)
    if (registration === undefined) return refused(400, 'invalid_request', 'The body needs kid and public_key_pem or jwk.')
    const result = await keys.register(registration)
    return result.ok ? jsonReply(201, shown(result.key), noStore) : faultReply(result.fault)
  })

  const end = guarded(async (owner, request) => {
    const kid = String(request.params?.kid ?? '')
    const url = request.url ?? ''
    const mark = url.indexOf('?')
    const reason = mark === -1 ? null : new URLSearchParams(url.slice(mark + 1)).get('reason')
    if (reason !== null && reason !== 'compromised') return refused(400, 'invalid_request', 'The only reason is compromised.')
    const done = reason === 'compromised' ? await keys.revoke(owner, kid, { reason }) : await keys.retire(owner, kid)
    return done ? { status: 204, headers: noStore } : refused(404, 'not_found', 'There is no such key, or it was revoked.')
  })

  return [
    { method: 'GET', path, endpoint: list },
    { method: 'POST', path, endpoint: register },
    { method: 'DELETE', path: `${path}/:kid`, endpoint: end },
  ]
}
