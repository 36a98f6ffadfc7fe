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
export { enforce } from './enforce.js'
export { handle, routes } from './handle.js'
export type { Middleware } from './middleware.js'
export { authOf, optionalAuthOf, protect } from './protect.js'
export { shadow } from './shadow.js'
export { guardRequest, type KoaContext } from './wire.js'
