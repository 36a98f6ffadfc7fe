import type { GrantRequest } from '../grants/grant.js'

/** What guards accept the token with: a proof of this key (RFC 9449 §6.1), this certificate (RFC 8705 §3.1), or both. */
export function confirmationOf({ proofKey, certificate }: GrantRequest): Readonly<Record<string, unknown>> | undefined {
  const isBound = certificate?.isBound === true
  if (proofKey === undefined && !isBound) return undefined
  return { ...(proofKey !== undefined && { jkt: proofKey }), ...(isBound && { 'x5t#S256': certificate.thumbprint }) }
}
