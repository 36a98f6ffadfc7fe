import {
  asError,
  callEndpoint,
  createRouteMatcher,
  type Endpoint,
  type Reply,
  type RouteTable,
  requireEndpoint,
  unmatchedReply,
  type WireRequest,
} from '@countersign/core'
import type { Middleware } from './middleware.js'
import { endpointRequest, type KoaContext, send } from './wire.js'

async function run(endpoint: Endpoint, request: WireRequest, ctx: KoaContext): Promise<void> {
  let reply: Reply
  try {
    reply = await callEndpoint(endpoint, request)
  } catch (cause) {
    throw asError(cause)
  }
  send(ctx, reply)
}

/**
 * Mounts an endpoint. What it throws goes to Koa's error handling, except an outage, which is a 503.
 *
 * @param endpoint - for instance what `createTokenEndpoint` returns
 * @throws TypeError for an endpoint that is not a function
 */
export function handle(endpoint: Endpoint): Middleware {
  requireEndpoint(endpoint)
  return async (ctx) => run(endpoint, endpointRequest(ctx), ctx)
}

/**
 * Mounts several endpoints under their own methods and paths, relative to where it is used. No router is needed.
 * A known path with another method is 405, a path that the table does not have goes on to the next middleware.
 *
 * @throws TypeError for a table with a path that is not one or is there twice
 */
export function routes(table: RouteTable): Middleware {
  const match = createRouteMatcher(table)
  return async (ctx, next) => {
    const found = match(ctx.method, ctx.path)
    switch (found.outcome) {
      case 'matched':
        return run(found.endpoint, endpointRequest(ctx, found.params), ctx)
      case 'unknown':
        return next()
      default:
        return send(ctx, unmatchedReply(found))
    }
  }
}
