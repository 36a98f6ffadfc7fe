import type { DifferenceTable } from './differences.js'
import { acceptedBefore } from './token-differences.js'

const otherFault =
  'The token has several faults, or the guard looks in another order: cheap checks first, and the issuer before the signature.'
const noKey = '`koaJwtSecret` of `jwks-rsa` has errors of its own; the guard gives those of jsonwebtoken.'
const jwt = (message: string): string => `JsonWebTokenError: ${message}`

/** Answers and messages that are others than those of koa-jwt 4. */
export const koaJwtDifferences: DifferenceTable = {
  answers: [
    ...acceptedBefore.map((row) => ({ ...row, before: '200', after: '401' })),
    {
      what: '`passthrough: true`, and a token that is bad or stands in a bad field',
      before: '200',
      after: '401',
      why: 'Only missing credentials pass. A handler that does not look at `jwtOriginalError` would serve a forged token. `passthroughInvalid: true` is as before.',
      probes: [
        '/optional: a token that *',
        '/optional: a token for another audience',
        '/optional: a token of another issuer',
        '/optional: a token with an unknown kid',
        '/optional: the token without a scheme',
        '/optional: Basic without a value',
        '/optional: the scheme alone',
        '/optional: the scheme and a blank',
        '/optional: two tokens',
        '/optional: the scheme DPoP',
        '/optional: two fields, the good token last',
      ],
    },
    {
      what: '`passthrough: true`, and no token',
      before: '200',
      after: '200',
      why: '`jwtOriginalError` is `jwt must be provided`, as with a shared secret; with `jwks-rsa` it was `Invalid token`.',
      probes: ['/optional: no credentials', '/optional: an empty field', '/optional: Basic', '/optional: the scheme JWT'],
    },
    {
      what: 'more than one blank after `Bearer`, with `passthrough: true`',
      before: '200',
      after: '200',
      why: 'RFC 9110 §11.4 allows it: the token is read, and `ctx.state.user` is there.',
      probes: ['/optional: two blanks after the scheme'],
    },
    {
      what: 'more than one blank after `Bearer`',
      before: '401',
      after: '200',
      why: 'The same.',
      probes: ['*: two blanks after the scheme'],
    },
    {
      what: 'two Authorization fields, the first of which is good',
      before: '200',
      after: '401',
      why: 'Node shows the first, a proxy may have checked the last (RFC 6750 §2: one method, one token).',
      probes: ['*: two fields with the same good token', '*: two fields, the good token first'],
    },
    {
      what: 'a good token in the field, and `access_token` in the query',
      before: '200',
      after: '401',
      why: 'Two methods at once (RFC 6750 §2), and URLs stand in logs.',
      probes: ['*: a good token and access_token in the query'],
    },
    {
      what: 'a value with commas after `Bearer`',
      before: '401',
      after: '401',
      why: 'A list is not a token: the text is `Bad Authorization header format…` in place of `Authentication Error`.',
      probes: ['segments: the JSON serialization'],
    },
    {
      what: 'an `exp` of minus infinity, an `nbf` of infinity',
      before: '401',
      after: '401',
      why: '`originalError` is a `JsonWebTokenError`, because the number is not one; before, it was a `TokenExpiredError` or a `NotBeforeError`.',
      probes: ['claims: exp: minus Infinity', 'claims: nbf: Infinity'],
    },
  ],
  wordings: [
    {
      before: jwt('jwt audience invalid. expected: *'),
      after: jwt('jwt audience invalid'),
      why: 'What was expected is in the event `countersign:refused`.',
    },
    { before: jwt('jwt issuer invalid. expected: *'), after: jwt('jwt issuer invalid'), why: 'The same.' },
    { before: 'SigningKeyNotFoundError: *', after: jwt('secret or public key must be provided'), why: noKey },
    { before: 'Error: Invalid token', after: jwt('jwt malformed'), why: noKey },
    { before: 'Error: Invalid token', after: jwt('invalid token'), why: noKey },
    { before: 'Error: Missing / invalid token algorithm', after: jwt('invalid algorithm'), why: noKey },
    { before: 'Error: Missing / invalid token algorithm', after: jwt('invalid token'), why: noKey },
    { before: 'SigningKeyNotFoundError: *', after: jwt('invalid token'), why: noKey },
    { before: 'TypeError: *', after: jwt('invalid token'), why: noKey },
    { before: jwt('jwt signature is required'), after: jwt('invalid token'), why: otherFault },
    { before: jwt('invalid signature'), after: jwt('invalid token'), why: otherFault },
    { before: jwt('jwt audience invalid. expected: *'), after: jwt('invalid token'), why: otherFault },
    { before: jwt('jwt issuer invalid. expected: *'), after: jwt('invalid token'), why: otherFault },
    { before: jwt('invalid exp value'), after: jwt('invalid token'), why: 'A claim of the wrong type makes the whole token invalid.' },
    { before: jwt('invalid nbf value'), after: jwt('invalid token'), why: 'The same.' },
  ],
}
