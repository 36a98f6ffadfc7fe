export { type JwtError, ServiceUnavailableError, type UnlessOptions, type UnlessPath } from '@countersign/core/compat'
export { koaJwt, type UnlessMiddleware } from './koa-jwt.js'
export type { KoaJwtContext, KoaJwtOptions } from './koa-jwt-options.js'
