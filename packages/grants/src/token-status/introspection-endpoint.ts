import {
  type Auth,
  checkOptions,
  type Endpoint,
  jsonReply,
  kind,
  type OptionShape,
  orUnavailable,
  type RevocationPublisher,
  type SecretsOption,
  wallClock,
} from '@countersign/core'
import { areKeysGood } from '../assertions/used-key.js'
import { type Client, isPublicClient } from '../clients/record/client.js'
import { credentialNames } from '../clients/record/credential-name.js'
import { createSubjectEnd } from '../issuing/status.js'
import type { RateLimits } from '../limits/budget.js'
import { refreshStatus } from '../refresh/refresh-status.js'
import { createRefreshTokenText } from '../refresh/refresh-token-format.js'
import { refused } from '../refusal.js'
import {
  createPresentedTokenEndpoint,
  notStored,
  type PresentedTokenOptions,
  presentedTokenShape,
  type StatusAnswer,
  type StatusTrace,
} from './presented-token.js'

/** Options of {@link createIntrospectionEndpoint}. */
export interface IntrospectionEndpointOptions extends PresentedTokenOptions {
  /** The audiences that a client answers for, being a resource server: tokens for one of them are shown to it. Undefined: none. */
  readonly audiencesOf: (caller: Client) => readonly string[] | undefined | Promise<readonly string[] | undefined>
  /** Whether a client may see a token that is neither its own nor for it, as a gateway may. Nothing but `true` allows it. @defaultValue no */
  readonly mayIntrospect?: (caller: Client, token: Auth) => boolean | Promise<boolean>
  /** Whether a subject may still have tokens; the one of the token endpoint will do if it needs no more. @defaultValue always */
  readonly isActive?: (holder: { readonly client: Client; readonly subject: string }) => boolean | Promise<boolean>
  /** What `createSharedRevocations` gives, as at the token endpoint. @defaultValue refresh tokens of a subject outlive its revocation */
  readonly revocations?: Pick<RevocationPublisher, 'check' | 'subjectNotBefore'>
  /** Names of further claims to show, for instance those that `claims` of the token endpoint adds. @defaultValue none */
  readonly claims?: readonly string[]
  /** The secrets of `refreshToken`. @defaultValue refresh tokens are not known */
  readonly refreshSecrets?: SecretsOption
  /** @defaultValue 200,000 requests and 10,000 failures a minute, per address and client; `false`: none */
  readonly rateLimits?: RateLimits | false
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: () => number
}

/** What is told of a token, or why nothing is. */
type Introspected =
  | { readonly ok: true; readonly view: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: string }

/** RFC 7662 §2.2, RFC 9470 §6.2. What a token does not say is not made up. */
const shown = ['iss', 'sub', 'aud', 'client_id', 'scope', 'exp', 'iat', 'nbf', 'jti', 'auth_time', 'amr', 'acr', 'cnf']
/** Members of the answer that do not come from the token. */
const answered: readonly string[] = ['active', 'token_type']
/** A resource server may ask at every request. */
const usualLimits: RateLimits = { requests: { limit: 200_000, windowSeconds: 60 } }

const inactive = (reason: string): Introspected => ({ ok: false, reason })

function pick(claims: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]))
}

function answerOf(introspected: Introspected, trace: StatusTrace): StatusAnswer {
  if (introspected.ok) return { ok: true, outcome: 'active', reply: jsonReply(200, { active: true, ...introspected.view }, notStored) }
  trace.reason = introspected.reason
  // One answer for all of them: what a caller may not know of is not there for it (RFC 7662 §2.2).
  return { ok: true, outcome: 'inactive', reply: jsonReply(200, { active: false }, notStored) }
}

/** What each of the options of `createIntrospectionEndpoint` must be, for a factory that hands them on. */
export const introspectionEndpointShape: OptionShape<IntrospectionEndpointOptions> = {
  ...presentedTokenShape,
  audiencesOf: kind.required(kind.func),
  mayIntrospect: kind.func,
  isActive: kind.func,
  revocations: kind.either(kind.having('what createSharedRevocations returns', 'check'), kind.having('a RevocationStore', 'revoke')),
  claims: kind.listOf(
    kind.satisfying(
      `the name of a claim other than ${answered.join(' and ')}`,
      (name) => typeof name === 'string' && !answered.includes(name),
    ),
    0,
  ),
  refreshSecrets: kind.secrets,
}

/**
 * Tells clients that answer for an audience whether a token for it is good (RFC 7662): verified, not revoked, and the client,
 * its credential, the family of refresh tokens and the subject behind it as they were. Everything else is `{"active":false}`.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createIntrospectionEndpoint(options: IntrospectionEndpointOptions): Endpoint {
  checkOptions('createIntrospectionEndpoint', options, introspectionEndpointShape)
  const { issuer, clients, stores, verifier, audiencesOf, mayIntrospect, isActive, refreshSecrets, rateLimits = {} } = options
  const now = options.now ?? wallClock
  const isSubjectEnded = createSubjectEnd(issuer, options.revocations)
  const names = [...shown, ...(options.claims ?? [])]
  const refreshTokens =
    refreshSecrets === undefined ? undefined : createRefreshTokenText('createIntrospectionEndpoint', 'refreshSecrets', refreshSecrets)

  async function isFor(caller: Client, auth: Auth): Promise<boolean> {
    if (auth.clientId === caller.id) return true
    const audiences = [auth.claims.aud ?? []].flat()
    const answeredFor = (await audiencesOf(caller)) ?? []
    // Of a text, every beginning of another audience would be among them.
    if (!Array.isArray(answeredFor)) throw new TypeError('createIntrospectionEndpoint: audiencesOf must return an array or undefined')
    if (audiences.some((audience) => answeredFor.includes(audience))) return true
    return mayIntrospect !== undefined && (await mayIntrospect(caller, auth)) === true
  }

  async function isSubjectActive(client: Client, subject: string): Promise<boolean> {
    return isActive === undefined || (await isActive({ client, subject })) === true
  }

  /** What guards learn from the denylist is asked where it is decided. */
  async function faultOf({ clientId, claims }: Auth): Promise<string | undefined> {
    const { client_credential: credential, refresh_family: id, sub = '' } = claims
    const [client, family] = await Promise.all([
      clientId === undefined ? undefined : clients.find(clientId),
      typeof id === 'string' ? orUnavailable(stores.families.find(id)) : undefined,
    ])
    if (client === undefined) return 'unknown_client'
    if (client.isLocked) return 'locked_client'
    // The first one is its own; what it has from a token that it was exchanged for, the denylist knows.
    const [name] = [credential].flat()
    if (!credentialNames(client).some((one) => one === name)) return 'revoked_key'
    if (family?.revoked !== undefined) return 'refresh_revoked'
    return (await isSubjectActive(client, sub)) ? undefined : 'inactive_subject'
  }

  async function introspectAccessToken(token: string, caller: Client, trace: StatusTrace): Promise<Introspected> {
    const verified = await verifier.verify(token)
    if (!verified.ok) return inactive(verified.refusal.reason)
    const { auth } = verified
    const { iss, sub, jti } = auth.claims
    if (iss !== issuer) return inactive('wrong_issuer')
    Object.assign(trace, { kind: 'access_token', ...(sub !== undefined && { subject: sub }), ...(jti !== undefined && { jti }) })
    if (!(await isFor(caller, auth))) return inactive('foreign_token')
    // Tolerance is for clocks of others; the end is one that we set.
    if (auth.expiresAt <= now() / 1000) return inactive('expired')
    const fault = await faultOf(auth)
    return fault === undefined
      ? { ok: true, view: { token_type: auth.confirmation?.method === 'dpop' ? 'DPoP' : 'Bearer', ...pick(auth.claims, names) } }
      : inactive(fault)
  }

  /** Shown only to the client that holds the token. Other clients with the same audience do not see it. */
  async function introspectRefreshToken(token: string, caller: Client, trace: StatusTrace): Promise<Introspected> {
    const parts = refreshTokens?.read(token)
    if (parts === undefined) return inactive('refresh_malformed')
    const { family, generation } = parts
    Object.assign(trace, { kind: 'refresh_token', family })
    const record = await orUnavailable(stores.families.find(family))
    const status = refreshStatus({ record, generation }, { client: caller, issuer }, now() / 1000)
    if (!status.ok) return inactive(status.refusal.reason)
    const { subject: sub, authentication } = status.data
    trace.subject = sub
    if (!(await areKeysGood(clients.clientKeys, caller.id, status.data.keys ?? []))) return inactive('refresh_revoked')
    const { startedAt, origins = [] } = status.data
    if (await isSubjectEnded({ subject: sub, startedAt, origins })) return inactive('refresh_revoked')
    if (!(await isSubjectActive(caller, sub))) return inactive('inactive_subject')
    const { authTime: auth_time, amr, acr } = authentication ?? {}
    const scope = status.scopes.length > 0 ? status.scopes.join(' ') : undefined
    return { ok: true, view: { iss: issuer, sub, client_id: caller.id, scope, exp: status.expiresAt, auth_time, amr, acr } }
  }

  return createPresentedTokenEndpoint(options, {
    channel: 'countersign:introspection',
    rateLimits: rateLimits && { ...usualLimits, ...rateLimits },
    async decide({ who: { client }, token }, trace) {
      // A caller could try tokens that it found, so each request must have a client that is responsible for it.
      if (isPublicClient(client)) return refused('no_authentication')
      const judge = token.startsWith('r1.') ? introspectRefreshToken : introspectAccessToken
      return answerOf(await judge(token, client, trace), trace)
    },
  })
}
