import jwksRsaClient from 'jwks-rsa'
import Koa from 'koa'
import oldJwt from 'koa-jwt'

export { koaJwt } from '@countersign/koa/compat'
export { createGuard, jwks } from '@countersign/verifier'
export const jwksRsa = jwksRsaClient
export const jwt = oldJwt
export const app = new Koa()
