import { hasOwn, shownValue } from '@countersign/core'
import { claimOnce, undoOf } from '../assertions/assertion.js'
import type { OwnAssertion } from '../assertions/client-signed-assertion.js'
import type { TrustedToken } from '../assertions/trusted-token.js'
import type { Client } from '../clients/record/client.js'
import { refused, refusedAs, type TokenRefused } from '../refusal.js'
import type { ExchangeDecision, ExchangePolicy, PresentedSubject } from './exchange-policy.js'
import type { Granted, GrantPlan, GrantRequest } from './grant.js'
import { judgeScope, type ScopeAnswer } from './scope.js'
import { authenticationOf, owedToTrusted } from './trusted-subject.js'

/** A JWT that is good, by who signed it. */
export type GoodToken = { readonly own: OwnAssertion; readonly issuer: string } | TrustedToken

/** What a grant over a JWT does with it. */
export interface SubjectGrant {
  readonly policy: ExchangePolicy
  /** What the JWT was sent as. */
  readonly sentAs: 'invalid_request' | 'invalid_grant'
  /** Whether a family of refresh tokens may begin. */
  readonly refreshTokens: boolean
  /** Whether a client that names nobody means itself. */
  readonly isOwnByDefault: boolean
  readonly issuedTokenType?: string
}

function presentedBy(token: GoodToken, client: Client, isOwnByDefault: boolean): PresentedSubject {
  if (hasOwn(token, 'own')) {
    const { claims } = token.own
    const subject = claims.sub ?? (isOwnByDefault ? client.id : undefined)
    return { kind: 'client_signed', via: undefined, issuer: token.issuer, subject, claims, scopes: undefined }
  }
  const { via, issuer, subject, claims, scopes } = token.auth
  return { kind: 'issued', via, issuer, subject, claims, scopes }
}

/** What a client asks for inside of what it signs (as with Google's service accounts). */
function scopeInside(token: GoodToken): string | undefined {
  const scope = hasOwn(token, 'own') ? token.own.claims.scope : undefined
  // A value that is not a string is not a list of scopes either: it is refused as malformed.
  return scope === undefined ? undefined : typeof scope === 'string' ? scope : '\0'
}

/** Requested ∩ client ∩ subject ∩ what the policy allows: a request for more is refused; no scope is dropped silently. */
function scopesFor(asked: GrantRequest, inside: string | undefined, allowed: readonly string[]): ScopeAnswer {
  const { client, requestedScopes } = asked
  const said = judgeScope(inside, client.scopes, client.scopes)
  if (!said.ok) return said
  const isWithin = (scope: string): boolean => said.scopes.includes(scope) && allowed.includes(scope)
  const wanted = requestedScopes ?? said.requested
  if (wanted === undefined) return { ok: true, scopes: asked.scopes.filter(isWithin) }
  return wanted.every(isWithin) ? { ok: true, scopes: wanted } : refused('scope_not_allowed')
}

/** What comes with the token that was presented: its end, its keys, what it was itself obtained with. */
function owedTo(token: GoodToken, { client, issuer }: GrantRequest): Partial<Granted> {
  if (hasOwn(token, 'own')) {
    const { key, expiresAt, issuedAt: startedAt, claims } = token.own
    const { jti, sub } = claims
    const origin = { iss: token.issuer, ...(jti && { jti }), ...(sub !== undefined && { sub }), iat: startedAt }
    return { keys: [key], startedAt, origins: [origin], ...(expiresAt !== undefined && { expiresAt }) }
  }
  const { expiresAt } = token.auth
  return { ...owedToTrusted(token, issuer), ...(client.assertion?.mayOutlive !== true && { expiresAt }) }
}

function authenticationFor(decision: ExchangeDecision & { allow: true }, token: GoodToken): Partial<Granted> {
  const authentication = decision.authentication ?? (hasOwn(token, 'auth') ? authenticationOf(token.auth) : undefined)
  return decision.isPerson && authentication ? { authentication } : {}
}

/** Uses up what works once. A token that others signed is not used up. */
function planFor(token: GoodToken, granted: Granted, { stores: { replay } }: GrantRequest, sentAs: SubjectGrant['sentAs']): GrantPlan {
  const once = hasOwn(token, 'own') ? token.own.once : undefined
  if (once === undefined) return { ok: true, granted }
  const undo = undoOf(replay, once)
  return {
    ok: true,
    granted,
    async commit(callId) {
      const fault = await claimOnce(replay, once, callId)
      return fault ? refusedAs(sentAs, fault.reason) : granted
    },
    ...(undo && { undo }),
  }
}

/** Asks the policy, and plans what it allows, for whom it allows it. */
export async function grantToSubject(token: GoodToken, asked: GrantRequest, grant: SubjectGrant): Promise<GrantPlan | TokenRefused> {
  const { policy, sentAs } = grant
  const { client, audiences } = asked
  const presented = presentedBy(token, client, grant.isOwnByDefault)
  const decision = await policy({ client, presented, scopes: asked.scopes, audiences })
  if (decision?.allow !== true) return refusedAs(sentAs, 'denied_by_policy')
  const { isPerson, subject = presented.subject } = decision
  if (typeof isPerson !== 'boolean')
    throw new TypeError(`policy: isPerson of an allowing answer must be true or false, got ${shownValue(isPerson)}`)
  // Of a text, every part of a word would be among them.
  if (decision.scopes !== undefined && !Array.isArray(decision.scopes))
    throw new TypeError(`policy: scopes must be an array of strings, got ${shownValue(decision.scopes)}`)
  if (subject === undefined || subject === '' || (isPerson && (await asked.isClient(subject))))
    return refusedAs(sentAs, 'assertion_subject')
  asked.note({ subject })
  const scope = scopesFor(asked, scopeInside(token), decision.scopes ?? presented.scopes ?? client.scopes)
  if (!scope.ok) return scope
  const granted: Granted = {
    ok: true,
    subject,
    isPerson,
    scopes: scope.scopes,
    audiences,
    ...authenticationFor(decision, token),
    ...(decision.claims && { claims: decision.claims }),
    ...owedTo(token, asked),
    ...(!grant.refreshTokens && { refreshToken: null }),
    ...(grant.issuedTokenType !== undefined && { issuedTokenType: grant.issuedTokenType }),
  }
  if (granted.expiresAt !== undefined && Math.floor(granted.expiresAt) <= asked.now) return refusedAs(sentAs, 'assertion_expired')
  return planFor(token, granted, asked, sentAs)
}
