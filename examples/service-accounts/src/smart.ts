import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { authOf, handle, protect, requireScopes, routes } from '@countersign/express'
import { clientCredentials, createClients, createTokenEndpoint } from '@countersign/grants'
import { createKeyRegistry, remoteClientKeys } from '@countersign/keys'
import { createGuard, createSharedRevocations, signingKeys } from '@countersign/verifier'
import { Router } from 'express'

/** A backend service, which publishes its keys itself. */
interface BackendService {
  readonly id: string
  readonly jwksUrl: string
}

/**
 * SMART Backend Services (HL7): client_credentials for a client that authenticates with a JWT, RS384 or ES384, of at most five
 * minutes and used once, with a key that stands in the JWK Set at its own URL.
 */
export async function smartBackend(url: string, stores: Stores, services: readonly BackendService[]): Promise<Router> {
  const issuer = `${url}/smart`
  const tokenUrl = `${issuer}/token`
  const secret = { current: { id: '1', secret: randomBytes(32) } }
  const revocations = createSharedRevocations({ store: stores.revocations, maxStalenessSeconds: 10, onStale: 'refuse' })
  const own = createKeyRegistry({ issuer, store: stores.keys, revocations, encryption: secret })
  const jwksUrls = new Map(services.map(({ id, jwksUrl }) => [id, jwksUrl]))
  const algorithms = ['RS384', 'ES384'] as const
  const clientKeys = remoteClientKeys({
    jwksUri: (clientId) => jwksUrls.get(clientId),
    // Whoever registers a service decides where we fetch from.
    allowedOrigins: [...new Set([...jwksUrls.values()].map((one) => new URL(one).origin))],
    algorithms,
    denylist: { issuer, revocations },
    allowInsecure: true, // http on loopback
  })
  const clients = createClients({ store: stores.clients, pepper: secret, clientKeys, issuer, revocations })
  await own.ready()
  const grants = [clientCredentials()]
  const scopes = ['system/Patient.rs', 'system/Observation.rs']
  for (const { id } of services) {
    // Its profile names the token endpoint as audience of client assertions.
    const assertion = { authenticationAudience: tokenUrl }
    await clients.register({ id, authMethods: ['private_key_jwt'], grants: ['client_credentials'], scopes, defaultScopes: [], assertion })
  }

  const audience = `${issuer}/fhir`
  const token = createTokenEndpoint({
    issuer,
    audience,
    signer: own.signer,
    stores,
    clients,
    grants,
    revocations,
    accessTokenLifetimeSeconds: 300,
  })
  const entry = signingKeys({ issuer, keys: own.source, algorithms: ['ES256'], audience })
  const guard = createGuard({ issuers: { own: entry }, revocations })

  const router = Router()
  router.post('/token', handle(token))
  router.use(routes(own.jwks()))
  router.get('/fhir/.well-known/smart-configuration', (_req, res) => {
    res.json({
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      token_endpoint: tokenUrl,
      grant_types_supported: grants.map(({ type }) => type),
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: algorithms,
      scopes_supported: scopes,
      capabilities: ['client-confidential-asymmetric', 'permission-v2'],
    })
  })
  router.get('/fhir/Patient', protect(guard, requireScopes('system/Patient.rs')), (req, res) => {
    res.json({ resourceType: 'Bundle', type: 'searchset', total: 0, meta: { tag: [{ display: `for ${authOf(guard, req).clientId}` }] } })
  })
  return router
}
