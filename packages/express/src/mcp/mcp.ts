import { type Auth, type Requirement, requireScopes } from '@countersign/core'
import { presentedToken } from '@countersign/core/compat'
import { type ExpressRequest, guardRequest } from '../wire.js'
import { type AuthInfo, authInfoOf } from './auth-info.js'

/**
 * A requirement for the routes of an MCP server: tools of the MCP TypeScript SDK get the token as `extra.authInfo`, because it sets `req.auth`. A
 * request without credentials is told the scopes and where the metadata is (RFC 9728 §5.1), and an outage stays a 503.
 *
 * @param scopes - what each request needs; they are named in the first challenge too
 * @throws TypeError if one is not a scope-token (RFC 6749 §3.3)
 * @example
 * app.post('/mcp', protect(guard, mcp('tools:call')), (req, res) => transport.handleRequest(req, res, req.body))
 */
export function mcp(...scopes: readonly string[]): Requirement<Auth, ExpressRequest> {
  const needed = scopes.length > 0 ? requireScopes(...scopes) : undefined
  const requirement: Requirement<Auth, ExpressRequest> = (auth, req, context) => {
    const refusal = needed?.(auth, req, context)
    if (refusal !== undefined) return refusal
    ;(req as { auth?: AuthInfo }).auth = authInfoOf(auth, presentedToken(guardRequest(req)) ?? '', {})
    return undefined
  }
  return Object.freeze(Object.assign(requirement, { scopes: [...scopes], announcesScopes: true as const }))
}
