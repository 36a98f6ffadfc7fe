import { type Endpoint, jsonReply, type Reply, type WireRequest } from './http.js'
import { refuse } from './refusal.js'
import { isUnavailable, type Unavailable } from './unavailable.js'

/** What a client is told of an outage: 503 with `Retry-After`, not to be stored. */
export function outageReply({ reason, retryAfterSeconds }: Unavailable): Reply {
  const headers = { 'retry-after': String(retryAfterSeconds), 'cache-control': 'no-store' }
  return jsonReply(503, { error_description: refuse(reason).description }, headers)
}

/**
 * Asks an endpoint; an outage becomes a 503 with `Retry-After`.
 *
 * @throws every other error of the endpoint: the host's error handler must see it
 */
export async function callEndpoint(endpoint: Endpoint, request: WireRequest): Promise<Reply> {
  try {
    return await endpoint(request)
  } catch (error) {
    if (!isUnavailable(error)) throw error
    return outageReply(error)
  }
}
