import express from 'express'

export { protect, requireScopes } from '@countersign/express'
export { createGuard, oidc } from '@countersign/verifier'
export const app = express()
