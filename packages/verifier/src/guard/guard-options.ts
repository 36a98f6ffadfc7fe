import type {
  Auth,
  Dialect,
  DryRunGuard,
  Fetch,
  FixedTokenPlaces,
  IssuerDescription,
  JwtClaims,
  Lifecycle,
  Now,
  ReadyOptions,
  RevocationView,
  TokenPlaces,
  TokenVerifier,
} from '@countersign/core'
import type { ClaimsOf, IssuerEntry } from '../issuers/issuer-entry.js'
import type { SenderConstraintOptions } from '../sender-constraint/sender-constraint.js'
import type { CacheOptions } from '../token/token-cache.js'
import type { IssuerReadiness } from './readiness.js'
import type { TenantOptions } from './tenants.js'

/** What RFC 9728 §2 lets a resource say of itself. `resource` and the issuers are filled in. */
export interface ResourceMetadata {
  readonly scopesSupported?: readonly string[]
  /** @defaultValue the issuers of the guard that are https URLs */
  readonly authorizationServers?: readonly string[]
  readonly resourceName?: string
  readonly resourceDocumentation?: string
  readonly resourcePolicyUri?: string
  readonly resourceTosUri?: string
}

/** Issuer entries by the names that `auth.via` gives. */
export type Issuers = Readonly<Record<string, IssuerEntry<object>>>

/** Options of `createVerifier`. */
export interface VerifierOptions<I extends Issuers = Issuers, Via extends string = never, Claims extends object = JwtClaims> {
  /** Whom to believe, each under its own rules. */
  readonly issuers: I
  /** Finds further issuers at run time, for instance tenants. */
  readonly resolveIssuer?: TenantOptions<Via, Claims>
  /** The cache of verified tokens; `false` turns it off. @defaultValue 10000 entries, 32 MiB */
  readonly cache?: false | CacheOptions
  /** Longest token in bytes. @defaultValue 8192 */
  readonly maxTokenBytes?: number
  /** What was revoked. @defaultValue nothing */
  readonly revocations?: RevocationView
  /**
   * Whether `verify` accepts a token that is bound to a key or a certificate (`cnf`) without a proof. Only for callers that check `auth.confirmation` themselves:
   * introspection, which shows it, and token exchange, which demands the proof. A guard demands the proof always. @defaultValue false
   */
  readonly acceptBoundTokens?: boolean
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  /** For keys and metadata of issuers. @defaultValue the global `fetch` */
  readonly fetch?: Fetch
  /** A number from 0 to 1, to spread what a fleet does. @defaultValue `Math.random` */
  readonly random?: () => number
}

/** Options of `createGuard`. */
export interface GuardOptions<I extends Issuers = Issuers, Via extends string = never, Claims extends object = JwtClaims>
  extends VerifierOptions<I, Via, Claims> {
  /** The identifier of this API (RFC 9728): an https URL without fragment; http is for development. */
  readonly resource?: string
  /** Named in every challenge. @defaultValue `resource`, else `api` */
  readonly realm?: string
  /** Publishes RFC 9728 metadata, and names it in every challenge; needs `resource`. */
  readonly metadata?: ResourceMetadata
  /** Where tokens are accepted; `tokenFrom()` names other places for one route. @defaultValue the Authorization header */
  readonly tokenFrom?: TokenPlaces
  /**
   * Accepts tokens that are bound to a key, with a DPoP proof (RFC 9449), or to a certificate (RFC 8705). @defaultValue tokens with `cnf` are refused
   */
  readonly senderConstraint?: SenderConstraintOptions
  /** How refusals are worded. @defaultValue JSON with `error` and `error_description` */
  readonly dialect?: Dialect
}

/** The union of what the entries of a record give. */
export type AuthOfIssuers<I extends Issuers, Via extends string = never, Claims extends object = JwtClaims> =
  | { [Name in keyof I & string]: Auth<Name, ClaimsOf<I[Name]>> }[keyof I & string]
  | ([Via] extends [never] ? never : Auth<Via, Claims>)

/** Verifies tokens without HTTP. */
export interface Verifier<I extends Issuers = Issuers, A extends object = Auth> extends Lifecycle, TokenVerifier<A> {
  /**
   * Adds or replaces an issuer of the running verifier. Tokens that the old entry accepted are judged anew.
   * @throws TypeError if another entry has one of its issuers
   */
  setIssuer<Name extends keyof I & string>(name: Name, entry: IssuerEntry<ClaimsOf<I[Name]>>): void
  /** Stops believing an issuer at once. False if there was none of that name. */
  removeIssuer(name: keyof I & string): boolean
  /** The exact `iss` strings of the entries, in order. Tenants that `resolveIssuer` found are not among them: they are nobody else's business. */
  issuers(): readonly string[]
  /**
   * What is believed of each `iss` of the entries, for operators: rules, and which keys there are. Tenants are not among them.
   * @example
   * const [first] = verifier.describe()
   * console.log(first?.algorithms, await first?.keys())
   */
  describe(): readonly IssuerDescription[]
  /**
   * Fetches keys that are not there yet, and asks the view of revocations. Never rejects for a part that is down.
   * @throws TypeError if `required` is not a list of names
   * @example
   * const { ok, parts, degraded } = await verifier.ready({ required: ['cognito'] })
   */
  ready(options?: ReadyOptions): Promise<IssuerReadiness>
}

/** RFC 9728 §2: what a resource says of bound tokens. */
export interface BoundTokens {
  /** The accepted algorithms of DPoP proofs; undefined where none are checked. */
  readonly dpopAlgorithms: readonly string[] | undefined
  /** Whether the tokens of every issuer entry can be used only with a DPoP proof. */
  readonly isDpopRequired: boolean
  /** Whether tokens that are bound to a certificate are accepted. */
  readonly acceptsCertificates: boolean
}

/** A guard with its verifier. */
export interface ResourceGuard<I extends Issuers = Issuers, A extends Auth<string, object> = Auth> extends DryRunGuard<A> {
  readonly verifier: Verifier<I, A>
  readonly resource: string | undefined
  readonly metadata: ResourceMetadata | undefined
  readonly tokenFrom: FixedTokenPlaces
  /** What this guard says of bound tokens in its metadata; undefined if it accepts none. */
  readonly boundTokens: BoundTokens | undefined
  ready(options?: ReadyOptions): Promise<IssuerReadiness>
}
