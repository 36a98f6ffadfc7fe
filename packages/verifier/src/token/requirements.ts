import { isRefusal, type Refusal, type Requirement, refuse, shownValue, whenKnown } from '@countersign/core'
import type { Verdict } from './verdict.js'

/** What a route requires, of which request, and when. */
interface Required<A, R> {
  readonly requirements: readonly Requirement<A, R>[]
  readonly request: R
  /** Epoch milliseconds. */
  now(): number
}

/** @throws TypeError if one is not a function */
export function checkRequirements(requirements: readonly Requirement<never, never>[]): void {
  for (const requirement of requirements) {
    if (typeof requirement !== 'function') throw new TypeError(`guard: a requirement must be a function, got ${shownValue(requirement)}`)
  }
}

/** Its own member only: one that every object has, by a library that pollutes prototypes, would open every route. */
export function admitsAnonymous(requirement: Requirement<never, never>): boolean {
  return Object.hasOwn(requirement, 'admitsAnonymous') && requirement.admitsAnonymous === true
}

/** Without this check, a requirement that returns null, false or true by mistake would admit everybody. */
function checkedRefusal(answer: Refusal): Refusal {
  if (isRefusal(answer)) return answer
  throw new TypeError(
    `guard: a requirement must return undefined or a refusal, got ${shownValue(answer)}; requireScopes, for instance, must be called first`,
  )
}

const scopesOf = (requirements: readonly Requirement<never, never>[]): readonly string[] =>
  requirements.flatMap((one) => (Object.hasOwn(one, 'scopes') && one.scopes) || [])

const noCredentials = refuse('no_credentials')

/** The refusal of a request without credentials. It names the scopes of the route if the route wants that. */
export function missingCredentials(requirements: readonly Requirement<never, never>[]): Refusal {
  const announces = requirements.some((one) => Object.hasOwn(one, 'announcesScopes') && one.announcesScopes === true)
  return announces ? refuse('no_credentials', { scopes: [...new Set(scopesOf(requirements))] }) : noCredentials
}

/** One for scopes names all scopes that the route needs. */
function withAllScopes(refusal: Refusal, requirements: readonly Requirement<never, never>[]): Refusal {
  if (refusal.reason !== 'insufficient_scope') return refusal
  return { ...refusal, scopes: [...new Set([...scopesOf(requirements), ...(refusal.scopes ?? [])])] }
}

/** The first refusal in order, at once where no requirement waits. */
function firstRefusal<A, R>({ requirements, request, now }: Required<A, R>, auth: A): Refusal | undefined | Promise<Refusal | undefined> {
  const seconds = now() / 1000
  const askFrom = (index: number): Refusal | undefined | Promise<Refusal | undefined> => {
    const requirement = requirements[index]
    if (requirement === undefined) return undefined
    return whenKnown(requirement(auth, request, { now: seconds }), (answer) =>
      answer === undefined ? askFrom(index + 1) : withAllScopes(checkedRefusal(answer), requirements),
    )
  }
  return askFrom(0)
}

/** The verdict on a token, then on what the route requires of it. */
export function withRequirements<A, R>(verdict: Verdict, required: Required<A, R>): Verdict | Promise<Verdict> {
  if (!verdict.ok || required.requirements.length === 0) return verdict
  const { auth, cached } = verdict
  // The entries of `issuers` made the Auth: its type follows from theirs.
  return whenKnown(firstRefusal(required, auth as unknown as A), (refusal) =>
    refusal ? { ok: false, refusal, via: auth.via, cached } : verdict,
  )
}
