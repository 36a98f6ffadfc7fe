import { parseJwt } from '@countersign/jwt'
import { cannotAsk } from './ask.js'

/** Claims of an access token that was just received. */
export interface CognitoClaims extends Readonly<Record<string, unknown>> {
  readonly sub: string
  readonly auth_time: number
  readonly iat: number
  readonly exp: number
  /** The user's name in the pool. */
  readonly username: string
  /** The same in every token of one sign-in. */
  readonly origin_jti?: string
}

/** Groups and custom claims make long tokens. */
const maxBytes = 65_536

/**
 * Reads an access token. It came from Cognito itself, over TLS; that it is a token of the pool shows a wrong setting early.
 *
 * @throws Unavailable for anything else than an access token of this pool and app client
 */
export function readAccessToken(token: string, pool: { readonly userPoolId: string; readonly clientId: string }): CognitoClaims {
  const read = parseJwt(token, { maxBytes })
  if (!read.ok) throw cannotAsk(new Error('what Cognito gave is not a JWT'))
  const { iss, sub, iat, exp, token_use: use, client_id: clientId, username, auth_time: authTime } = read.claims
  const isOfPool = iss?.endsWith(`/${pool.userPoolId}`) === true && use === 'access' && clientId === pool.clientId
  const isWhole = iat !== undefined && exp !== undefined && typeof authTime === 'number'
  if (!isOfPool || !isWhole || sub === undefined || typeof username !== 'string')
    throw cannotAsk(new Error('what Cognito gave is not an access token of this user pool and app client'))
  const originJti = read.claims.origin_jti
  return { ...read.claims, sub, iat, exp, username, auth_time: authTime, ...(typeof originJti === 'string' && { origin_jti: originJti }) }
}
