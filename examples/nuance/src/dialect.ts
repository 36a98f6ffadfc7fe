import { type Dialect, type Endpoint, jsonReply, type Reply, type WireRequest } from '@countersign/core'
import type { TokenDialect, TokenReason, TokenRefusal } from '@countersign/grants'
import { errors, profile, type WireError } from './profile.js'

/** An error as JSON. */
export function errorReply({ status, error, description }: WireError, headers: Reply['headers'] = {}): Reply {
  return jsonReply(status, { error, error_description: description }, { 'cache-control': 'no-store', ...headers })
}

const wwwAuthenticate = `Basic realm="${profile.realms.client}"`

/** Where the reason says more than the status. */
const byReason: Readonly<Partial<Record<TokenReason, WireError>>> = {
  missing_parameter: errors.missingParameter,
  malformed_request: errors.malformedRequest,
  several_authentications: errors.malformedRequest,
  unsupported_grant_type: errors.unsupportedGrantType,
  unsupported_token_type: errors.unsupportedTokenType,
  delegation_not_supported: errors.unsupportedDelegation,
  malformed_scope: errors.invalidScope,
  scope_not_allowed: errors.invalidScope,
  malformed_target: errors.invalidTarget,
  target_not_allowed: errors.invalidTarget,
  no_authentication: errors.unauthenticated,
  grant_not_allowed: errors.unauthorizedClient,
}

/** Every fault of a subject token, or of its user, is one error: the log tells them apart, the wire does not. */
const byStatus: Readonly<Record<TokenRefusal['status'], WireError>> = {
  400: errors.invalidGrant,
  401: errors.badClient,
  405: errors.wrongMethod,
  413: errors.tooLarge,
  415: errors.unsupportedMediaType,
  429: errors.tooMany,
  503: errors.unavailable,
}

/** Words the answers of the token endpoint. */
export const tokenDialect: TokenDialect = {
  wwwAuthenticate,
  success({ accessToken, expiresInSeconds, scopes, claims, nowMs }) {
    // Whole seconds that are certainly left: the one that has begun does not count.
    const left = typeof claims?.exp === 'number' ? claims.exp - Math.floor(nowMs / 1000) - 1 : expiresInSeconds
    return jsonReply(200, {
      access_token: accessToken,
      token_type: profile.tokenType,
      expires_in: Math.max(0, left),
      scope: scopes.join(' '),
      sites: claims?.sites,
      jti: claims?.jti,
    })
  },
  challenge() {
    throw new Error('there is no grant here that asks back')
  },
  refusal({ reason, status }, { grantType }) {
    const isUntyped = reason === 'missing_parameter' && grantType === undefined
    return errorReply(isUntyped ? errors.missingGrantType : (byReason[reason] ?? byStatus[status]))
  },
}

/** Words the refusals of the guard. */
export const resourceDialect: Dialect = {
  refusal({ reason, status }) {
    const wire = {
      400: errors.malformedRequest,
      401: reason === 'no_credentials' || reason === 'scheme' ? errors.unauthenticated : errors.invalidToken,
      403: errors.accessDenied,
      429: errors.tooMany,
      503: errors.unavailable,
    }[status]
    return errorReply(wire)
  },
}

const hasBasic = ({ headers: { authorization } }: WireRequest): boolean =>
  typeof authorization === 'string' && /^basic /i.test(authorization)

/** Basic is the only way in: a `client_id` in the form alone authenticates nobody, and is not looked at. */
export function withBasicOnly(endpoint: Endpoint): Endpoint {
  return async (request) =>
    request.method !== 'POST' || hasBasic(request)
      ? endpoint(request)
      : errorReply(errors.unauthenticated, { 'www-authenticate': wwwAuthenticate, pragma: 'no-cache' })
}
