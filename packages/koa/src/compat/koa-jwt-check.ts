import { type Admission, type Auth, authorizationField, type Guard, optional } from '@countersign/core'
import {
  headersOf,
  isOtherScheme,
  isOutage,
  jwtError,
  presentedToken,
  ServiceUnavailableError,
  withToken,
  writableCopy,
} from '@countersign/core/compat'
import { guardRequest, setFields } from '../wire.js'
import type { KoaJwtContext, KoaJwtOptions } from './koa-jwt-options.js'

type Refused = Extract<Admission<never>, { ok: false }>

const badFormat = 'Bad Authorization header format. Format is "Authorization: Bearer <token>"'

/** What is wrong with the field itself is told to the client, all else is not. */
function isOfField({ reason }: Refused, field: string | readonly string[] | undefined): boolean {
  const isDpop = reason === 'confirmation' && [field].flat()[0]?.toLowerCase().startsWith('dpop') === true
  return Boolean(field) && (isDpop || ['scheme', 'malformed_request', 'no_credentials'].includes(reason))
}

/** Checks requests as `koa-jwt` does. It throws for those that do not go on. */
export function createJwtCheck<A extends Auth, C extends KoaJwtContext>(guard: Guard<A>, options: KoaJwtOptions<C>) {
  const { key = 'user', tokenKey, passthrough = false, passthroughInvalid = false, getToken } = options
  const passesMissing = passthrough || passthroughInvalid
  const requirements = passesMissing ? [optional()] : []

  function refuse(ctx: C, refused: Refused, token: string | undefined, field: string | readonly string[] | undefined): void {
    if (isOutage(refused)) throw new ServiceUnavailableError(refused)
    const originalError = jwtError(refused.reason, token)
    if (passthroughInvalid) ctx.state.jwtOriginalError = originalError
    else {
      const headers = headersOf(refused.reply)
      if (isOfField(refused, field)) ctx.throw(401, badFormat, { headers })
      ctx.throw(401, 'Authentication Error', refused.reason === 'no_credentials' ? { headers } : { headers, originalError })
    }
  }

  return async (ctx: C): Promise<void> => {
    const sent = guardRequest(ctx)
    const given = getToken?.(ctx) || undefined
    const field = given === undefined ? authorizationField(sent) : undefined
    // A route that lets requests pass takes credentials of another scheme for none: they may be for somebody else.
    const isNone = field === '' || (passesMissing && isOtherScheme(field))
    const request = given !== undefined || isNone ? withToken(sent, given) : sent
    const admission = await guard.check(request, ...requirements)
    const token = given ?? presentedToken(sent)
    if (!admission.ok) return refuse(ctx, admission, token, field)
    if (admission.anonymous) {
      ctx.state.jwtOriginalError = jwtError('no_credentials', undefined)
      return
    }
    if (admission.headers) setFields(ctx, admission.headers)
    ctx.state[key] = writableCopy(admission.auth.claims)
    if (tokenKey !== undefined) ctx.state[tokenKey] = token
  }
}
