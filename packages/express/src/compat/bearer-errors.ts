import { UnauthorizedError } from './unauthorized-error.js'

/** Fields for the reply; `WWW-Authenticate` at least. */
export type ChallengeFields = Readonly<Record<string, string>>

/** A challenge without an error. */
export const bare: ChallengeFields = { 'WWW-Authenticate': 'Bearer realm="api"' }

/** The challenge of RFC 6750 §3. */
function challengeFor(code: string, description: string, scopes?: readonly string[]): ChallengeFields {
  const scope = scopes ? `, scope="${scopes.join(' ')}"` : ''
  return { 'WWW-Authenticate': `Bearer realm="api", error="${code}", error_description="${description.replaceAll('"', "'")}"${scope}` }
}

const members = (name: string, status: number, headers: ChallengeFields, code?: string): object => ({
  status,
  statusCode: status,
  headers,
  name,
  ...(code !== undefined && { code }),
})

/** No credentials (`express-oauth2-jwt-bearer` calls it `UnauthorizedError`). */
export function missingCredentials(headers: ChallengeFields = bare): UnauthorizedError {
  return new UnauthorizedError('Unauthorized', members('UnauthorizedError', 401, headers))
}

/** The request sends its credentials in a way that cannot be read. */
export class InvalidRequestError extends UnauthorizedError {
  constructor(message = 'Invalid Request', code = 'invalid_request', headers: ChallengeFields = challengeFor(code, message)) {
    super(message, members('InvalidRequestError', 400, headers, code))
  }
}

/** The token is refused, or lacks a claim. */
export class InvalidTokenError extends UnauthorizedError {
  constructor(message = 'Invalid Token', headers: ChallengeFields = challengeFor('invalid_token', message)) {
    super(message, members('InvalidTokenError', 401, headers, 'invalid_token'))
  }
}

/** The token lacks a scope. */
export class InsufficientScopeError extends UnauthorizedError {
  constructor(scopes?: readonly string[], message = 'Insufficient Scope') {
    super(message, members('InsufficientScopeError', 403, challengeFor('insufficient_scope', message, scopes), 'insufficient_scope'))
  }
}
