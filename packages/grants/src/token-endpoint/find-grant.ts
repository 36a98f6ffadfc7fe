import { type FormParameters, wallClock } from '@countersign/core'
import { withFormerUses } from '../assertions/former-uses.js'
import type { AuthenticatedClient } from '../authentication/authenticate-client.js'
import type { Caller, ParsedRequest } from '../endpoint/client-request.js'
import type { Grant, GrantRequest } from '../grants/grant.js'
import { judgeScope } from '../grants/scope.js'
import { judgeTarget } from '../grants/target.js'
import { refused, type TokenReason, type TokenRefused } from '../refusal.js'
import type { CheckedOptions, TokenEndpointOptions } from './token-endpoint-options.js'

/** A token request that could be read. */
export interface ParsedTokenRequest extends ParsedRequest {
  /** The grant of its `grant_type`; undefined where the endpoint does not have it. */
  readonly grant: Grant | undefined
}

/** A grant that the client may use, and its request: scope and audience are allowed. */
export interface FoundGrant {
  readonly ok: true
  readonly grant: Grant
  readonly request: GrantRequest
}

/** Finds the grant of a request, and puts together what it is asked. */
export type FindGrant = (
  parsed: ParsedTokenRequest,
  who: AuthenticatedClient,
  note: GrantRequest['note'],
) => Promise<FoundGrant | TokenRefused>

/** Of these, the proof that a request brings would otherwise not be looked at. */
const notThere: readonly TokenReason[] = ['unknown_client', 'locked_client']

/**
 * The caller, where nothing but what a request presents to its grant identifies the client (RFC 7523 §3.1). An id that the request names
 * as well must be the same.
 */
export async function callerByGrant(grant: Grant | undefined, caller: Caller, parameters: FormParameters): Promise<Caller> {
  if (grant?.identification === undefined || (caller.method !== 'anonymous' && caller.method !== 'none')) return caller
  const id = await grant.identification.named(parameters)
  return id !== undefined && (caller.method === 'anonymous' || caller.id === id) ? { method: 'asserted', id } : caller
}

/** For a client that is not there: takes as long as the proof of one that is. */
export function lookAtProof({ grant, caller, parameters }: ParsedTokenRequest, reason: TokenReason): void {
  if (caller.method === 'asserted' && notThere.includes(reason)) grant?.identification?.unknown?.(parameters)
}

/** Makes the step. */
export function createFindGrant(options: TokenEndpointOptions, { audiences }: CheckedOptions): FindGrant {
  const { issuer, clients, isActive } = options
  const now = options.now ?? wallClock
  const stores = withFormerUses(options.stores, now)

  function requestOf(
    { parameters, request }: ParsedTokenRequest,
    who: AuthenticatedClient,
    note: GrantRequest['note'],
  ): GrantRequest | TokenRefused {
    const { client, secretId, key } = who
    const asked = judgeScope(parameters.get('scope'), client.scopes, client.defaultScopes)
    if (!asked.ok) return asked
    const allowed = client.audiences ?? audiences
    const target = judgeTarget(parameters, allowed)
    if (!target.ok) return target
    const nowMs = now()
    // Each member by itself: a copy of an object takes longer than everything else that is done here.
    return {
      issuer,
      parameters,
      request,
      note,
      stores,
      keys: clients.clientKeys,
      isClient: async (id) => (await clients.find(id)) !== undefined,
      isActive: isActive && (async (granted) => (await isActive({ ...granted, client })) === true),
      isRecorded: options.audit !== undefined,
      client,
      secretId,
      key,
      requestedScopes: asked.requested,
      requestedAudiences: target.audiences,
      scopes: asked.scopes,
      audiences: target.audiences ?? allowed.slice(0, 1),
      now: Math.floor(nowMs / 1000),
      nowMs,
    }
  }

  return async (parsed, who, note) => {
    const { grant, caller, parameters } = parsed
    if (grant === undefined) return refused('unsupported_grant_type')
    const { client } = who
    const mayUse = client.grants.includes(grant.continues ?? grant.type)
    const request = mayUse
      ? requestOf(parsed, who, note)
      : refused(caller.method === 'anonymous' ? 'no_authentication' : 'grant_not_allowed')
    if (!('refusal' in request)) return { ok: true, grant, request }
    if (caller.method !== 'asserted') return request
    // Its proof was not looked at yet: a stranger is told that it is bad, and nothing about the client.
    return (await grant.identification?.reason({ client, parameters, keys: clients.clientKeys, issuer, nowMs: now() })) ?? request
  }
}
