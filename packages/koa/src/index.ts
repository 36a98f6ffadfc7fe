export {
  type AuthenticationRequirement,
  fromIssuers,
  optional,
  requireAnyScope,
  requireAuthentication,
  requireClaims,
  requireScopes,
} from '@countersign/core'
export { handle, routes } from './handle.js'
export { authOf, type Middleware, optionalAuthOf, protect } from './protect.js'
export type { KoaContext } from './wire.js'
