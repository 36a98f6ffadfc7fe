import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { authOf, handle, protect, requireScopes, routes } from '@countersign/express'
import { createClients, createTokenEndpoint, type ExchangePolicy, jwtBearer } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import { createGuard, createSharedRevocations, signingKeys } from '@countersign/verifier'
import { Router } from 'express'

/** A service account with the key that it got when it was made. */
interface ServiceAccount {
  /** Its id. */
  readonly email: string
  readonly kid: string
  readonly publicKeyPem: string
  /** People of the domain that it may act for. */
  readonly delegatedUsers: readonly string[]
}

/** An account gets tokens for itself, and for the people whom an administrator has delegated to it. */
const policy: ExchangePolicy = ({ client, presented: { issuer, subject = issuer } }) => {
  if (subject === client.id) return { allow: true, isPerson: false }
  return client.assertion?.subjects?.includes(subject) ? { allow: true, isPerson: true } : undefined
}

/**
 * Service accounts as Google Cloud has them (RFC 7523 §2.1): nothing but a JWT, RS256, of at most an hour, with the scope inside,
 * for an access token of an hour.
 */
export async function googleStyle(url: string, stores: Stores, accounts: readonly ServiceAccount[]): Promise<Router> {
  const issuer = `${url}/google`
  const secret = { current: { id: '1', secret: randomBytes(32) } }
  const revocations = createSharedRevocations({ store: stores.revocations, maxStalenessSeconds: 10, onStale: 'refuse' })
  const keys = createKeyRegistry({ issuer, store: stores.keys, revocations, encryption: secret })
  const clients = createClients({ store: stores.clients, pepper: secret, clientKeys: keys.clientKeys, issuer, revocations })
  await keys.ready()
  for (const { email, kid, publicKeyPem: pem, delegatedUsers } of accounts) {
    const assertion = {
      audiences: [`${issuer}/token`],
      maxLifetimeSeconds: 3600,
      jti: 'any',
      mayOutlive: true,
      subjects: delegatedUsers,
    } as const
    const scopes = ['storage.read', 'storage.write']
    await clients.register({
      id: email,
      authMethods: ['private_key_jwt'],
      grants: [jwtBearer().type],
      scopes,
      defaultScopes: [],
      assertion,
    })
    const registered = await keys.clientKeys.register({ owner: email, kid, pem })
    if (!registered.ok) throw new TypeError(`the key of ${email} was refused: ${registered.reason}`)
  }

  const grants = [jwtBearer({ policy })]
  const audience = `${issuer}/storage`
  const token = createTokenEndpoint({
    issuer,
    audience,
    signer: keys.signer,
    stores,
    clients,
    grants,
    revocations,
    accessTokenLifetimeSeconds: 3600,
  })
  const guard = createGuard({
    issuers: { own: signingKeys({ issuer, keys: keys.source, algorithms: ['ES256'], audience }) },
    revocations,
  })

  const router = Router()
  router.post('/token', handle(token))
  router.use(routes(keys.jwks('/certs')))
  router.get('/storage', protect(guard, requireScopes('storage.read')), (req, res) => {
    const { subject, clientId } = authOf(guard, req)
    res.json({ for: subject, by: clientId })
  })
  return router
}
