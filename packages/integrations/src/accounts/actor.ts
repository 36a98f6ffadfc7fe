import type { Auth, Now } from '@countersign/core'
import { isUuid } from '../fields.js'
import type { IntegrationPolicies } from '../policies.js'
import { failed, type NotDone } from '../reason.js'
import type { AccountRecords } from './account-records.js'
import type { Actor, Creator, Operator } from './creator.js'

/** The actor, once judged. */
export interface Known<A> {
  readonly ok: true
  readonly by: Creator
  /** Undefined for the host. */
  readonly auth: A | undefined
}

/** What {@link createActorJudge} needs. */
export interface ActorJudgeOptions<A extends Auth> {
  readonly issuer: string
  readonly policies: IntegrationPolicies<A>
  readonly mfaMaxAgeSeconds: number
  readonly records: AccountRecords
  readonly now: Now
}

/** How far a sign-in may lie in the future by an issuer's clock. */
const maxFutureSeconds = 60

const isOperator = <A extends Auth>(actor: Actor<A>): actor is Operator => Object.hasOwn(actor, 'operator')

/** The name under which an actor is recorded in events. */
export function nameOf<A extends Auth>(actor: Actor<A>): string | undefined {
  return isOperator(actor) ? actor.operator : actor.subject
}

/**
 * Tells whether an actor is the integration `clientId` itself: by a token of ours that it got for nobody else (RFC 9068 §2.2: the
 * subject of such a token is the client).
 */
export function createSelfCheck(issuer: string): <A extends Auth>(actor: Actor<A>, clientId: string | undefined) => actor is A {
  return <A extends Auth>(actor: Actor<A>, clientId: string | undefined): actor is A => {
    if (isOperator(actor) || !isUuid(clientId)) return false
    return actor.issuer === issuer && actor.clientId === clientId && actor.subject === clientId && actor.claims.act === undefined
  }
}

/** RFC 8176 §2: `mfa` is for multiple-factor authentication. */
function saysMfa({ claims: { amr } }: Auth): boolean {
  return Array.isArray(amr) && amr.includes('mfa')
}

/** Tells persons with a recent MFA from all others. */
export function createActorJudge<A extends Auth>(options: ActorJudgeOptions<A>): (actor: Actor<A>) => Promise<Known<A> | NotDone> {
  const { issuer, policies, mfaMaxAgeSeconds, records, now } = options

  /** A client's own token (RFC 9068 §2.2), one that acts for a person (RFC 8693 §4.1), and one that came by an integration are nobody's. */
  async function isPerson(auth: A): Promise<boolean> {
    const { subject, clientId, claims } = auth
    if (subject === undefined || subject === '' || subject === clientId || claims.act !== undefined) return false
    if (policies.isPerson !== undefined && (await policies.isPerson(auth)) !== true) return false
    return !(auth.issuer === issuer && isUuid(clientId) && (await records.integrations.get(clientId)) !== undefined)
  }

  function isRecent({ claims: { auth_time: authTime } }: A): boolean {
    if (typeof authTime !== 'number') return false
    const age = now() / 1000 - authTime
    return age <= mfaMaxAgeSeconds && age >= -maxFutureSeconds
  }

  return async (actor) => {
    if (isOperator(actor)) return { ok: true, by: { operator: actor.operator }, auth: undefined }
    if (!(await isPerson(actor))) return failed('not_a_person')
    if ((await (policies.provesMfa ?? saysMfa)(actor)) !== true) return failed('mfa_required')
    if (!isRecent(actor)) return failed('authentication_too_old', { maxAgeSeconds: mfaMaxAgeSeconds })
    return { ok: true, by: { issuer: actor.issuer, subject: actor.subject ?? '' }, auth: actor }
  }
}
