import { type CognitoAccessClaims, cognito, type IssuerEntry, jwks } from '@countersign/verifier'
import { z } from 'zod'
import type { PoolSettings } from './settings.js'

/** Published clients leave no room between their clock and ours. */
export const clockToleranceSeconds = 30

/** Access tokens of people: those of the pool and its one app client. */
export function poolIssuer({ userPoolId, clientId, endpoint, issuer }: PoolSettings): IssuerEntry<CognitoAccessClaims> {
  if (issuer === undefined || endpoint === undefined)
    return cognito({ userPoolId, clientId, clockToleranceSeconds, ...(endpoint !== undefined && { endpoint }) })
  return jwks({
    issuer,
    url: `${endpoint.replace(/\/$/, '')}/${userPoolId}/.well-known/jwks.json`,
    algorithms: ['RS256'],
    // Cognito's access tokens have none: the app client is in client_id.
    audience: null,
    clockToleranceSeconds,
    schema: z.looseObject({ sub: z.string(), token_use: z.literal('access'), client_id: z.literal(clientId) }),
  })
}
