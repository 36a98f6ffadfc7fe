import { type ClientAuthenticator, checkOptions, hasOwn, kind, type OptionShape, wallClock } from '@countersign/core'
import { credentialName } from '../clients/credential-name.js'
import { rfc6749 } from '../endpoint/dialect.js'
import { clientEndpointShape, storesKind } from '../endpoint/endpoint-shape.js'
import { tokenReply } from '../endpoint/reply.js'
import type { TokenEndpointOptions } from '../endpoint/token-endpoint-options.js'
import { createClientGate } from './client-gate.js'
import { presentedClient } from './presented-client.js'
import { createLimiter } from './rate-limits.js'

const noParameters = { get: (): undefined => undefined, all: (): readonly string[] => [] }

type AuthenticatorOptions = Pick<TokenEndpointOptions, 'issuer' | 'clients' | 'stores' | 'dialect' | 'rateLimits' | 'now'>

const shape: OptionShape<AuthenticatorOptions> = { ...clientEndpointShape, stores: kind.required(storesKind({ attempts: 'reserve' })) }

/**
 * Authenticates clients at other endpoints than that for tokens, for instance those of `keyRoutes`: by `client_secret_basic`
 * alone, because their bodies are no forms.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createClientAuthenticator(
  options: Pick<TokenEndpointOptions, 'issuer' | 'clients' | 'stores' | 'dialect' | 'rateLimits' | 'now'>,
): ClientAuthenticator {
  checkOptions('createClientAuthenticator', options, shape)
  const { issuer, clients, stores, dialect = rfc6749, rateLimits = {} } = options
  const limiter = createLimiter({ attempts: stores.attempts, limits: rateLimits, now: () => (options.now ?? wallClock)() })
  const admit = createClientGate({ clients, limiter, anonymousClient: undefined })
  return async (request) => {
    const presented = presentedClient(request, noParameters)
    const verdict = hasOwn(presented, 'ok') ? presented : await admit(request, presented)
    if (verdict.ok) {
      const { client, secretId } = verdict
      return { ok: true, clientId: client.id, credentials: [credentialName(client, secretId)] }
    }
    return { ok: false, reply: tokenReply(verdict, { issuer, dialect, context: { grantType: undefined } }) }
  }
}
