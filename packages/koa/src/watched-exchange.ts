import { routeName, type WatchedExchange } from '@countersign/core'
import { guardRequest, type KoaContext } from './wire.js'

type Routed = KoaContext & { readonly _matchedRoute?: unknown }
/** What `compare` gets. */
export type Exchange<C> = readonly [ctx: C]

/** A request and its response, for the guard that looks at them. */
export const watchedExchange = <C extends Routed>(ctx: C): WatchedExchange<Exchange<C>> => ({
  request: guardRequest(ctx),
  response: ctx.res,
  exchange: [ctx],
  route: () => routeName({ method: ctx.method, url: ctx.originalUrl, pattern: ctx._matchedRoute }),
})
