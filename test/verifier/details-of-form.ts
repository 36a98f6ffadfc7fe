import type { RefusalDetail } from '@countersign/core'
import { encoded, type Row, written } from './detail-row.js'
import { entryOf, issuer, startsAt, tokenOf, withHeader } from './guard-setup.js'

const aTime = 'a number of seconds'
const aToken = 'a compact JWS: three segments of base64url with dots between them'
const aHeader = 'a JOSE header as one JSON object in base64url'
const oneToken = 'one token, in one place that is accepted'
const claims = (what: string, changes: Readonly<Record<string, unknown>>, detail: RefusalDetail): Row => ({
  what,
  reason: 'claims',
  request: () => tokenOf(changes),
  detail,
})
const malformed = (what: string, token: string, received: string, expected = aToken): Row => ({
  what,
  reason: 'malformed',
  request: () => token,
  detail: { expected, received },
})
const header = (what: string, changes: Readonly<Record<string, unknown>>, detail: RefusalDetail): Row => ({
  what,
  reason: 'header',
  request: () => tokenOf({}, changes),
  detail,
})

const bytes = (count: number): string => 'a'.repeat(count)

/** Refusals for how a request, a token, its header or its claims are written. */
export const detailsOfForm: readonly Row[] = [
  { what: 'nothing', reason: 'no_credentials', request: () => ({ headers: {} }), detail: undefined },
  {
    what: 'the scheme alone',
    reason: 'no_credentials',
    request: () => withHeader('Bearer '),
    detail: { expected: 'a token', received: 'Bearer with nothing after it' },
  },
  { what: 'Basic', reason: 'scheme', request: () => withHeader('BASIC eDp5'), detail: { expected: 'Bearer', received: 'Basic' } },
  {
    what: 'a token without a scheme',
    reason: 'scheme',
    request: async () => withHeader(await tokenOf()),
    detail: { expected: 'Bearer', received: 'no scheme that is known' },
  },
  {
    what: 'two fields',
    reason: 'malformed_request',
    request: () => ({ headers: { authorization: ['Bearer a', 'Bearer b'] } }),
    detail: { expected: oneToken, received: 'several Authorization fields' },
  },
  {
    what: 'a token in the query',
    reason: 'malformed_request',
    request: () => ({ headers: {}, url: '/?access_token=x' }),
    detail: { expected: oneToken, received: 'access_token in the query, where tokenFrom.query is off' },
  },
  {
    what: 'a header and a query',
    reason: 'malformed_request',
    request: () => withHeader('Bearer x', { url: '/?access_token=x' }),
    options: () => ({ tokenFrom: { query: true } }),
    detail: { expected: oneToken, received: 'a token in several places' },
  },
  {
    what: 'an empty parameter',
    reason: 'malformed_request',
    request: () => ({ headers: {}, url: '/?access_token=' }),
    options: () => ({ tokenFrom: { query: true } }),
    detail: { expected: oneToken, received: 'an access_token that is empty or not a string' },
  },
  {
    what: 'two tokens in one field',
    reason: 'malformed_request',
    request: () => withHeader('Bearer a, Bearer b'),
    detail: { expected: oneToken, received: 'something after the token' },
  },
  {
    what: 'a long token',
    reason: 'too_large',
    request: () => bytes(8193),
    detail: { expected: 'at most 8192 bytes (maxTokenBytes)', received: '8193' },
  },
  malformed('an opaque token', 'b3BhcXVl', 'one segment: an opaque token?'),
  malformed('a JWE', 'a.b.c.d.e', 'five segments: an encrypted token (JWE)?'),
  malformed('four segments', 'a.b.c.d', '4 segments'),
  malformed('undefined', 'undefined', 'the word "undefined", which stands for a variable without a token'),
  malformed('null', 'null', 'the word "null", which stands for a variable without a token'),
  malformed('a token in quotes', '"a.b.c"', 'a token in quotation marks'),
  malformed('a token without signature', 'YQ.YQ.', 'three segments, of which one is empty'),
  malformed('padding in the claims', 'YQ.YQ==.YQ', 'a segment that is not base64url'),
  malformed('padding in the header', 'YQ==.YQ.YQ', 'a first segment that is not base64url', aHeader),
  malformed('text beyond ASCII', 'é.YQ.YQ', 'characters that are not ASCII'),
  malformed('a header that is no JSON', `${encoded('x')}.YQ.AAAA`, 'a first segment that is not JSON', aHeader),
  malformed('claims that are no JSON', written('x'), 'not JSON', 'claims as one JSON object'),
  malformed('claims that are a list', written('[]'), 'JSON, but no object', 'claims as one JSON object'),
  malformed(
    'a claim twice',
    written('{"sub":"a","sub":"b"}'),
    'a member name twice, or an unpaired surrogate',
    'claims as one JSON object',
  ),
  header('a kid that is a number', { kid: 7 }, { expected: 'kid: a string', received: 'a number' }),
  header('a typ that is null', { typ: null }, { expected: 'typ: a string', received: 'null' }),
  {
    what: 'crit',
    reason: 'header',
    request: () => written('{}', '{"alg":"ES256","crit":["b64"]}'),
    detail: { expected: 'no crit: no extension is understood', received: 'crit' },
  },
  header('a long kid', { kid: bytes(1025) }, { expected: 'kid: at most 1024 characters', received: '1025' }),
  {
    what: 'no alg',
    reason: 'header',
    request: () => written('{}', '{}'),
    detail: { expected: 'alg: a string', received: 'nothing' },
  },
  {
    what: 'an integer beyond 2^53 in the header',
    reason: 'header',
    request: () => written('{}', '{"alg":"ES256","n":9007199254740993}'),
    detail: {
      expected: 'n: a string, or an integer between -(2^53 - 1) and 2^53 - 1',
      received: 'an integer that a double cannot hold',
    },
  },
  claims('a sub that is a number', { sub: 42 }, { expected: 'sub: a string that is not empty', received: 'a number' }),
  claims('an empty sub', { sub: '' }, { expected: 'sub: a string that is not empty', received: 'an empty string' }),
  claims('an exp as text', { exp: String(startsAt) }, { expected: `exp: ${aTime}`, received: 'a string' }),
  claims('no exp', { exp: undefined }, { expected: `exp: ${aTime}`, received: 'nothing' }),
  claims('no iss', { iss: undefined }, { expected: 'iss: a string', received: 'nothing' }),
  claims('an iss that is an array', { iss: [issuer] }, { expected: 'iss: a string', received: 'an array' }),
  claims('an nbf that is null', { nbf: null }, { expected: `nbf: ${aTime}`, received: 'null' }),
  claims('an iat that is true', { iat: true }, { expected: `iat: ${aTime}`, received: 'true or false' }),
  claims('a jti that is a number', { jti: 1 }, { expected: 'jti: a string', received: 'a number' }),
  claims('an aud that is an object', { aud: {} }, { expected: 'aud: a string, or an array of strings', received: 'an object' }),
  {
    ...claims('no iat where an age is demanded', { iat: undefined }, { expected: `iat: ${aTime}`, received: 'nothing' }),
    options: () => ({ issuers: { main: entryOf({ maxAgeSeconds: 60 }) } }),
  },
  {
    what: 'an integer beyond 2^53',
    reason: 'claims',
    request: () => written(`{"iss":"${issuer}","account":{"ids":[9007199254740993]}}`),
    detail: {
      expected: 'account: a string, or an integer between -(2^53 - 1) and 2^53 - 1',
      received: 'an integer that a double cannot hold',
    },
  },
]
