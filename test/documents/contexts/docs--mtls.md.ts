import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type Clients, createClients } from '@countersign/grants'
import { tlsIdentity } from '../../contracts/tls-identity.js'

export { X509Certificate } from 'node:crypto'
export { createServer } from 'node:https'
export { authOf, protect } from '@countersign/express'
export { clientCredentials, createTokenEndpoint } from '@countersign/grants'
export { type CertificateSource, clientCertHeader, createGuard, forwardedClientCert, jwks } from '@countersign/verifier'
export { default as express } from 'express'
export { audience, issuer, signer } from '../../grants/endpoint-setup.js'

export const key: string = tlsIdentity.key
export const cert: string = tlsIdentity.cert

export const stores: Stores = memoryStores()
export const clients: Clients = createClients({ store: stores.clients, pepper: { current: { id: '1', secret: randomBytes(32) } } })
