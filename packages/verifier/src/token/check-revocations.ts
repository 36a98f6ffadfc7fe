import {
  type Auth,
  originQueries,
  type RevocationQuery,
  type RevocationReason,
  type RevocationView,
  reasons,
  shownValue,
  whenKnown,
} from '@countersign/core'
import type { ParsedClaims } from '@countersign/jwt'
import type { TrustedIssuer } from '../issuers/trust.js'

const isText = (value: unknown): value is string => typeof value === 'string'

/** What a view is asked about a token: once for each `iss` under which it may have been revoked. `claims` as they stand in the token. */
export function queriesOf(
  claims: ParsedClaims,
  trusted: TrustedIssuer,
  auth: Auth,
  thumbprint: string | undefined,
): readonly RevocationQuery[] {
  const { jti, iat, client_key: key, client_credential: credential, refresh_family: family } = claims
  const clientKeys = [key, credential].flat().filter(isText)
  const origins = originQueries(claims)
  return trusted.aliases.map((issuer) => ({
    issuer,
    kid: auth.kid,
    thumbprint,
    jti,
    subject: auth.subject,
    clientId: auth.clientId,
    clientKeys,
    family: isText(family) ? family : undefined,
    issuedAt: iat,
    expiresAt: auth.expiresAt,
    via: trusted.via,
    origins,
  }))
}

const revocationReasons: ReadonlySet<unknown> = new Set(
  reasons.filter((reason) => reason.startsWith('revoked_') || reason === 'unprovable'),
)

/** Without this check, a view that returns false or null by mistake would admit every token. */
function knownReason(reason: RevocationReason): RevocationReason {
  if (!revocationReasons.has(reason))
    throw new TypeError(`revocations: the view must return undefined or a reason, got ${shownValue(reason)}`)
  return reason
}

type Answer = RevocationReason | undefined

/** The first reason that a view has to refuse; undefined without a view. Throws or rejects with `Unavailable`. */
export function revokedBy(view: RevocationView | undefined, queries: readonly RevocationQuery[]): Answer | Promise<Answer> {
  if (view === undefined) return undefined
  const ask = (index: number): Answer | Promise<Answer> => {
    const query = queries[index]
    return query && whenKnown(view.check(query), (reason) => (reason === undefined ? ask(index + 1) : knownReason(reason)))
  }
  return ask(0)
}
