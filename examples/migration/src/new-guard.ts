import { createGuard, jwks, type ResourceGuard } from '@countersign/verifier'
import { audience, issuer, jwksUri } from './settings.js'

/** The same rules as a guard. */
export function newGuard(): ResourceGuard {
  const allowInsecure = jwksUri.startsWith('http://127.0.0.1')
  return createGuard({ issuers: { login: jwks({ issuer, url: jwksUri, algorithms: ['RS256'], audience, allowInsecure }) } })
}
