import type { ServerResponse } from 'node:http'
import {
  asError,
  callEndpoint,
  createRouteMatcher,
  type Endpoint,
  type Reply,
  type RouteTable,
  requireEndpoint,
  unmatchedReply,
} from '@countersign/core'
import type { Middleware, Next } from './middleware.js'
import { endpointRequest, send } from './wire.js'

function deliver(reply: Promise<Reply>, res: ServerResponse, next: Next): void {
  reply.then((found) => send(res, found)).catch((error: unknown) => next(asError(error)))
}

/**
 * Mounts an endpoint. What it throws goes to Express's error handler, except an outage, which is a 503.
 *
 * @param endpoint - for instance what `createTokenEndpoint` returns
 * @throws TypeError for an endpoint that is not a function
 */
export function handle(endpoint: Endpoint): Middleware {
  requireEndpoint(endpoint)
  return (req, res, next) => deliver(callEndpoint(endpoint, endpointRequest(req)), res, next)
}

/**
 * Mounts several endpoints under their own methods and paths, relative to where it is used.
 * A known path with another method is 405, a path that the table does not have goes on to the next handler.
 *
 * @throws TypeError for a table with a path that is not one or is there twice
 */
export function routes(table: RouteTable): Middleware {
  const match = createRouteMatcher(table)
  return (req, res, next) => {
    const found = match(req.method ?? '', req.path)
    switch (found.outcome) {
      case 'matched':
        return deliver(callEndpoint(found.endpoint, endpointRequest(req, found.params)), res, next)
      case 'unknown':
        return next()
      default:
        return send(res, unmatchedReply(found))
    }
  }
}
