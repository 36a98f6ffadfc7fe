import {
  type ClientKeys,
  type FormParameters,
  type IssuedElsewhere,
  kind,
  type OptionKind,
  type Stores,
  type TokenOrigin,
  type WireRequest,
} from '@countersign/core'
import type { UsedKey } from '../assertions/used-key.js'
import type { Client } from '../clients/record/client.js'
import type { TokenRefused } from '../refusal.js'

/** The TLS certificate that a request came with. */
export interface PresentedCertificate {
  /** The SHA-256 of its DER, base64url: `x5t#S256`. */
  readonly thumbprint: string
  /** Whether the client authenticated itself by it (RFC 8705 §2). */
  readonly isAuthentication: boolean
  /** Whether the access token is bound to it (RFC 8705 §3). */
  readonly isBound: boolean
}

/** What a grant is asked. The client is authenticated and may use the grant; scope and audience are allowed for it. */
export interface GrantRequest {
  readonly client: Client
  /** Id of the secret that the client used. */
  readonly secretId: string | undefined
  /** The key that the client signed its client assertion with. */
  readonly key: UsedKey | undefined
  /** Thumbprint of the key that the request proved by DPoP: its access token is bound to it. */
  readonly proofKey: string | undefined
  /** The TLS certificate of the request; undefined where it has none, or certificates are not read. */
  readonly certificate: PresentedCertificate | undefined
  /** Our own `iss`. */
  readonly issuer: string
  /** Keys that clients sign with. */
  readonly keys: ClientKeys | undefined
  /** Whether a client is registered under an id. */
  isClient(id: string): Promise<boolean>
  readonly parameters: FormParameters
  /** The requested scopes, each once; undefined for a request without `scope`. */
  readonly requestedScopes: readonly string[] | undefined
  /** The requested `audience` and `resource`; undefined for a request without them. */
  readonly requestedAudiences: readonly string[] | undefined
  /** The scopes of a new sign-in: the requested ones, or the client's default ones. */
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly request: WireRequest
  readonly stores: GrantStores
  /** Epoch seconds, whole. */
  readonly now: number
  /** Epoch milliseconds. */
  readonly nowMs: number
  /** Whether every token goes on record before it is issued. Then a grant must say what it grants before its commit, if it can. */
  readonly isRecorded: boolean
  /** The host's answer about a subject, where the host gave one to the endpoint. The endpoint asks it for every plan. */
  readonly isActive: ((granted: Granted) => Promise<boolean>) | undefined
  /** Tells the event what the request is about, also if it is refused. */
  note(seen: { readonly family?: string; readonly subject?: string; readonly key?: string }): void
}

/** Stores that grants may use. */
export type GrantStores = Pick<Stores, 'attempts' | 'challenges' | 'families' | 'replay'>

/** How a person signed in (RFC 9068 §2.2.1). */
export interface Authentication {
  /** Epoch seconds. */
  readonly authTime: number
  /** RFC 8176 */
  readonly amr?: readonly string[]
  readonly acr?: string
}

/** Who gets a token, and for what. */
export interface Granted {
  readonly ok: true
  /** `sub`. */
  readonly subject: string
  /** Whether the subject is a person; a person's `sub` must not be a client's id. */
  readonly isPerson: boolean
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly authentication?: Authentication
  /** Further claims; reserved ones are a TypeError. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The refresh token to answer with; absent: a new one, where the client's policy says so. Null: none. */
  readonly refreshToken?: string | null
  /** The family of refresh tokens that it belongs to: its end ends the access token, too. */
  readonly family?: string
  /** Further keys of the client that the token depends on, besides the one that it authenticates with. Revoking any of them revokes the token. */
  readonly keys?: readonly UsedKey[]
  /** What the token is made of was itself obtained with these: texts of `client_key` and `client_credential` of a token of ours. */
  readonly inherited?: readonly string[]
  /** What it is exchanged for, and what that was exchanged for: revoking one of them ends the token. */
  readonly origins?: readonly TokenOrigin[]
  /** The latest end of the access token, in epoch seconds. */
  readonly expiresAt?: number
  /**
   * When that began which gives this, in epoch seconds: a family of refresh tokens, the sign-in before a challenge. What was begun
   * before its subject was revoked has ended. Absent where nothing was before this request.
   */
  readonly startedAt?: number
  /** What is issued, where the answer says so (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string
  /** Tokens of another issuer, which are the answer as they are: nothing is signed, no family is begun. */
  readonly issued?: IssuedElsewhere
}

/** Who is about to get a token. */
export type Grantee = Pick<Granted, 'subject' | 'isPerson' | 'scopes' | 'audiences' | 'authentication'> & { readonly client: Client }

/** More has to be answered before there is a token. */
export interface TokenChallenge {
  /** Opaque, for one use; comes back with the answer. */
  readonly token: string
  /** Ways to answer. */
  readonly types: readonly string[]
  readonly expiresInSeconds: number
  /** Whether the last answer was wrong. */
  readonly isRetry: boolean
}

/** A challenge as an answer. */
export interface Challenged {
  readonly ok: false
  readonly challenge: TokenChallenge
}

/** What a request gets in the end. */
export type GrantAnswer = Granted | TokenRefused | Challenged

/**
 * A request that may be granted. Nothing was used up for it. The endpoint does the rest: status, audit, signing, the replay claim
 * of a client assertion, and then the commit.
 */
export interface GrantPlan {
  readonly ok: true
  /**
   * What the request gets, where that is known before the commit. Then the token is signed before the commit: no failure of ours
   * can come between the commit and the answer, but that of the connection. A plan without `commit` must have it.
   */
  readonly granted?: Granted
  /**
   * The one atomic step, which uses up what was presented. Absent where nothing is used up. Rejects with `Unavailable` in an outage.
   * @param callId - for the call of the store; `undo` gets the same one
   */
  commit?(callId: string): Promise<GrantAnswer>
  /**
   * Takes a commit back after a failure of ours: the same request must work again. It is also called where the commit itself
   * rejected, so it must do nothing where the commit did not take place. It is called again where it rejects itself, so it must do
   * nothing where it was done already, and the request may have been made again since. Absent where a commit cannot be taken back.
   */
  undo?(callId: string): Promise<unknown>
}

/** What comes of validating a request. */
export type Validated = GrantPlan | TokenRefused

/** How what a request presents identifies its client (RFC 7523 §3.1). `validate` has to prove it again, in every request. */
export interface Identification {
  /** The client that is named; nothing is checked yet. */
  named(parameters: FormParameters): string | undefined | Promise<string | undefined>
  /** For a client that is not known: does what takes time in a proof, so that the answer is not sooner than that of a known client. */
  unknown?(parameters: FormParameters): void
  /** Why it was not that client. Asked before anything else is judged that depends on the client: a stranger must be told nothing about it. */
  reason(asked: Pick<GrantRequest, 'client' | 'parameters' | 'keys' | 'issuer' | 'nowMs'>): Promise<TokenRefused | undefined>
}

/**
 * One grant type. It decides who gets what, in two phases. It never signs and never writes the reply.
 *
 * @example
 * ```ts
 * import { type Grant, refuseToken } from '@countersign/grants'
 * import { memoryStores } from '@countersign/core/memory'
 *
 * const vouchers = memoryStores().challenges
 * export const voucher: Grant = {
 *   type: 'urn:example:voucher',
 *   async validate({ parameters, scopes, audiences }) {
 *     const id = parameters.get('voucher') ?? ''
 *     return {
 *       ok: true,
 *       async commit() {
 *         const subject = await vouchers.take(id)
 *         return subject === null
 *           ? { ok: false, refusal: refuseToken('invalid_grant') }
 *           : { ok: true, subject, isPerson: true, scopes, audiences }
 *       },
 *     }
 *   },
 * }
 * ```
 */
export interface Grant {
  /** The value of `grant_type`. */
  readonly type: string
  /** The grant type that this one goes on with: clients may use it if they may use that. */
  readonly continues?: string
  /** Validates everything that can be validated, and uses nothing up. Rejects with `Unavailable` in an outage. */
  validate(request: GrantRequest): Promise<Validated>
  /** Life of its access tokens in seconds. @defaultValue that of the endpoint */
  readonly accessTokenLifetimeSeconds?: number
  /** Needs the option `keys` of `createClients`. @defaultValue false */
  readonly needsKeys?: boolean
  /** For requests that identify no client: what they present does. */
  readonly identification?: Identification
  /** Begins a family of refresh tokens. The endpoint asks the first grant that has this. */
  startFamily?(
    granted: Granted,
    /** `grantType` is the one that the client used, or went on with. */
    request: Pick<GrantRequest, 'client' | 'issuer' | 'secretId' | 'key' | 'proofKey' | 'certificate' | 'now' | 'stores'> & {
      readonly grantType: string
    },
  ): Promise<StartedFamily | undefined>
}

/** A family of refresh tokens that begins when it is kept. */
export interface StartedFamily {
  readonly refreshToken: string
  readonly family: string
  /** Called when there is an access token: a family that nobody gets is not kept. */
  keep(callId: string): Promise<void>
  /** Takes `keep` back, after a failure of ours. It is also called where `keep` itself rejected. */
  undo(callId: string): Promise<unknown>
}

/** What the option `accessTokenLifetimeSeconds` of a grant or endpoint must be. */
export const accessTokenLifetimeKind: OptionKind = kind.number({ unit: 'seconds', least: 1 })
