import type { Auth } from '@countersign/core'

/** What the MCP TypeScript SDK knows of a verified token: its `AuthInfo`. */
export interface AuthInfo {
  /** The access token. */
  token: string
  /** The client of the token; an empty string if the token does not name it. */
  clientId: string
  scopes: string[]
  /** Epoch seconds. */
  expiresAt: number
  /** The identifier of this server (RFC 8707), if the guard has one. */
  resource?: URL
  /** `via`, `issuer`, `subject` and `claims` of the guard. */
  extra: Record<string, unknown>
}

/** A guard, with the identifier of its resource if it has one. */
export interface ResourceName {
  readonly resource?: string | undefined
}

/** What the SDK wants to know of an admitted token. */
export function authInfoOf(auth: Auth, token: string, { resource }: ResourceName): AuthInfo {
  const { via, issuer, subject, claims, clientId = '', scopes, expiresAt } = auth
  return {
    token,
    clientId,
    scopes: [...scopes],
    expiresAt,
    ...(resource !== undefined && { resource: new URL(resource) }),
    extra: { via, issuer, subject, claims },
  }
}
