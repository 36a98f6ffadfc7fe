import jwksRsaClient from 'jwks-rsa'
import { Authenticator, extractors, JwtStrategy } from '../../compat/passport-modules.js'

export { CountersignStrategy } from '@countersign/express/passport'
export { createGuard, jwks } from '@countersign/verifier'
export type Claims = { readonly sub?: string }
export type Done = (error: unknown, user?: object) => void
export const jwksRsa = jwksRsaClient
export const passport = new Authenticator()
export const Strategy = JwtStrategy
export const ExtractJwt = extractors
