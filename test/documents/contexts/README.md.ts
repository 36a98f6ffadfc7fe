import { randomBytes } from 'node:crypto'
import { createGuard, jwks } from '@countersign/verifier'
import Router from '@koa/router'
import { createAuthorizationServer, memoryStores } from 'countersign'
import Koa from 'koa'

export { authOf, protect, routes } from '@countersign/koa'
export { requireScopes } from '@countersign/verifier'
export const guard = createGuard({
  issuers: {
    partner: jwks({ issuer: 'https://partner.example', url: 'https://partner.example/jwks', algorithms: ['ES256'], audience: null }),
  },
})
export const router = new Router()
export const app = new Koa()
export const server = createAuthorizationServer({
  issuer: 'https://api.example',
  stores: memoryStores(),
  masterSecret: { current: { id: '1', secret: randomBytes(32) } },
  grants: ['client_credentials'],
})
