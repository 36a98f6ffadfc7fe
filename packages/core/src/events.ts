import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { callListener } from './call-listener.js'
import type { Reason, RefusalDetail } from './refusal.js'
import type { ShadowEvent } from './shadow-event.js'

/** A request or token was accepted. */
export interface AcceptedEvent {
  readonly via: string
  readonly issuer: string
  /** Whether the verified-token cache answered. */
  readonly cached: boolean
  readonly durationMs: number
}

/** A request or token was refused, or could not be judged (reasons that end in `_unavailable`). */
export interface RefusedEvent {
  readonly reason: Reason
  /** The name of the issuer entry, where the token named a trusted issuer; of an outage too. */
  readonly via: string | undefined
  readonly cached: boolean
  readonly durationMs: number
  /** What was expected and what was sent, at most 200 characters each: docs/reasons.md says what each reason tells. */
  readonly detail: RefusalDetail | undefined
  /** For an outage, what failed. */
  readonly cause?: unknown
}

/** A request without any credentials was admitted, because its route allows that. */
export interface AnonymousEvent {
  readonly durationMs: number
}

/** Keys of an issuer were fetched, or could not be; or keys given at start-up were left out. */
export interface KeySourceEvent {
  readonly via: string
  readonly outcome: 'loaded' | 'unchanged' | 'failed'
  /** Keys that are usable after the event. */
  readonly keys: number
  /** Keys of the document that were left out, by why; `truncated` counts those beyond `maxKeys`. */
  readonly dropped?: Readonly<Record<string, number>>
  readonly durationMs: number
  readonly cause?: unknown
}

/** Something was revoked, or the view of revocations changed its state. */
export interface RevocationEvent {
  readonly outcome: 'revoked' | 'unrevoked' | 'stale' | 'recovered' | 'lost'
  readonly type?: string
  readonly issuer?: string
}

/** An issuer was added to, replaced in or removed from a running verifier, or found by `resolveIssuer`. */
export interface IssuerEvent {
  readonly outcome: 'set' | 'removed' | 'resolved' | 'unknown' | 'failed'
  readonly via: string
  readonly issuer?: string
  readonly cause?: unknown
}

/** A key of ours or of a client's was made, changed or ended. For audits. */
export interface KeyEvent {
  readonly action: string
  /** Our issuer, or the client. */
  readonly owner: string
  /** `done`, or why not. */
  readonly outcome: string
  readonly kid?: string
}

/** A nonce was issued or presented. */
export interface NonceEvent {
  readonly action: 'issue' | 'spend'
  /** `issued`, `spent`, or the reason of the refusal. */
  readonly outcome: string
  readonly clientId?: string
  readonly purpose?: string
  readonly jti?: string
}

/** A token endpoint answered. Only ids: never a token, a secret, a code or a user name. */
export interface TokenEvent {
  /** `issued`, `challenged`, or the reason of the refusal. */
  readonly outcome: string
  /** The grant type, where it is one that the endpoint has. */
  readonly grant?: string
  /** Only of a client that is registered. */
  readonly clientId?: string
  /** Who the token is about. */
  readonly subject?: string
  readonly jti?: string
  /** The family of refresh tokens. */
  readonly family?: string
  /** The client's key that the request was signed with: its RFC 7638 thumbprint. */
  readonly key?: string
  readonly durationMs: number
  /** For an outage, what failed. */
  readonly cause?: unknown
}

/** An endpoint that ends tokens, or tells of them, answered. Only ids. */
export interface TokenStatusEvent {
  /**
   * `revoked` or `ended` (there was nothing left to end), `active` or `inactive`; or the reason of the refusal.
   */
  readonly outcome: string
  /** Why a token is ended or inactive. */
  readonly reason?: string
  readonly kind?: 'access_token' | 'refresh_token'
  /** Who asked. Only of a client that is registered. */
  readonly clientId?: string
  /** Who the token is about, where it is believed. */
  readonly subject?: string
  readonly jti?: string
  /** The family of refresh tokens. */
  readonly family?: string
  readonly durationMs: number
  /** For an outage, what failed. */
  readonly cause?: unknown
}

/** A client was added, changed, locked, unlocked or removed, or one of its secrets was added or revoked. For audits. */
export interface ClientEvent {
  readonly action: string
  readonly clientId: string
  /** `done`, or why not. */
  readonly outcome: string
  /** Id of the secret. */
  readonly secret?: string
}

/** An integration, one of its credentials or an enrollment was made or ended, or that was refused. For audits. */
export interface IntegrationEvent {
  readonly action: string
  /** `done`, or why not. */
  readonly outcome: string
  /** Who did it: the `sub` of a person, or the name that an operator goes by. */
  readonly by: string | undefined
  readonly clientId?: string
  /** The entity that owns the integration, or that enrolls it. */
  readonly entity?: string
  /** Id of the credential. */
  readonly credential?: string
}

/** Entries of an audit are missing from its store. */
export interface AuditEvent {
  /** `lost`: they could not be written. `dropped`: they went before their time, to make room for others. */
  readonly outcome: 'lost' | 'dropped'
  /** How many, since the last event. */
  readonly count: number
  /** What the last one failed with. */
  readonly cause?: unknown
}

/** DPoP proofs are checked, and their ids are remembered by this process alone. */
export interface DpopEvent {
  /** `per_process`: a second process would accept the same proof. Give all of them one replay store. */
  readonly outcome: 'per_process'
}

/** A server was asked about a token that only it can read (RFC 7662). Nothing of the token is here. */
export interface IntrospectedEvent {
  readonly via: string
  /**
   * What the server answered: `active` or `inactive`. `failed`: it gave no answer that can be used. `limited`: it was not asked, because a limit of
   * this process is used up.
   */
  readonly outcome: 'active' | 'inactive' | 'failed' | 'limited'
  readonly durationMs: number
  readonly cause?: unknown
}

/** The documented channels of `node:diagnostics_channel` and what each carries. Part of the API. */
export interface Events {
  'countersign:accepted': AcceptedEvent
  'countersign:refused': RefusedEvent
  'countersign:anonymous': AnonymousEvent
  'countersign:key-source': KeySourceEvent
  'countersign:revocation': RevocationEvent
  'countersign:issuer': IssuerEvent
  'countersign:key': KeyEvent
  'countersign:nonce': NonceEvent
  'countersign:token': TokenEvent
  'countersign:client': ClientEvent
  'countersign:token-revocation': TokenStatusEvent
  'countersign:introspection': TokenStatusEvent
  'countersign:introspected': IntrospectedEvent
  'countersign:integration': IntegrationEvent
  'countersign:audit': AuditEvent
  'countersign:dpop': DpopEvent
  'countersign:shadow': ShadowEvent
}

/** Names of all channels. */
export const eventNames: readonly (keyof Events)[] = Object.freeze([
  'countersign:accepted',
  'countersign:refused',
  'countersign:anonymous',
  'countersign:key-source',
  'countersign:revocation',
  'countersign:issuer',
  'countersign:key',
  'countersign:nonce',
  'countersign:token',
  'countersign:client',
  'countersign:token-revocation',
  'countersign:introspection',
  'countersign:introspected',
  'countersign:integration',
  'countersign:audit',
  'countersign:dpop',
  'countersign:shadow',
])

/** A channel with the type of its messages. */
export interface EventChannel<E> {
  /** Check before building a message: nobody may be listening. */
  readonly hasSubscribers: boolean
  publish(message: E): void
}

/** The channel of that name; the same one for every copy of this package in the process. */
export function eventChannel<N extends keyof Events>(name: N): EventChannel<Events[N]> {
  return channel(name)
}

/**
 * Calls `listener` for every message of a channel. What it throws, or what its promise rejects with, becomes a warning of the process.
 *
 * @returns a function that ends the subscription
 */
export function onEvent<N extends keyof Events>(name: N, listener: (message: Events[N]) => void): () => void {
  // Left to the channel, an error of a listener would end the process.
  const call = (message: unknown): void => callListener(() => listener(message as Events[N]))
  subscribe(name, call)
  return () => {
    unsubscribe(name, call)
  }
}
