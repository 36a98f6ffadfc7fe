import type { KeySet, KeySource, Refusal, RevocationView } from '@countersign/core'
import type { ParsedClaims } from '@countersign/jwt'
import type { SourceContext } from '@countersign/jwt/jwks'

/**
 * Which tokens belong to an entry whose tokens are not verified by a signature. By their syntax alone: no token is tried at one entry and then at
 * another one.
 */
export type Recognition =
  /** Tokens that begin with one of these strings, for instance `ory_at_`. */
  | { readonly prefix: string | readonly string[] }
  /** JWTs of exactly this `iss`. */
  | { readonly jwtIssuer: string }
  /** All others for which it returns true. It gets no JWT, and no token with a known prefix. */
  | ((token: string) => boolean)

/** A token that somebody sent. */
export interface OpaqueToken {
  readonly token: string
  /** SHA-256 of the token. */
  readonly digest: string
  /** The block of addresses that it came from; undefined where that is not known. */
  readonly address: string | undefined
  /** False: nobody may be asked and nothing may be recorded, because the verdict does not count. */
  readonly record: boolean
}

/** For how long an answer of a source is believed. */
export interface Belief {
  /** Epoch milliseconds of the question. */
  readonly requestedAt: number
  /** Until when the answer may be believed without another question, epoch milliseconds; not later than `requestedAt`: not at all. */
  readonly believedUntil: number
  /** Until when it may be believed while the source is unavailable, epoch milliseconds. */
  readonly staleUntil: number
}

/** What the source of a token says of it. */
export interface OpaqueClaims extends Belief {
  readonly claims: ParsedClaims
  /** The `credentialId` of `auth`, for a source whose tokens are credentials. */
  readonly credentialId?: string
}

/** Knows tokens that only their issuer can read. */
export interface OpaqueSource {
  /** What a token says, or why it is refused. Throws or rejects with `Unavailable`. */
  find(presented: OpaqueToken): OpaqueClaims | Refusal | Promise<OpaqueClaims | Refusal>
  /** Tells that a token was refused by the rules of the entry, so that it need not be found again at once. */
  refused?(digest: string, refusal: Refusal): void
  /** Rejects with the cause if the source does not answer. */
  ready(): Promise<void>
  close(): void
}

/** The part of an issuer entry that stands in the place of key sources. */
export interface OpaqueTokens {
  readonly issuer: string
  readonly recognise: Recognition
  /** Whether another party answers, whose outage is not ours. */
  readonly isRemote: boolean
  /** @throws TypeError if the entry does not fit the guard's view of revocations */
  open(context: SourceContext, revocations: RevocationView | undefined): OpaqueSource
}

/** Where an entry has no keys: none is found, and no set of them changes. */
export const noKeySet: KeySet = Object.freeze({ keys: Object.freeze([]) })

/** Stands for the keys of an entry whose tokens have no signature that is verified here. */
export function withoutKeys(source: OpaqueSource): KeySource {
  return {
    find: () => ({ key: undefined, set: noKeySet }),
    isCurrent: (set) => set === noKeySet,
    ready: () => source.ready(),
    close: () => source.close(),
  }
}
