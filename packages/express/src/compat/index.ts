export { type JwtError, ServiceUnavailableError, type UnlessOptions, type UnlessPath } from '@countersign/core/compat'
export { expressJwt, type UnlessMiddleware } from './express-jwt.js'
export type { ExpressJwtOptions } from './express-jwt-options.js'
export { type UnauthorizedCode, UnauthorizedError } from './unauthorized-error.js'
