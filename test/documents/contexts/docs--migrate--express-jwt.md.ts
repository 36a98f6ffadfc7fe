import express from 'express'
import jwksRsaClient from 'jwks-rsa'

export { expressJwt } from '@countersign/express/compat'
export { createGuard, jwks } from '@countersign/verifier'
export type { Request } from 'express'
export { expressjwt } from 'express-jwt'
export const jwksRsa = jwksRsaClient
export const app = express()
