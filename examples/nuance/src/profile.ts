/**
 * What is the vendor's and not OAuth's: names and wordings. A correction is a change of this file alone.
 */
export const profile = {
  /** `iss` of our access tokens. */
  issuer: 'https://nuance.example/oauth-server',
  /** The `aud` of subject tokens: a literal, no URL. */
  subjectTokenAudience: 'NUANCE',
  /** The `aud` of our access tokens. */
  api: 'https://nuance.example/reporting/v3',
  scope: 'read',
  accessTokenLifetimeSeconds: 7200,
  /** How far the clock of a client may be ahead of ours, or behind. */
  clockToleranceSeconds: 5,
  tokenType: 'bearer',
  realms: { client: 'oauth2/client', resource: 'oauth2/resource', operator: 'operator' },
  paths: {
    token: '/oauth-server/oauth/token',
    jwks: '/oauth-server/.well-known/jwks.json',
    keys: '/oauth-server/clients/:client_id/keys',
    lock: '/oauth-server/operator/clients/:client_id/lock',
    unlock: '/oauth-server/operator/clients/:client_id/unlock',
    ping: '/reporting/v3/ping',
  },
} as const

/** An error as it goes out. */
export interface WireError {
  readonly status: number
  readonly error: string
  readonly description: string
}

const wireError = (status: number, error: string, description: string): WireError => ({ status, error, description })

/** Every error that there is. The texts are fixed: nothing of a request is ever in them. */
export const errors = {
  missingGrantType: wireError(400, 'invalid_request', 'Missing grant type'),
  missingParameter: wireError(400, 'invalid_request', 'Missing parameter'),
  malformedRequest: wireError(400, 'invalid_request', 'Malformed request'),
  tooLarge: wireError(413, 'invalid_request', 'Request too large'),
  unsupportedMediaType: wireError(415, 'invalid_request', 'Content type not supported'),
  unsupportedTokenType: wireError(400, 'invalid_request', 'Unsupported token type'),
  unsupportedDelegation: wireError(400, 'invalid_request', 'Actor tokens are not supported'),
  unsupportedGrantType: wireError(400, 'unsupported_grant_type', 'Unsupported grant type'),
  invalidGrant: wireError(400, 'invalid_grant', 'Invalid subject token'),
  invalidScope: wireError(400, 'invalid_scope', 'Invalid scope'),
  invalidTarget: wireError(400, 'invalid_target', 'Invalid audience or resource'),
  unauthenticated: wireError(401, 'unauthorized', 'Full authentication is required to access this resource'),
  badClient: wireError(401, 'invalid_client', 'Bad client credentials'),
  unauthorizedClient: wireError(401, 'unauthorized_client', 'Unauthorized grant type'),
  invalidToken: wireError(401, 'invalid_token', 'Invalid access token'),
  accessDenied: wireError(403, 'access_denied', 'Access is denied'),
  notFound: wireError(404, 'not_found', 'Not found'),
  wrongMethod: wireError(405, 'method_not_allowed', 'Request method not supported'),
  tooMany: wireError(429, 'temporarily_unavailable', 'Too many requests'),
  serverError: wireError(500, 'server_error', 'Internal server error'),
  unavailable: wireError(503, 'temporarily_unavailable', 'Service temporarily unavailable'),
} as const
