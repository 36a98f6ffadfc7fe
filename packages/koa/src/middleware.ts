import type { KoaContext } from './wire.js'

/** A middleware for `app.use` and for routers, for any context that is a `C`. */
export type Middleware<C extends KoaContext = KoaContext> = (ctx: C, next: () => Promise<unknown>) => Promise<unknown>
