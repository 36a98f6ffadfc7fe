import { setMaxListeners } from 'node:events'
import { eventChannel } from '@countersign/core'
import type { SourceContext } from '@countersign/jwt/jwks'
import { createLimitedSource, type Found, type LimitedSourceOptions } from '../opaque/limited-source.js'
import type { OpaqueSource } from '../opaque/opaque-tokens.js'
import { type IntrospectionEndpoint, introspect } from './introspect.js'
import { readClaims } from './read-claims.js'

/** How the tokens of one entry are asked about. Times in milliseconds. */
export interface IntrospectedTokensOptions extends Pick<LimitedSourceOptions, 'cacheMs' | 'negativeCacheMs' | 'staleMs' | 'limits'> {
  readonly issuer: string
  readonly endpoint: Omit<IntrospectionEndpoint, 'closing'>
}

const events = eventChannel('countersign:introspected')

/** Asks an introspection endpoint about tokens. */
export function createIntrospectedTokens(options: IntrospectedTokensOptions, { via, now }: SourceContext): OpaqueSource {
  const { issuer, endpoint, ...times } = options
  const closing = new AbortController()
  // One for every question in flight: by default Node warns of a leak at the eleventh.
  setMaxListeners(0, closing.signal)

  async function request(token: string): Promise<Found> {
    return readClaims(await introspect(token, { ...endpoint, closing: closing.signal }), issuer)
  }

  return createLimitedSource({
    ...times,
    now,
    request,
    // No token of anybody's: the answer shows that the endpoint knows this guard.
    probe: () => request('readiness'),
    close: () => closing.abort(new Error('the guard was closed')),
    outage: 'introspection_unavailable',
    name: `the introspection endpoint of ${via}`,
    report(outcome, durationMs, cause) {
      if (events.hasSubscribers) events.publish({ via, outcome, durationMs, ...(cause !== undefined && { cause }) })
    },
  })
}
