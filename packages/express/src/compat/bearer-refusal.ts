import { type Admission, type Reason, refuse } from '@countersign/core'
import { headersOf, isOutage, ServiceUnavailableError } from '@countersign/core/compat'
import { bare, type ChallengeFields, InvalidRequestError, InvalidTokenError, missingCredentials } from './bearer-errors.js'

type Refused = Extract<Admission<never>, { ok: false }>

/** The messages of `express-oauth2-jwt-bearer`. Reasons that it does not know have the text of the guard. */
const messages: Readonly<Partial<Record<Reason, string>>> = {
  malformed: 'Invalid Compact JWS',
  signature: 'signature verification failed',
  unknown_key: 'no applicable key found in the JSON Web Key Set',
  expired: '"exp" claim timestamp check failed',
  not_yet_valid: '"nbf" claim timestamp check failed',
  unknown_issuer: "Unexpected 'iss' value",
  audience: "Unexpected 'aud' value",
  token_type: "Unexpected 'typ' value",
}

/** The fields of the guard, with the challenge under the name and with the description that the old package gives. */
function fieldsOf({ reply }: Refused, message: string): ChallengeFields {
  const { 'www-authenticate': challenge = '', 'cache-control': _, ...others } = headersOf(reply)
  const description = `error_description="${message.replaceAll('"', "'")}"`
  const text = [challenge]
    .flat()
    .join(', ')
    .replace(/error_description="[^"]*"/, () => description)
  const further = Object.entries(others).map(([name, value]) => [name, [value].flat().join(', ')] as const)
  return { 'WWW-Authenticate': text, ...Object.fromEntries(further) }
}

const several = 'More than one method used for authentication'
const ofField: readonly Reason[] = ['no_credentials', 'scheme', 'malformed_request']

function messageOf(reason: Reason, field: unknown): string {
  const hasHeader = typeof field !== 'string' || field.split('.').length === 3
  return reason === 'malformed' && !hasHeader
    ? 'Invalid Token or Protected Header formatting'
    : (messages[reason] ?? refuse(reason).description)
}

/** The error of `express-oauth2-jwt-bearer` for a refusal. */
export function bearerRefusal(refused: Refused, field: string | readonly string[] | undefined): Error {
  if (isOutage(refused)) return new ServiceUnavailableError(refused)
  const { reason } = refused
  const isReadable = typeof field !== 'string' || /^[^ ]+ [^ ]+$/.test(field)
  if (reason === 'malformed_request' && isReadable) return new InvalidRequestError(several, 'invalid_request', fieldsOf(refused, several))
  if (reason === 'no_credentials' && field === undefined) return missingCredentials(fieldsOf(refused, ''))
  const isDpop = reason === 'confirmation' && /^dpop /i.test(String(field))
  if (isDpop || ofField.includes(reason)) return new InvalidRequestError('', '', bare)
  const message = messageOf(reason, field)
  return new InvalidTokenError(message, fieldsOf(refused, message))
}
