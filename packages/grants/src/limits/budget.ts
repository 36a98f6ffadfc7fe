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

/** Budgets of a token endpoint. */
export interface RateLimits {
  /** Of all requests, per address and client. @defaultValue 20000 in 60 s */
  readonly requests?: Budget
  /**
   * Of failed authentications, per address and client; requests in flight count until they turn out right. Secrets of the server's own making
   * cannot be guessed at any rate: lower it where others were taken over. @defaultValue 10000 in 60 s
   */
  readonly failures?: Budget
  /**
   * Of failed authentications from one address, whichever clients are tried. A client that authenticated itself from there in the last
   * 30 days is not concerned. @defaultValue 2000 in 600 s
   */
  readonly failuresOfAddress?: Budget
  /**
   * Of wrong secrets of one client, from all addresses that it never used in the last 30 days. Assertions that a client signs cannot be
   * guessed: they are neither counted here nor refused. @defaultValue 20000 in 600 s
   */
  readonly failuresOfClient?: Budget
  /** Of bodies from one address that cannot be read: malformed, too long, of another media type. @defaultValue 1000 in 60 s */
  readonly unreadable?: Budget
}

/** Where an endpoint does not say otherwise. */
export const usualRateLimits: Required<RateLimits> = {
  requests: { limit: 20_000, windowSeconds: 60 },
  failures: { limit: 10_000, windowSeconds: 60 },
  failuresOfAddress: { limit: 2_000, windowSeconds: 600 },
  failuresOfClient: { limit: 20_000, windowSeconds: 600 },
  unreadable: { limit: 1_000, windowSeconds: 60 },
}

/** What the option `rateLimits` must be. */
export const rateLimitsKind: OptionKind = kind.either(
  kind.exactly(false),
  kind.members<RateLimits>({
    requests: budgetKind,
    failures: budgetKind,
    failuresOfAddress: budgetKind,
    failuresOfClient: budgetKind,
    unreadable: budgetKind,
  }),
)
