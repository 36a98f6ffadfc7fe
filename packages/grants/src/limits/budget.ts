import { kind, type OptionKind } from '@countersign/core'
import { digestOf } from '../digest.js'

/** So many attempts in a window that begins with the first. */
export interface Budget {
  readonly limit: number
  readonly windowSeconds: number
}

/** Parts with their lengths, hashed: what is sent by anybody is neither joined nor kept as it is. */
export function attemptKey(purpose: string, ...parts: readonly string[]): string {
  return `${purpose}:${digestOf(...parts).toString('base64url')}`
}

/** What a budget must be. */
export const budgetKind: OptionKind = kind.members<Budget>({
  limit: kind.required(kind.count),
  windowSeconds: kind.required(kind.positiveSeconds),
})

/** Budgets, and the usual ones where none is given. */
export function budgetsOf<Name extends string>(
  usual: Readonly<Record<Name, Budget>>,
  given: Readonly<Partial<Record<Name, Budget | undefined>>>,
): Readonly<Record<Name, Budget>> {
  const names = Object.keys(usual) as Name[]
  return Object.fromEntries(names.map((name) => [name, given[name] ?? usual[name]])) as Readonly<Record<Name, Budget>>
}
