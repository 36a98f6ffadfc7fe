import type { ServerResponse } from 'node:http'
import { type Auth, authorizationField, type Guard, optional } from '@countersign/core'
import { isOtherScheme, presentedToken, setMember, withToken, writableCopy } from '@countersign/core/compat'
import { type ExpressRequest, guardRequest, setFields } from '../wire.js'
import type { ExpressJwtOptions } from './express-jwt-options.js'
import { jwtRefusal, notString } from './jwt-refusal.js'

/** A preflight (Fetch standard §3.2.2): a browser sends it without the token that it announces. */
function isPreflight({ method, headers }: ExpressRequest): boolean {
  const announced = headers['access-control-request-headers']?.toLowerCase().split(',') ?? []
  return method === 'OPTIONS' && announced.some((name) => name.trim() === 'authorization')
}

/** What a check of one request gives: undefined if it is admitted, else the error. */
type JwtCheck<R> = (req: R, res: ServerResponse) => Promise<Error | undefined>

/** Checks requests as `express-jwt` does: the token first, then the member of the request. */
export function createJwtCheck<A extends Auth, R extends ExpressRequest>(guard: Guard<A>, options: ExpressJwtOptions<R>): JwtCheck<R> {
  const { requestProperty = 'auth', credentialsRequired = true, getToken } = options
  const requirements = credentialsRequired ? [] : [optional()]

  return async (req, res) => {
    if (isPreflight(req)) return undefined
    const sent = guardRequest(req)
    const field = getToken ? undefined : authorizationField(sent)
    // An empty string counts as none.
    const given: unknown = (await getToken?.(req)) || undefined
    // A list, for instance of a query. The guard refuses the text of it, with an event and a challenge.
    const token = given === undefined ? undefined : typeof given === 'string' ? given : notString
    // An optional route takes credentials of another scheme for none: they may be for somebody else.
    const isNone = field === '' || (!credentialsRequired && isOtherScheme(field))
    const request = getToken || isNone ? withToken(sent, token) : sent
    const admission = await guard.check(request, ...requirements)
    if (!admission.ok) return jwtRefusal(admission, { field, token: token ?? presentedToken(sent) })
    if (admission.anonymous) return undefined
    if (admission.headers) setFields(res, admission.headers)
    setMember(req, requestProperty, writableCopy(admission.auth.claims))
    return undefined
  }
}
