import { type Admission, type Auth, authorizationField, type Guard } from '@countersign/core'
import { isOutage, jwtError, presentedToken, ServiceUnavailableError, withToken, writableCopy } from '@countersign/core/compat'
import { type ExpressRequest, guardRequest } from '../wire.js'
import type { CountersignStrategyOptions } from './strategy-options.js'

/** What a token gives, or the error that `passport-jwt` would give to `fail`. */
export type StrategyVerdict<Claims> = { readonly claims: Claims } | { readonly failure: Error }

const ofField: readonly string[] = ['no_credentials', 'scheme', 'malformed_request']

function failureOf(
  { reason }: Extract<Admission<never>, { ok: false }>,
  isGiven: boolean,
  token: string | undefined,
  field: unknown,
): Error {
  const isDpop = reason === 'confirmation' && /^dpop /i.test(String(field))
  const isNone = reason === 'no_credentials' || (!isGiven && (isDpop || ofField.includes(reason)))
  return isNone ? new Error('No auth token') : jwtError(reason, token)
}

/** Checks the token of a request. It rejects in an outage. */
export async function checkToken<A extends Auth, R extends ExpressRequest>(
  guard: Guard<A>,
  req: R,
  { jwtFromRequest }: CountersignStrategyOptions<R>,
): Promise<StrategyVerdict<A['claims']>> {
  const sent = guardRequest(req)
  const given = jwtFromRequest?.(req) ?? undefined
  const isGiven = jwtFromRequest !== undefined
  const admission = await guard.check(isGiven ? withToken(sent, given || undefined) : sent)
  if (!admission.ok) {
    if (isOutage(admission)) throw new ServiceUnavailableError(admission)
    return { failure: failureOf(admission, isGiven, given ?? presentedToken(sent), authorizationField(sent)) }
  }
  return admission.anonymous ? { failure: new Error('No auth token') } : { claims: writableCopy(admission.auth.claims) }
}
