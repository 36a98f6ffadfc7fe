import type { Auth, Requirement } from './auth.js'
import { hasOwn } from './has-own.js'
import { checkOptions } from './options/check-options.js'
import { kind } from './options/kinds.js'
import { refuse } from './refusal.js'

/** Options of {@link requireActor}. */
export interface ActorRequirement {
  /** The `sub` of each actor that is accepted. */
  readonly subject: string | readonly string[]
  /** The `iss` of the actor. @defaultValue the issuer of the token */
  readonly issuer?: string
}

/** A member of the claim `act`, where it is a string. */
function memberOf(act: object, name: 'sub' | 'iss'): string | undefined {
  const value: unknown = hasOwn(act, name) ? (act as Readonly<Record<string, unknown>>)[name] : undefined
  return typeof value === 'string' ? value : undefined
}

/**
 * Demands that the token was issued to an actor for its subject: the outermost `act` of the token names it. What is nested in it tells of earlier actors, and
 * decides nothing (RFC 8693 §4.1). A `sub` without `iss` is one of the issuer of the token.
 *
 * @throws TypeError if an option is missing or wrong
 * @example
 * import { requireActor } from '@countersign/core'
 *
 * const requirement = requireActor({ subject: 'billing-service' })
 * console.log(typeof requirement) // → function
 */
export function requireActor(options: ActorRequirement): Requirement {
  checkOptions<ActorRequirement>('requireActor', options, { subject: kind.required(kind.strings), issuer: kind.string })
  const subjects = Object.freeze([options.subject].flat())
  const refused = refuse('forbidden', {
    detail: { expected: `act.sub: ${subjects.join(' ')}`.slice(0, 200), received: 'another actor, or none' },
  })
  return ({ claims, issuer }: Auth) => {
    const { act } = claims
    if (typeof act !== 'object' || act === null || Array.isArray(act)) return refused
    // An `iss` that is not a string names an actor of nobody.
    const named = hasOwn(act, 'iss') ? memberOf(act, 'iss') : issuer
    const subject = memberOf(act, 'sub')
    const isAccepted = subject !== undefined && subjects.includes(subject) && named === (options.issuer ?? issuer)
    return isAccepted ? undefined : refused
  }
}
