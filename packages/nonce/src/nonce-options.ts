import type {
  AsymmetricAlgorithm,
  AttemptStore,
  HmacAlgorithm,
  KeySource,
  NonceStore,
  Now,
  RevocationPublisher,
  RevocationView,
  SecretsOption,
  SignerSource,
} from '@countersign/core'

/** Who a nonce is for. */
export interface NonceSubject {
  readonly clientId: string
  /** `aud`. @defaultValue what the option `audience` says */
  readonly audience?: string
  /**
   * What the client showed to get it, for instance `credentials` of a `ClientAuthenticator`. With the option `revocations` the nonce ends
   * with each of them. @defaultValue none
   */
  readonly credentials?: readonly string[]
  /** Further claims, over those of the option `claims`. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** The lookup in the denylist before a nonce is spent. */
export type NonceRevocations = RevocationView & Pick<RevocationPublisher, 'subjectNotBefore'>

/** A purpose that a nonce can be spent for, once each. */
export interface NoncePurpose {
  /** The audiences that it takes. @defaultValue the option `audience`, where that is a text */
  readonly audiences?: readonly string[]
}

interface CommonOptions<Purpose extends string> {
  /** `iss`. */
  readonly issuer: string
  /** Life of a nonce, at most a year. */
  readonly lifetimeSeconds: number
  readonly store: NonceStore
  /** `aud`, or a function of who it is for. */
  readonly audience: string | ((subject: NonceSubject) => string)
  /** What a nonce can be spent for. */
  readonly purposes: Readonly<Record<Purpose, NoncePurpose>>
  /**
   * Tells nonces and access tokens apart (RFC 8725 §3.11). `JWT` is possible with `secrets` only: then nothing but the secret,
   * the issuer and the audience keeps them apart. @defaultValue `'nonce+jwt'`
   */
  readonly typ?: string
  /** Further claims of every nonce. `iss`, `aud`, `iat`, `nbf`, `exp`, `jti`, `cnf` and `client_credential` are not for the host. */
  readonly claims?: (subject: NonceSubject) => Readonly<Record<string, unknown>>
  /** `nbf` lies so far before `iat`, in seconds. @defaultValue no `nbf` */
  readonly notBeforeSkewSeconds?: number
  /** How far clocks of processes may differ, at most an hour; widens `exp` and `nbf`. @defaultValue 5 */
  readonly clockToleranceSeconds?: number
  /** Bounds how many nonces one client is given in `lifetimeSeconds`. @defaultValue off */
  readonly maxIssuedPerClient?: { readonly limit: number; readonly attempts: AttemptStore }
  /**
   * What `createSharedRevocations` gives: a nonce then ends with its client, with the credentials that it was obtained with, with its
   * subject (the claim `sub`) and by its `jti`. It says the first two in the claims `client_id` and `client_credential`.
   * @defaultValue a nonce outlives all of them
   */
  readonly revocations?: NonceRevocations
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  /** Makes the `jti`. @defaultValue `crypto.randomUUID` */
  readonly randomUUID?: () => string
}

interface SecretOptions {
  /** One with the id `''` is written without a `kid`, so that named ones can join it later. */
  readonly secrets: SecretsOption
  /** @defaultValue `'HS512'` */
  readonly algorithm?: HmacAlgorithm
  readonly signer?: never
  readonly keys?: never
}

interface KeyPairOptions {
  /** For instance `signer` of a key registry. */
  readonly signer: SignerSource
  /** Has the public keys of `signer`, for instance `source` of a key registry. */
  readonly keys: KeySource
  readonly algorithm: AsymmetricAlgorithm
  readonly secrets?: never
}

/** Options of {@link createNonces}: secrets for HMAC, or a signer with its keys. */
export type NonceOptions<Purpose extends string> = CommonOptions<Purpose> & (SecretOptions | KeyPairOptions)
