import type { DifferenceTable } from './differences.js'
import { acceptedBefore } from './token-differences.js'

const otherFault =
  'The token has several faults, or the guard looks in another order: cheap checks first, and the issuer before the signature.'

/** Answers and messages that are others than those of express-jwt 8. */
export const expressJwtDifferences: DifferenceTable = {
  answers: [
    ...acceptedBefore.map((row) => ({ ...row, before: '200', after: '401 invalid_token' })),
    {
      what: 'two Authorization fields, the first of which is good',
      before: '200',
      after: '401 credentials_bad_format',
      why: 'Node shows the first, a proxy may have checked the last (RFC 6750 §2: one method, one token).',
      probes: [
        '*: two fields with the same good token',
        '*: two fields, the good token first',
        '/optional: two fields, the good token last',
      ],
    },
    {
      what: 'two Authorization fields, the first of another scheme',
      before: '401 credentials_bad_scheme',
      after: '401 credentials_bad_format',
      why: 'The same.',
      probes: ['*: two fields, the good token last'],
    },
    {
      what: 'a good token in the field, and `access_token` in the query',
      before: '200',
      after: '401 credentials_bad_format',
      why: 'Two methods at once (RFC 6750 §2), and URLs stand in logs.',
      probes: ['*: a good token and access_token in the query'],
    },
    {
      what: 'more than one blank after `Bearer`',
      before: '401 credentials_bad_format',
      after: '200',
      why: 'RFC 9110 §11.4 allows it.',
      probes: ['*: two blanks after the scheme'],
    },
    {
      what: 'a token of `getToken` with a blank after it',
      before: '401 invalid_token',
      after: '200',
      why: 'The guard reads it as it reads the field, without blanks at the end.',
      probes: ['*: a token and a blank'],
    },
    {
      what: 'the scheme DPoP on a route with `credentialsRequired: false`',
      before: '200',
      after: '401 credentials_bad_scheme',
      why: 'Credentials for this API that cannot be checked are refused, and not passed over. Other schemes still count as none.',
      probes: ['/optional: the scheme DPoP'],
    },
    {
      what: 'a value with commas after `Bearer`',
      before: '401 invalid_token',
      after: '401 credentials_bad_format',
      why: 'A list is not a token.',
      probes: ['segments: the JSON serialization'],
    },
    {
      what: 'a `kid` that is an object',
      before: '500',
      after: '401 invalid_token',
      why: 'What a client sends is never an error of the server.',
      probes: ['header: kid: an object'],
    },
    {
      what: 'an `exp` of minus infinity, an `nbf` of infinity',
      before: '401 invalid_token',
      after: '401 invalid_token',
      why: 'The error is a `JsonWebTokenError`, because the number is not one; before, it was a `TokenExpiredError` or a `NotBeforeError`.',
      probes: ['claims: exp: minus Infinity', 'claims: nbf: Infinity'],
    },
  ],
  wordings: [
    {
      before: 'jwt audience invalid. expected: *',
      after: 'jwt audience invalid',
      why: 'Error handlers send messages to clients. What was expected is in the event `countersign:refused`.',
    },
    { before: 'jwt issuer invalid. expected: *', after: 'jwt issuer invalid', why: 'The same.' },
    { before: 'jwt signature is required', after: 'invalid token', why: otherFault },
    { before: 'invalid signature', after: 'invalid token', why: otherFault },
    { before: 'jwt audience invalid. expected: *', after: 'invalid token', why: otherFault },
    { before: 'jwt issuer invalid. expected: *', after: 'invalid token', why: otherFault },
    { before: 'secret or public key must be provided', after: 'invalid token', why: otherFault },
    { before: 'invalid algorithm', after: 'invalid token', why: otherFault },
    {
      before: 'secret or public key must be provided',
      after: 'invalid algorithm',
      why: '`jwks-rsa` gives no key for another algorithm; the guard names the algorithm.',
    },
    { before: 'invalid exp value', after: 'invalid token', why: 'A claim of the wrong type makes the whole token invalid.' },
    { before: 'invalid nbf value', after: 'invalid token', why: 'The same.' },
  ],
}
