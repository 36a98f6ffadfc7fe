import type { ServerResponse } from 'node:http'
import { routeName, type WatchedExchange } from '@countersign/core'
import { type ExpressRequest, guardRequest } from './wire.js'

type Routed = ExpressRequest & { readonly baseUrl?: string; readonly route?: { readonly path?: unknown } }
/** What `compare` gets. */
export type Exchange<R> = readonly [req: R, res: ServerResponse]

/** A request and its response, for the guard that looks at them. */
export const watchedExchange = <R extends Routed>(req: R, res: ServerResponse): WatchedExchange<Exchange<R>> => ({
  request: guardRequest(req),
  response: res,
  exchange: [req, res],
  route: () => routeName({ method: req.method, url: req.originalUrl, mountedAt: req.baseUrl, pattern: req.route?.path }),
})
