import type { FetchRequest, Reply, WireRequest } from './http.js'
import type { Lifecycle, Readiness, ReadyOptions } from './lifecycle.js'
import type { Outcome, Reason, Refusal } from './refusal.js'
import type { FixedTokenPlaces } from './token-place-types.js'

/** The claims that RFC 7519 §4.1 registers, and all other claims of the token. */
export interface JwtClaims {
  readonly iss: string
  readonly exp: number
  readonly sub?: string
  readonly aud?: string | readonly string[]
  readonly nbf?: number
  readonly iat?: number
  readonly jti?: string
  readonly [claim: string]: unknown
}

/** A key or a certificate that the sender of a request has proved to have. */
export interface Confirmation {
  /** How: by a DPoP proof (RFC 9449), or by the TLS certificate of the connection (RFC 8705). */
  readonly method: 'dpop' | 'certificate'
  /** RFC 7638 thumbprint of the key (`cnf.jkt`), or the SHA-256 of the certificate (`cnf["x5t#S256"]`), as the token has it. */
  readonly thumbprint: string
  /** Of a token that is bound to a key and to a certificate: the SHA-256 of the certificate. */
  readonly certificateThumbprint?: string
}

/** What a verified token says. Deeply frozen: it may be shared by every request that carries the same token. */
export interface Auth<Via extends string = string, Claims extends object = JwtClaims> {
  /** The host's name for the issuer entry that accepted the token. Narrows `claims`. */
  readonly via: Via
  /** The exact `iss`. */
  readonly issuer: string
  readonly claims: Readonly<Claims>
  readonly subject: string | undefined
  /** `client_id`, else `azp`, else `cid`, else `appid`, as the token says it. */
  readonly clientId: string | undefined
  readonly scopes: readonly string[]
  /** `exp` in epoch seconds; may have a fraction. */
  readonly expiresAt: number
  readonly kid: string | undefined
  /** The id of the API key that was sent. Absent for a token. */
  readonly credentialId?: string
  /** The key or certificate that the token is bound to, which was proved for this request. Absent for a plain bearer token. */
  readonly confirmation?: Confirmation
}

/** What a requirement may use beside the token and the request. */
export interface RequirementContext {
  /** Epoch seconds. */
  readonly now: number
}

/**
 * Something that a route demands of a verified token: a value given to `protect`, never a middleware of its own.
 * It answers undefined, or the refusal.
 *
 * @typeParam A - the `Auth` it can judge
 * @typeParam R - the host's request (Express's `Request`, Koa's `Context`)
 */
export interface Requirement<A = Auth, R = unknown> {
  (auth: A, request: R, context: RequirementContext): Refusal | undefined | Promise<Refusal | undefined>
  /** Scopes that it needs; named together in the challenge of an insufficient_scope. */
  readonly scopes?: readonly string[]
  /** Present on what `mcp()` returns: a request without credentials is told the scopes of the route, as MCP clients need it. */
  readonly announcesScopes?: true
  /** Present on the value that `optional()` returns. */
  readonly admitsAnonymous?: true
  /** Present on the value that `tokenFrom()` returns. */
  readonly tokenFrom?: FixedTokenPlaces
}

/** The answer of a guard. Without `auth` the request carried no credentials and the route allows that. */
export type Admission<A> =
  | {
      readonly ok: true
      readonly auth: A
      readonly anonymous: false
      /** Fields for the reply, for instance a fresh `DPoP-Nonce`. The mounts set them. */
      readonly headers?: Reply['headers']
    }
  | { readonly ok: true; readonly auth: undefined; readonly anonymous: true }
  | { readonly ok: false; readonly reason: Reason; readonly reply: Reply }

/** What mounts need of a guard. `A` is the union of what its issuers give. */
export interface Guard<A extends Auth<string, object> = Auth> extends Lifecycle {
  /**
   * Judges one request. An outage is an answer too (503); it rejects only for a fault of the program.
   *
   * @param request - plain data; an `IncomingMessage`, a request of Express or Fetch's `Request` as it is
   * @param requirements - what the route demands, in order
   * @throws TypeError if `request.headers` are not header fields
   */
  check<R = unknown>(request: WireRequest | FetchRequest, ...requirements: readonly Requirement<A, R>[]): Promise<Admission<A>>
  /** What this guard admitted `request` with. Throws if it did not, or admitted it without credentials. */
  authOf(request: object): A
  /** The same, but undefined for a request that was admitted without credentials. */
  optionalAuthOf(request: object): A | undefined
  /**
   * Resolves when the keys of every issuer were requested. Foreign issuers whose keys cannot be fetched are `degraded`; `ok` stays true unless
   * `required` names them. A guard needs read access only, so no write is tested.
   */
  ready(options?: ReadyOptions): Promise<Readiness>
}

/** The `Auth` that a guard gives. */
export type AuthOf<G> = G extends Guard<infer A> ? A : never

/** Verifies tokens without HTTP: what grants, introspection and the like need of a verifier. */
export interface TokenVerifier<A extends object = Auth> {
  /**
   * @param token - a compact JWS
   * @returns what the token says, or why it is refused; rejects with `Unavailable` in an outage of keys or revocations
   */
  verify(token: string): Promise<Outcome<{ readonly auth: A }>>
}
