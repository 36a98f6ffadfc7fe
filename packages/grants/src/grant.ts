import type { ClientKeys, FormParameters, IssuedElsewhere, Stores, WireRequest } from '@countersign/core'
import type { Client } from './client.js'
import type { TokenRefused } from './token-refusal.js'
import type { UsedKey } from './used-key.js'

/** What a grant is asked. The client is authenticated and may use the grant; scope and audience are allowed for it. */
export interface GrantRequest {
  readonly client: Client
  /** Id of the secret that the client used. */
  readonly secretId: string | undefined
  /** The key that the client signed its client assertion with. */
  readonly key: UsedKey | undefined
  /** Our own `iss`. */
  readonly issuer: string
  /** Keys that clients sign with. */
  readonly keys: ClientKeys | undefined
  /** Whether a client is registered under an id. */
  isClient(id: string): Promise<boolean>
  readonly parameters: FormParameters
  /** What was asked for, each scope once; undefined where nothing was. */
  readonly requestedScopes: readonly string[] | undefined
  /** What was asked for as `audience` and `resource`; undefined where nothing was. */
  readonly requestedAudiences: readonly string[] | undefined
  /** What the client gets for a new sign-in: what it asked for, or what is usual. */
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly request: WireRequest
  readonly stores: GrantStores
  /** Epoch seconds, whole. */
  readonly now: number
  /** Epoch milliseconds. */
  readonly nowMs: number
  /**
   * Uses up the client assertion of the request, where there is one. A grant with an atomic step of its own calls it right before that
   * step, after everything was validated; the endpoint does so after all others. Undefined, or why the request ends.
   */
  claimAuthentication(): Promise<TokenRefused | undefined>
  /** What is issued is put on record by `claimAuthentication`: only what was validated should be. */
  readonly isRecorded?: boolean
  /** What the host says of a subject, where it has a say: asked before something is used up. It is asked again before signing. */
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
  /** The chain of refresh tokens that it belongs to: its end ends the access token, too. */
  readonly family?: string
  /** Keys of the client that this is owed to, besides the one that it authenticates with: revoked with any of them. */
  readonly keys?: readonly UsedKey[]
  /** What the token is made of was itself obtained with these: texts of `client_key` and `client_credential` of a token of ours. */
  readonly inherited?: readonly string[]
  /** The latest end of the access token, in epoch seconds. */
  readonly expiresAt?: number
  /**
   * When that began which gives this, in epoch seconds: a chain of refresh tokens, the sign-in before a challenge. What was begun
   * before its subject was revoked has ended. Absent where nothing was before this request.
   */
  readonly begunAt?: number
  /** What is issued, where the answer says so (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string
  /** Tokens of another issuer, which are the answer as they are: nothing is signed, no chain is begun. */
  readonly issued?: IssuedElsewhere
}

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

/** What a grant decides. */
export type GrantAnswer = Granted | TokenRefused | Challenged

/** How what a request presents identifies its client (RFC 7523 §3.1). `decide` has to prove it again, in every request. */
export interface Identification {
  /** The client that is named; nothing is checked yet. */
  named(parameters: FormParameters): string | undefined | Promise<string | undefined>
  /** For a client that is not known: does what takes time in a proof, so that the answer is not sooner than that of a known client. */
  unknown?(parameters: FormParameters): void
  /** Why it was not that client. Asked where the request is refused for something else, which a stranger is not to be told. */
  fault(asked: Pick<GrantRequest, 'client' | 'parameters' | 'keys' | 'issuer' | 'nowMs'>): Promise<TokenRefused | undefined>
}

/** One grant type. It decides who and what; it never signs and never writes the reply. */
export interface Grant {
  /** The value of `grant_type`. */
  readonly type: string
  /** The grant type that this one goes on with: clients may use it if they may use that. */
  readonly continues?: string
  /**
   * Validates everything, and only then does its one atomic step: a request that fails burns nothing.
   * Rejects with `Unavailable` in an outage.
   */
  decide(request: GrantRequest): Promise<GrantAnswer>
  /** Life of its access tokens in seconds. @defaultValue that of the endpoint */
  readonly accessTokenSeconds?: number
  /** Needs the option `keys` of `createClients`. @defaultValue false */
  readonly needsKeys?: boolean
  /** For requests that identify no client: what they present does. */
  readonly identification?: Identification
  /** Nothing was waited for since the client was read, so its status need not be read again. @defaultValue false */
  readonly isImmediate?: boolean
  /** Begins a chain of refresh tokens. The endpoint asks the first grant that has this. */
  begin?(
    granted: Granted,
    /** `grantType` is the one that the client used, or went on with. */
    request: Pick<GrantRequest, 'client' | 'issuer' | 'secretId' | 'key' | 'now' | 'stores'> & { readonly grantType: string },
  ): Promise<BegunChain | undefined>
}

/** A chain of refresh tokens that begins when it is kept. */
export interface BegunChain {
  readonly refreshToken: string
  readonly family: string
  /** Called when there is an access token: a chain that nobody gets is not kept. */
  keep(): Promise<void>
}
