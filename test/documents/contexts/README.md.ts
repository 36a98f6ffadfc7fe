import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createClients, createTokenEndpoint } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import { createGuard, jwks } from '@countersign/verifier'
import Router from '@koa/router'
import Koa from 'koa'

export { authOf, handle, protect, routes } from '@countersign/koa'
export { requireScopes } from '@countersign/verifier'
export const guard = createGuard({
  issuers: {
    partner: jwks({ issuer: 'https://partner.example', url: 'https://partner.example/jwks', algorithms: ['ES256'], audience: null }),
  },
})
export const router = new Router()
export const app = new Koa()
const issuer = 'https://api.example'
const stores = memoryStores()
const secret = { current: { id: '1', secret: randomBytes(32) } }
const clients = createClients({ issuer, store: stores.clients, pepper: secret })
const grants = [clientCredentials()]
export const keys = createKeyRegistry({ issuer, store: stores.keys, encryption: secret })
export const tokenEndpoint = createTokenEndpoint({ issuer, audience: issuer, signer: keys.signer, stores, clients, grants })
