import { randomUUID } from 'node:crypto'
import { type Auth, wallClock } from '@countersign/core'
import type { AccountContext } from './accounts/account-context.js'
import { accountRecords } from './accounts/account-records.js'
import { createActorJudge, createSelfCheck } from './accounts/actor.js'
import { type Credentials, createCredentials } from './credentials.js'
import { createEnrolledFor, type EnrolledFor } from './enrollments/enrolled-for.js'
import { createEnrollments, type Enrollments } from './enrollments/enrollments.js'
import { createOwnIntegrations, type EntityIntegrations } from './entity-integrations.js'
import { createFieldCheck } from './fields.js'
import { checkOptions, type IntegrationsOptions } from './integration-options.js'

/**
 * Integration accounts. What is the caller's reason is a value; every function rejects with `Unavailable` in an outage, and may then be
 * called again.
 */
export interface Integrations<A extends Auth = Auth> extends EntityIntegrations<A>, Credentials<A>, Enrollments<A> {
  readonly enrolledFor: EnrolledFor<A>
}

/**
 * Clients that entities own, their credentials, and which entities they may act for.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createIntegrations<A extends Auth = Auth, Settings extends object = object>(
  options: IntegrationsOptions<A, Settings>,
): Integrations<A> {
  const { entityId, mfaMaxAgeSeconds, maxCredentials } = checkOptions(options)
  const { issuer, accounts, clients, settings, policies, findEntity, types, defaultType } = options
  const now = options.now ?? wallClock
  const records = accountRecords(accounts)
  const context: AccountContext<A> = {
    records,
    policies,
    judge: createActorJudge({ issuer, policies, mfaMaxAgeSeconds, records, now }),
    isItself: createSelfCheck(issuer),
    check: createFieldCheck({ entityId, types }),
    entityName: async (entity) => (findEntity === undefined ? entity : (await findEntity(entity))?.name),
    now,
    uuid: options.randomUUID ?? randomUUID,
  }
  const needsType = types !== undefined && defaultType === undefined
  return {
    ...createOwnIntegrations(context, { clients, settings, defaultType, needsType }),
    ...createCredentials(context, clients, maxCredentials),
    ...createEnrollments(context),
    enrolledFor: createEnrolledFor({ issuer, records, entityId, now }),
  }
}
