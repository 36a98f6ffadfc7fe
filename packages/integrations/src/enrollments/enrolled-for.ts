import { type Auth, checkOptions, kind, type Now, type OptionShape, type Requirement, refuse, shownValue } from '@countersign/core'
import type { AccountRecords } from '../accounts/account-records.js'
import { isEntityId, isUuid } from '../fields.js'

/** Options of {@link EnrolledFor}. */
export interface EnrolledForOptions<A extends Auth, R> {
  /** For how long an enrollment that was found is believed without asking the store: so long a withdrawn one goes on. @defaultValue 0 */
  readonly maxAgeSeconds?: number
  /** Who else is admitted, for instance a person of the entity. Only `true` admits. @defaultValue nobody */
  readonly orElse?: (auth: A, entity: string, request: R) => boolean | Promise<boolean>
}

/**
 * A requirement: the token is the own one of an integration that the entity has enrolled. It asks the store; an outage is 503.
 *
 * @param entityOf - finds the entity in the host's request; a value that is not the id of an entity is refused
 * @throws TypeError if an option is wrong
 */
export type EnrolledFor<A extends Auth> = <R>(entityOf: (request: R) => unknown, options?: EnrolledForOptions<A, R>) => Requirement<A, R>

/** What {@link createEnrolledFor} needs. */
export interface EnrolledForContext {
  readonly issuer: string
  readonly records: AccountRecords
  readonly entityId: RegExp
  readonly now: Now
}

const shape: OptionShape<EnrolledForOptions<Auth, unknown>> = { maxAgeSeconds: kind.seconds, orElse: kind.func }

const maxRemembered = 10_000

/** Enrollments that were found lately; whether one is missing is asked every time. */
function createMemory(now: Now, maxAgeSeconds: number): (key: string, ask: () => Promise<boolean>) => Promise<boolean> {
  const foundAt = new Map<string, number>()
  return async (key, ask) => {
    const at = now()
    const age = at - (foundAt.get(key) ?? Number.NEGATIVE_INFINITY)
    if (age >= 0 && age < maxAgeSeconds * 1000) return true
    const isThere = await ask()
    if (foundAt.size >= maxRemembered) foundAt.clear()
    if (isThere && maxAgeSeconds > 0) foundAt.set(key, at)
    else foundAt.delete(key)
    return isThere
  }
}

/** Prepares the requirement. */
export function createEnrolledFor<A extends Auth>({ issuer, records, entityId, now }: EnrolledForContext): EnrolledFor<A> {
  /** Another issuer that is trusted for its own tokens could name any client in them, and a person is not the client that signed it in. */
  const integrationOf = (auth: A): string | undefined =>
    auth.issuer === issuer && auth.subject === auth.clientId && isUuid(auth.clientId) ? auth.clientId : undefined

  return (entityOf, options = {}) => {
    checkOptions('enrolledFor', options, shape)
    const { maxAgeSeconds = 0, orElse } = options
    if (typeof entityOf !== 'function')
      throw new TypeError(
        `enrolledFor: the first argument must be a function that returns the entity of a request, got ${shownValue(entityOf)}`,
      )
    const remembered = createMemory(now, maxAgeSeconds)
    return async (auth, request) => {
      const entity = entityOf(request)
      if (!isEntityId(entityId, entity)) return refuse('not_enrolled')
      const clientId = integrationOf(auth)
      const isEnrolled = async (): Promise<boolean> =>
        clientId !== undefined &&
        (await remembered(`${clientId} ${entity}`, async () => (await records.enrollmentsOf(clientId).get(entity)) !== undefined))
      if (await isEnrolled()) return undefined
      return (await orElse?.(auth, entity, request)) === true ? undefined : refuse('not_enrolled')
    }
  }
}
