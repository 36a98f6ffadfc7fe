import type { Admission } from '@countersign/core'
import { headersOf, isOutage, jwtError, ServiceUnavailableError } from '@countersign/core/compat'
import { type UnauthorizedCode, UnauthorizedError } from './unauthorized-error.js'

/** What a refusal is about: the Authorization field, as far as it was read, or a token of `getToken`. */
export interface RefusedCredentials {
  /** Several values if the field was sent more than once. */
  readonly field: string | readonly string[] | undefined
  readonly token: string | undefined
}

/** Stands for a token that is not a string. */
export const notString = '.'

type Refused = Extract<Admission<never>, { ok: false }>
type Inner = NonNullable<UnauthorizedError['inner']>

const format: Inner = { message: 'Format is Authorization: Bearer [token]' }
const revoked: readonly string[] = ['revoked_key', 'revoked_token', 'revoked_subject', 'revoked_client', 'unprovable']

/** What is wrong with the field itself. */
function ofField({ reason }: Refused, field: string | readonly string[]): readonly [UnauthorizedCode, Inner] | undefined {
  const [scheme = '', ...rest] = [field].flat().join(', ').split(' ')
  const isUnusable = ['scheme', 'malformed_request', 'no_credentials'].includes(reason)
  if (!isUnusable && !(reason === 'confirmation' && scheme.toLowerCase() === 'dpop')) return undefined
  return [rest.length === 1 && scheme.toLowerCase() !== 'bearer' ? 'credentials_bad_scheme' : 'credentials_bad_format', format]
}

function ofToken({ reason }: Refused, token: string | undefined): readonly [UnauthorizedCode, Inner] {
  if (reason === 'no_credentials') return ['credentials_required', { message: 'No authorization token was found' }]
  return revoked.includes(reason)
    ? ['revoked_token', { message: 'The token has been revoked.' }]
    : ['invalid_token', jwtError(reason, token, token === notString ? 'jwt must be a string' : undefined)]
}

/** The error of `express-jwt` for a refusal. */
export function jwtRefusal(refused: Refused, { field, token }: RefusedCredentials): UnauthorizedError | ServiceUnavailableError {
  if (isOutage(refused)) return new ServiceUnavailableError(refused)
  const [code, inner] = (field && ofField(refused, field)) || ofToken(refused, token)
  const members = { code, status: 401, name: 'UnauthorizedError', inner }
  return new UnauthorizedError(inner.message, members, { headers: headersOf(refused.reply) })
}
