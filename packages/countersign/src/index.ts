export { type Auth, onEvent, type RotatingSecrets, type Secret, type SecretsOption } from '@countersign/core'
export { type MemoryStoresOptions, memoryStores } from '@countersign/core/memory'
export {
  auditTo,
  clientCredentials,
  createClientAuthenticator,
  type Grant,
  jwtBearer,
  refreshToken,
  tokenExchange,
} from '@countersign/grants'
export { integrationRoutes } from '@countersign/integrations'
export { apiKeyRoutes, keyRoutes } from '@countersign/keys'
export { createNonceEndpoint } from '@countersign/nonce'
export { cognito, introspection, jwks, jwksRsa, oidc, staticKeys } from '@countersign/verifier'
export {
  type AuthorizationServer,
  createAuthorizationServer,
  type ServerAuth,
  type ServerIntegrationsOptions,
  type ServerNonceOptions,
  type WithOwn,
} from './authorization-server.js'
export type { GrantName } from './grants.js'
export type { KeptUnder, ServerHealth } from './health.js'
export type { AuthorizationServerOptions, ServerPaths } from './options.js'
export type { ServerSecrets } from './secrets.js'
