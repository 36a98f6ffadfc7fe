import type { DifferenceTable } from './differences.js'
import { acceptedBefore } from './token-differences.js'

const otherFault =
  'The token has several faults, or the guard looks in another order: cheap checks first, and the issuer before the signature.'
const jwt = (message: string): string => `JsonWebTokenError: ${message}`

/** Answers, and messages in `info`, that are others than those of passport-jwt 4. */
export const passportJwtDifferences: DifferenceTable = {
  answers: [
    // `passportJwtSecret` of `jwks-rsa` decodes the token itself, and refuses what is not UTF-8.
    ...acceptedBefore.filter(({ what }) => !what.includes('not UTF-8')).map((row) => ({ ...row, before: '200', after: '401' })),
    {
      what: 'an `exp` of minus infinity, an `nbf` of infinity',
      before: '401',
      after: '401',
      why: '`info` is a `JsonWebTokenError`, because the number is not one; before, it was a `TokenExpiredError` or a `NotBeforeError`.',
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
    {
      before: jwt('secret or public key must be provided'),
      after: jwt('invalid algorithm'),
      why: '`jwks-rsa` gives no key for another algorithm; the guard names the algorithm.',
    },
    { before: jwt('secret or public key must be provided'), after: jwt('invalid token'), why: otherFault },
    { before: 'TypeError: *', after: jwt('invalid token'), why: 'What a client sends is never an error of the program.' },
    { before: jwt('invalid algorithm'), after: jwt('invalid token'), why: otherFault },
    { before: jwt('jwt signature is required'), after: jwt('invalid token'), why: otherFault },
    { before: jwt('invalid signature'), after: jwt('invalid token'), why: otherFault },
    { before: jwt('jwt audience invalid. expected: *'), after: jwt('invalid token'), why: otherFault },
    { before: jwt('jwt issuer invalid. expected: *'), after: jwt('invalid token'), why: otherFault },
    { before: jwt('invalid exp value'), after: jwt('invalid token'), why: 'A claim of the wrong type makes the whole token invalid.' },
    { before: jwt('invalid nbf value'), after: jwt('invalid token'), why: 'The same.' },
  ],
}
