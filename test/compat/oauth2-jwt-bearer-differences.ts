import type { DifferenceTable } from './differences.js'
import { acceptedBefore } from './token-differences.js'

/** Kinds of tokens that jose refuses too, in whole or in part; the rows below say which. */
const byJose: readonly string[] = ['`crit`', 'without `exp`', 'registered claim']
const otherFault =
  'The token has several faults, or the guard looks in another order: cheap checks first, and the issuer before the signature.'
const malformed = 'The access token is malformed.'
const compact = 'Invalid Compact JWS'
const unreadable = 'Invalid Token or Protected Header formatting'
const untrusted = 'The access token is not trusted here.'

/** Answers and messages that are others than those of express-oauth2-jwt-bearer 1. */
export const oauth2JwtBearerDifferences: DifferenceTable = {
  answers: [
    ...acceptedBefore
      .filter(({ what }) => !byJose.some((text) => what.includes(text)))
      .map((row) => ({ ...row, before: '200', after: '401 invalid_token' })),
    {
      what: 'a `kid` or a `typ` that is not a string, an `aud` with other values than strings, an empty `sub`',
      before: '200',
      after: '401 invalid_token',
      why: 'RFC 7515 §4.1 and RFC 7519 §4.1 give them types; handlers rely on them.',
      probes: [
        'header: kid: a number',
        'header: kid: an*',
        'header: kid: null',
        'header: kid: true',
        'header: typ: *',
        'audience and issuer: aud: a list with *',
        'claims: sub: empty',
      ],
    },
    {
      what: 'base64url with padding, the other alphabet or other characters; a byte order mark before the JSON',
      before: '200',
      after: '401 invalid_token',
      why: 'One token would have many spellings (RFC 7515 §2): what compares or revokes tokens by their text must see one.',
      probes: [
        'segments: a payload in the alphabet with + and /',
        'segments: a header in the alphabet with + and /',
        'segments: padding *',
        'segments: the character *',
        'segments: a no-break space after it',
        'header: a header after a byte order mark',
        'claims: a payload after a byte order mark',
      ],
    },
    {
      what: '`authRequired: false`, and a token that is refused',
      before: '200',
      after: '401 invalid_token',
      why: 'Only missing credentials pass. A client with a bad token must learn that, and an attack must not look like a visitor.',
      probes: [
        '/optional: a token that *',
        '/optional: a token for another audience',
        '/optional: a token of another issuer',
        '/optional: a token with an unknown kid',
        'query, optional: a token *',
      ],
    },
    {
      what: '`authRequired: false`, and a field that cannot be read, or the scheme DPoP',
      before: '200',
      after: '400',
      why: 'The same. Credentials of another scheme, for instance Basic, still count as none.',
      probes: [
        '/optional: the token without a scheme',
        '/optional: the scheme alone',
        '/optional: the scheme and a blank',
        '/optional: the scheme DPoP',
        '/optional: two tokens',
        '/optional: Basic without a value',
        '/optional: an empty field',
      ],
    },
    {
      what: '`authRequired: false`, and credentials in two places',
      before: '200',
      after: '400 invalid_request',
      why: 'The same.',
      probes: ['/optional: two fields, *', '/optional: a good token and access_token in the query'],
    },
    {
      what: 'two Authorization fields, the first of which is good',
      before: '200',
      after: '400 invalid_request',
      why: 'Node shows the first, a proxy may have checked the last (RFC 6750 §2: one method, one token).',
      probes: ['*: two fields with the same good token', '/required: two fields, the good token first'],
    },
    {
      what: 'two Authorization fields, the first of another scheme',
      before: '400',
      after: '400 invalid_request',
      why: 'The same.',
      probes: ['/required: two fields, the good token last'],
    },
    {
      what: 'more than one blank after `Bearer`',
      before: '400',
      after: '200',
      why: 'RFC 9110 §11.4 allows it.',
      probes: ['/required: two blanks after the scheme'],
    },
    {
      what: 'the same with `authRequired: false`',
      before: '200',
      after: '200',
      why: 'The token is read, and `req.auth` is there.',
      probes: ['/optional: two blanks after the scheme'],
    },
    {
      what: 'a value with commas after `Bearer`',
      before: '401 invalid_token',
      after: '400 invalid_request',
      why: 'A list is not a token.',
      probes: ['segments: the JSON serialization'],
    },
  ],
  wordings: [
    {
      before: 'Unsupported algorithm *',
      after: untrusted,
      why: 'What a client sent is not sent back. The event `countersign:refused` has it.',
    },
    { before: 'no applicable key found in the JSON Web Key Set', after: untrusted, why: 'The algorithm is looked at before the key.' },
    { before: 'Token header missing or invalid "alg" claim', after: untrusted, why: otherFault },
    { before: 'Token header missing or invalid "alg" claim', after: malformed, why: otherFault },
    { before: 'Unsupported algorithm *', after: compact, why: otherFault },
    { before: compact, after: unreadable, why: otherFault },
    { before: unreadable, after: compact, why: otherFault },
    { before: unreadable, after: malformed, why: otherFault },
    { before: 'signature verification failed', after: compact, why: otherFault },
    { before: 'signature verification failed', after: malformed, why: otherFault },
    { before: 'JWT Claims Set must be a top-level JSON object', after: compact, why: otherFault },
    { before: '*Header Parameter*', after: malformed, why: otherFault },
    { before: 'Unexpected *', after: compact, why: otherFault },
    { before: 'Unexpected *', after: malformed, why: 'A claim of the wrong type makes the whole token invalid.' },
    { before: '* claim must be a number', after: malformed, why: 'The same.' },
    { before: '* claim timestamp check failed', after: compact, why: 'The number is not one: minus infinity, or infinity.' },
  ],
}
