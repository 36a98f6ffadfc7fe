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
export { asyncHandler } from './async-handler.js'
export { handle, routes } from './handle.js'
export type { Middleware, Next } from './middleware.js'
export { authOf, optionalAuthOf, protect } from './protect.js'
export { type ExpressRequest, guardRequest } from './wire.js'
