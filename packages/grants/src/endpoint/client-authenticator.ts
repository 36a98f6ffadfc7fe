import { type ClientAuthenticator, checkOptions, hasOwn, kind, type OptionShape, type WireRequest } from '@countersign/core'
import type { ClientVerdict } from '../authentication/authenticate-client.js'
import { credentialName } from '../clients/record/credential-name.js'
import type { GrantStores } from '../grants/grant.js'
import { createClientRequests, presentedClient } from './client-request.js'
import { type ClientEndpointOptions, clientEndpointShape, storesKind } from './endpoint-options.js'
import { rfc6749, tokenReply } from './reply.js'

const noParameters = { get: (): undefined => undefined, all: (): readonly string[] => [] }

type AuthenticatorOptions = ClientEndpointOptions & { readonly stores: GrantStores }

const shape: OptionShape<AuthenticatorOptions> = { ...clientEndpointShape, stores: kind.required(storesKind({ attempts: 'reserve' })) }

/**
 * Authenticates clients at other endpoints than that for tokens, for instance those of `keyRoutes`: by `client_secret_basic`
 * alone, because their bodies are no forms.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createClientAuthenticator(options: AuthenticatorOptions): ClientAuthenticator {
  checkOptions('createClientAuthenticator', options, shape)
  const { issuer, stores, dialect = rfc6749, ...common } = options
  // No issuer: a client assertion is for endpoints that use it up.
  const { rateLimit, authenticateClient } = createClientRequests({ ...common, attempts: stores.attempts })

  async function authenticate(request: WireRequest): Promise<ClientVerdict> {
    const caller = presentedClient(request, noParameters)
    if (hasOwn(caller, 'ok')) return caller
    const limit = await rateLimit({ request, caller })
    return limit.ok ? authenticateClient({ caller }, limit) : limit
  }

  return async (request) => {
    const verdict = await authenticate(request)
    if (!verdict.ok) return { ok: false, reply: tokenReply(verdict, { issuer, dialect, context: { grantType: undefined } }) }
    const { client, secretId } = verdict
    return { ok: true, clientId: client.id, credentials: [credentialName(client, secretId)] }
  }
}
