export type { AuthInfo, ResourceName } from './auth-info.js'
export { mcp } from './mcp.js'
export { type McpTokenVerifier, mcpTokenVerifier } from './token-verifier.js'
