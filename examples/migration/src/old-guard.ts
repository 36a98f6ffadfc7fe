import type { RequestHandler } from 'express'
import { expressjwt, type GetVerificationKey } from 'express-jwt'
import jwksRsa from 'jwks-rsa'
import { audience, issuer, jwksUri } from './settings.js'

/** The guard that the API has: express-jwt with keys by jwks-rsa. */
export function oldGuard(): RequestHandler {
  const secret = jwksRsa.expressJwtSecret({ jwksUri, cache: true, rateLimit: true, jwksRequestsPerMinute: 5 }) as GetVerificationKey
  return expressjwt({ secret, algorithms: ['RS256'], issuer, audience }).unless({ path: ['/health'] })
}
