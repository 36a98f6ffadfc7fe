import { createGuard, oidc } from '@countersign/verifier'
import express from 'express'

export { protect, type RefusedError, requireClaims, requireScopes } from '@countersign/express'
export type { Request } from 'express'
export const app = express()
export const guard = createGuard({
  issuers: { main: oidc({ issuer: 'https://login.example', algorithms: ['ES256'], audience: 'https://api.example' }) },
})
export const ownerOf = async (account: string): Promise<string> => `owner of ${account}`
