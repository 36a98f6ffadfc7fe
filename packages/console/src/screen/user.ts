import type { Auth } from '@countersign/core'

/** Somebody who may see everything and change everything. */
export interface ConsoleOperator {
  readonly role: 'operator'
  /** Goes into the audit log with each change. */
  readonly id: string
  /** Shown at the top of each page. @defaultValue `id` */
  readonly name?: string | undefined
  /** The id of the session, or anything else that changes when somebody signs in anew. Forms of another session are refused. */
  readonly session?: string | undefined
  /** Entities to which the console leads. An operator can open any other by its id. @defaultValue none */
  readonly entities?: readonly string[] | undefined
}

/** Somebody who acts for some entities. What they see and change is decided by the policies of the integrations. */
export interface ConsoleOwner<A extends Auth = Auth> extends Omit<ConsoleOperator, 'role' | 'entities'> {
  readonly role: 'owner'
  /** Who the person is for the policies: what a guard admitted. */
  readonly auth: A
  /** Entities to which the console leads. The policies decide about each of them again. */
  readonly entities: readonly string[]
}

/** Who uses the console, as the host says it. */
export type ConsoleUser<A extends Auth = Auth> = ConsoleOperator | ConsoleOwner<A>

/** @throws TypeError if it is not a user: what the host returned must not open the console by mistake */
export function requireUser<A extends Auth>(user: ConsoleUser<A>): ConsoleUser<A> {
  const { role, id, name, session, entities } = (user ?? {}) as Partial<Record<'role' | 'id' | 'name' | 'session' | 'entities', unknown>>
  const isString = (value: unknown): boolean => value === undefined || typeof value === 'string'
  const isList = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string')
  if (role !== 'operator' && role !== 'owner') throw new TypeError('createConsole: operator must return a role, "operator" or "owner"')
  if (typeof id !== 'string' || id === '') throw new TypeError('createConsole: operator must return an id, a non-empty string')
  if (!isString(name) || !isString(session)) throw new TypeError('createConsole: operator must return strings as name and session')
  if (role === 'owner' ? !isList(entities) : entities !== undefined && !isList(entities))
    throw new TypeError('createConsole: operator must return entities, an array of strings')
  if (role === 'owner' && typeof (user as Partial<ConsoleOwner>).auth !== 'object')
    throw new TypeError('createConsole: operator must return auth for the role "owner"')
  return user
}
