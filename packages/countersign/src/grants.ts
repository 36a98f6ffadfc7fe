import { clientCredentials, type Grant, jwtBearer, type RefreshTokenOptions, refreshToken } from '@countersign/grants'

/** Grants that need no settings, by their `grant_type`. */
export type GrantName = 'client_credentials' | 'refresh_token' | 'urn:ietf:params:oauth:grant-type:jwt-bearer'

type MakeGrant = (ofRefreshToken: () => RefreshTokenOptions) => Grant

const named: Readonly<Record<GrantName, MakeGrant>> = {
  client_credentials: () => clientCredentials(),
  refresh_token: (ofRefreshToken) => refreshToken(ofRefreshToken()),
  'urn:ietf:params:oauth:grant-type:jwt-bearer': () => jwtBearer(),
}

/** All of {@link GrantName}. */
export const grantNames: readonly string[] = Object.keys(named)

/** The grants of a token endpoint. */
export function grantsOf(entries: readonly (GrantName | Grant)[], ofRefreshToken: () => RefreshTokenOptions): readonly Grant[] {
  return entries.map((entry) => (typeof entry === 'string' ? named[entry](ofRefreshToken) : entry))
}
