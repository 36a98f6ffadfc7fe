import { createRequire } from 'node:module'
import express, { type RequestHandler } from 'express'

export { auth, requiredScopes } from '@countersign/express/compat'
export { createGuard, oidc } from '@countersign/verifier'

/** Its types would add a member to the requests of every Express app. */
const oldPackage = createRequire(import.meta.url)('express-oauth2-jwt-bearer') as { auth(options: object): RequestHandler }
export const oldAuth = oldPackage.auth
export const app = express()
