import type { FormParameters, IssuedElsewhere, Stores, WireRequest } from '@countersign/core'
import type { Client } from './client.js'
import type { TokenRefused } from './token-refusal.js'

/** What a grant is asked. The client is authenticated and may use the grant; scope and audience are allowed for it. */
export interface GrantRequest {
  readonly client: Client
  /** Id of the secret that the client used. */
  readonly secretId: string | undefined
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
  /** What the host says of a subject, where it has a say: asked before something is used up. It is asked again before signing. */
  readonly isActive: ((granted: Granted) => Promise<boolean>) | undefined
  /** Tells the event what the request is about, also if it is refused. */
  note(seen: { readonly family?: string; readonly subject?: string }): void
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
  /** Nothing was waited for since the client was read, so its status need not be read again. @defaultValue false */
  readonly isImmediate?: boolean
  /** Begins a chain of refresh tokens. The endpoint asks the first grant that has this. */
  begin?(
    granted: Granted,
    /** `grantType` is the one that the client used, or went on with. */
    request: Pick<GrantRequest, 'client' | 'secretId' | 'now' | 'stores'> & { readonly grantType: string },
  ): Promise<BegunChain | undefined>
}

/** A chain of refresh tokens that begins when it is kept. */
export interface BegunChain {
  readonly refreshToken: string
  readonly family: string
  /** Called when there is an access token: a chain that nobody gets is not kept. */
  keep(): Promise<void>
}
