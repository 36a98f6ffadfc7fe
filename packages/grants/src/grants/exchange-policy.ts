import type { Client } from '../clients/record/client.js'
import type { Authentication } from './grant.js'

/** Whom a JWT names that was presented; its signature and its claims are good. */
export interface PresentedSubject {
  /** Signed with a registered key of the client that presents it, or a token of a trusted issuer. */
  readonly kind: 'client_signed' | 'issued'
  /** The name of the issuer entry that accepted it; undefined for one that the client signed. */
  readonly via: string | undefined
  readonly issuer: string
  /** `sub`, where it has one. */
  readonly subject: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
  /** Of a token of a trusted issuer: what that one allows. */
  readonly scopes: readonly string[] | undefined
}

/** What a policy decides about. Everything that can be refused without it was refused. */
export interface ExchangeRequest {
  readonly client: Client
  readonly presented: PresentedSubject
  /** The requested scopes, or the client's default ones. */
  readonly scopes: readonly string[]
  /** What the token would be for; the client is entitled to each. */
  readonly audiences: readonly string[]
}

/** The answer of a policy. */
export type ExchangeDecision =
  | { readonly allow: false }
  | {
      readonly allow: true
      /** Whether the subject is a person, who then has not the id of a client. */
      readonly isPerson: boolean
      /** Who it is here. @defaultValue the `sub` that was presented */
      readonly subject?: string
      /** Beyond which nothing is granted. @defaultValue the scopes of the token of the trusted issuer */
      readonly scopes?: readonly string[]
      /** How the person signed in. @defaultValue what the token of the trusted issuer says */
      readonly authentication?: Authentication
      /** Further claims; reserved ones are a TypeError. */
      readonly claims?: Readonly<Record<string, unknown>>
    }

/** Decides whether a client gets a token for somebody. Undefined denies. */
export type ExchangePolicy = (request: ExchangeRequest) => ExchangeDecision | undefined | Promise<ExchangeDecision | undefined>
