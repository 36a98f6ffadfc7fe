import { createGuard, oidc } from '@countersign/verifier'
import Router from '@koa/router'

export { type KoaContext, protect, type RefusedError, requireClaims, requireScopes } from '@countersign/koa'
export const router = new Router()
export const guard = createGuard({
  issuers: { main: oidc({ issuer: 'https://login.example', algorithms: ['ES256'], audience: 'https://api.example' }) },
})
export const ownerOf = async (account: string | undefined): Promise<string> => `owner of ${account}`
