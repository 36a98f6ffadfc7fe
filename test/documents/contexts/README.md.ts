import { createGuard, jwks } from '@countersign/verifier'
import Router from '@koa/router'

export { authOf, protect } from '@countersign/koa'
export { requireScopes } from '@countersign/verifier'
export const guard = createGuard({
  issuers: {
    partner: jwks({ issuer: 'https://partner.example', url: 'https://partner.example/jwks', algorithms: ['ES256'], audience: null }),
  },
})
export const router = new Router()
