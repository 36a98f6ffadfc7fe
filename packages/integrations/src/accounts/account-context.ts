import { type Auth, eventChannel, type IntegrationEvent, type Now } from '@countersign/core'
import type { Field, FieldIssue, FieldValues } from '../fields.js'
import type { Integration, NewCredential } from '../integration.js'
import type { IntegrationPolicies } from '../policies.js'
import { type Done, failed, type NotDone } from '../reason.js'
import type { AccountRecords } from './account-records.js'
import { type Known, nameOf } from './actor.js'
import type { Actor } from './creator.js'
import type { IntegrationRecord } from './stored-accounts.js'

/** What every step on accounts needs. */
export interface AccountContext<A extends Auth> {
  readonly records: AccountRecords
  readonly policies: IntegrationPolicies<A>
  readonly judge: (actor: Actor<A>) => Promise<Known<A> | NotDone>
  /** Whether the actor is that integration itself, with a token of its own. */
  readonly isItself: (actor: Actor<A>, clientId: string | undefined) => actor is A
  readonly check: (values: FieldValues, required: readonly Field[]) => readonly [FieldIssue, ...FieldIssue[]] | undefined
  /** Its name, or undefined for one that is not there. */
  readonly entityName: (entity: string) => Promise<string | undefined>
  readonly now: Now
  readonly uuid: () => string
}

/** What a step is about, for events. */
type About = Pick<IntegrationEvent, 'clientId' | 'entity' | 'credential'>

const events = eventChannel('countersign:integration')

/** Takes a step and tells the audit of it. What is malformed is told as such, without its values. */
export async function audited<A extends Auth, T extends object>(
  { action, by, about }: { readonly action: string; readonly by: Actor<A>; readonly about: About },
  step: () => Promise<Done<T>>,
): Promise<Done<T>> {
  const done = await step()
  const isInvalid = !done.ok && done.reason === 'invalid'
  const { clientId, credentialId: credential } = done as Partial<NewCredential>
  const made = { ...(clientId !== undefined && { clientId }), ...(credential !== undefined && { credential }) }
  if (events.hasSubscribers)
    events.publish({ action, outcome: done.ok ? 'done' : done.reason, by: nameOf(by), ...(!isInvalid && about), ...made })
  return done
}

/** Judges values and the actor, before anything is looked up. */
export async function admit<A extends Auth>(
  { judge, check }: AccountContext<A>,
  actor: Actor<A>,
  input: { readonly values: FieldValues; readonly required: readonly Field[] },
): Promise<Known<A> | NotDone> {
  const issues = check(input.values, input.required)
  return issues === undefined ? judge(actor) : failed('invalid', { issues })
}

/** Undefined if the actor acts for the entity. */
export async function foreignTo<A extends Auth>(
  { policies }: AccountContext<A>,
  { auth }: Known<A>,
  entity: string,
): Promise<NotDone | undefined> {
  const isAllowed = auth === undefined || (await policies.mayManage(auth, entity)) === true
  return isAllowed ? undefined : failed('foreign_entity')
}

/** An integration as the host sees it. */
export function integrationOf(clientId: string, record: IntegrationRecord): Integration {
  const { v: _version, ...rest } = record
  return { clientId, ...rest, type: record.type }
}

/** It is found until its removal is finished. */
export async function findUntilRemoved<A extends Auth>({ records }: AccountContext<A>, clientId: string): Promise<Integration | undefined> {
  const kept = await records.integrations.get(clientId)
  return kept && integrationOf(clientId, kept.record)
}

/** One whose removal has begun is not there any more. */
export async function findIntegration<A extends Auth>(context: AccountContext<A>, clientId: string): Promise<Integration | undefined> {
  const integration = await findUntilRemoved(context, clientId)
  return integration?.isBeingDeleted ? undefined : integration
}

/**
 * An integration that the actor may manage.
 *
 * @param find - which integrations there are; default: those whose removal has not begun
 */
export async function managed<A extends Auth>(
  context: AccountContext<A>,
  actor: Actor<A>,
  input: { readonly values: FieldValues & { readonly clientId: string }; readonly required: readonly Field[] },
  find: typeof findIntegration = findIntegration,
): Promise<Done<{ readonly integration: Integration }>> {
  const known = await admit(context, actor, input)
  if (!known.ok) return known
  const integration = await find(context, input.values.clientId)
  if (integration === undefined) return failed('unknown_integration')
  return (await foreignTo(context, known, integration.entity)) ?? { ok: true, integration }
}
