export {
  type AuthenticationRequirement,
  createShadowReport,
  type EnforceOptions,
  fromIssuers,
  optional,
  type ProtectOptions,
  RefusedError,
  requireAnyScope,
  requireAuthentication,
  requireClaims,
  requireScopes,
  type ShadowOptions,
  type ShadowReport,
  sameOrigin,
  type TokenPlaces,
  tokenFrom,
} from '@countersign/core'
export { asyncHandler } from './async-handler.js'
export { enforce } from './enforce.js'
export { handle, routes } from './handle.js'
export type { Middleware, Next } from './middleware.js'
export { authOf, optionalAuthOf, protect } from './protect.js'
export { shadow } from './shadow.js'
export { type ExpressRequest, guardRequest } from './wire.js'
