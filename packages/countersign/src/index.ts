export {
  type AuthorizationServer,
  createAuthorizationServer,
  type ServerAuth,
  type ServerIntegrationsOptions,
  type ServerNonceOptions,
  type WithOwn,
} from './authorization-server.js'
export type { GrantName } from './grants.js'
export type { AuthorizationServerOptions, ServerPaths } from './options.js'
export type { ServerSecrets } from './secrets.js'
