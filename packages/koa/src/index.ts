export {
  type AuthenticationRequirement,
  fromIssuers,
  optional,
  type ProtectOptions,
  RefusedError,
  requireAnyScope,
  requireAuthentication,
  requireClaims,
  requireScopes,
} from '@countersign/core'
export { handle, routes } from './handle.js'
export type { Middleware } from './middleware.js'
export { authOf, optionalAuthOf, protect } from './protect.js'
export { guardRequest, type KoaContext } from './wire.js'
