import { type Auth, type Guard, refuse } from '@countersign/core'
import { isOutage, requireGuard } from '@countersign/core/compat'
import { type AuthInfo, authInfoOf, type ResourceName } from './auth-info.js'

/** What `requireBearerAuth` of the MCP TypeScript SDK calls: its `OAuthTokenVerifier`. */
export interface McpTokenVerifier {
  /** Rejects with the SDK's `InvalidTokenError`, or with its `ServerError` in an outage. */
  verifyAccessToken(token: string): Promise<AuthInfo>
}

/**
 * A guard as the token verifier of the MCP TypeScript SDK, for servers that use its `requireBearerAuth`. The SDK answers an outage with 500;
 * `protect(guard, mcp())` answers 503.
 *
 * @param guard - from `createGuard`
 * @throws TypeError if the guard is missing
 * @example
 * app.use('/mcp', requireBearerAuth({ verifier: mcpTokenVerifier(guard), resourceMetadataUrl }))
 */
export function mcpTokenVerifier(guard: Guard<Auth> & ResourceName): McpTokenVerifier {
  requireGuard('mcpTokenVerifier', guard)
  return {
    async verifyAccessToken(token) {
      const admission = await guard.check({ headers: { authorization: `Bearer ${token}` } })
      if (admission.ok && !admission.anonymous) return authInfoOf(admission.auth, token, guard)
      // Loaded here, so that `mcp` works without the SDK.
      const { InvalidTokenError, ServerError } = await import('@modelcontextprotocol/sdk/server/auth/errors.js')
      if (!admission.ok && isOutage(admission)) throw new ServerError(refuse(admission.reason).description)
      throw new InvalidTokenError(refuse(admission.ok ? 'no_credentials' : admission.reason).description)
    },
  }
}
