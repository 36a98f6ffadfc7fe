export {
  type AuthenticationRequirement,
  fromIssuers,
  optional,
  requireAnyScope,
  requireAuthentication,
  requireClaims,
  requireScopes,
} from '@countersign/core'
export { asyncHandler } from './async-handler.js'
export { handle, routes } from './handle.js'
export { authOf, type Middleware, type Next, optionalAuthOf, protect } from './protect.js'
export type { ExpressRequest } from './wire.js'
