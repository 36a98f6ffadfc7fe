import type { Reason } from './refusal.js'

/** One entry of the denylist. A token that it matches is refused even with a good signature. Times are epoch seconds. */
export type RevocationEntry =
  /** An issuer's signing key, also a foreign issuer's, before that issuer reacts. */
  | { readonly type: 'signing_key'; readonly issuer: string; readonly kid: string }
  /** A client's registered key by RFC 7638 thumbprint, or another of its credentials by name: ends the tokens obtained with it. */
  | { readonly type: 'client_key'; readonly issuer: string; readonly thumbprint: string }
  /** One token. Kept until `expiresAt`, the token's own. */
  | { readonly type: 'jti'; readonly issuer: string; readonly jti: string; readonly expiresAt: number }
  /** The access tokens that came with a family of refresh tokens. Kept until `expiresAt`, when none of them is left. */
  | { readonly type: 'family'; readonly issuer: string; readonly family: string; readonly expiresAt: number }
  /** All tokens of a subject that were issued before an instant. */
  | { readonly type: 'subject'; readonly issuer: string; readonly subject: string; readonly notBefore: number }
  /** All tokens of a client, until `reinstate`. */
  | { readonly type: 'client'; readonly issuer: string; readonly clientId: string }

/** The names of one verified token that a view looks up. */
export interface RevocationQuery {
  readonly issuer: string
  readonly kid: string | undefined
  /** The thumbprint of the key that verified the token. */
  readonly thumbprint: string | undefined
  readonly jti: string | undefined
  readonly subject: string | undefined
  readonly clientId: string | undefined
  /** What the client obtained the token with: all texts of the private claims `client_key` and `client_credential`. */
  readonly clientKeys: readonly string[]
  /** The family of refresh tokens that the token came with: the private claim `refresh_family`. */
  readonly family?: string | undefined
  /** The claim `iat`; a token without one counts as old. */
  readonly issuedAt: number | undefined
  /**
   * When the record of the token was read, epoch seconds, where a record tells of its end. What a denylist forgot before then is no
   * reason to refuse. @defaultValue `issuedAt`
   */
  readonly recordReadAt?: number | undefined
  /** The claim `exp`. */
  readonly expiresAt?: number | undefined
  /** The host's name for the issuer entry. */
  readonly via?: string | undefined
  /**
   * What the token was exchanged for (the private claim `exchanged_from`): a token ends with each of them. Only what was revoked
   * counts of these. Their age does not, because each was judged when it was exchanged.
   */
  readonly origins?: readonly RevocationQuery[] | undefined
}

/** Why a revoked token is refused; `unprovable`: it is older than what is known of revocations. */
export type RevocationReason = Extract<Reason, `revoked_${string}` | 'unprovable'>

/** What this process knows of revocations. */
export interface RevocationView {
  /** The reason to refuse, or undefined. Throws or rejects with `Unavailable` when it cannot be told safely. */
  check(query: RevocationQuery): RevocationReason | undefined | Promise<RevocationReason | undefined>
}
