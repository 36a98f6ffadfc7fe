import { Unavailable } from '@countersign/core'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { createRevocations, fromIssuers, requireAnyScope, requireAuthentication, requireClaims, requireScopes } from '@countersign/verifier'
import { z } from 'zod'
import { type Row, written } from './detail-row.js'
import { audience, entryOf, issuer, startsAt, tokenOf, withHeader } from './guard-setup.js'

const revoked = (reason: 'revoked_key' | 'revoked_token' | 'revoked_subject' | 'revoked_client' | 'unprovable'): Row => ({
  what: 'as a view of revocations says',
  reason,
  request: () => tokenOf(),
  options: () => ({ revocations: { ...createRevocations(), check: () => reason } }),
  detail: undefined,
})

const manyKeys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => publicJwkOf(testKeys.es256Other, { kid: name.repeat(200) }))

/** Refusals by the rules of the issuer entry and of the route. */
export const detailsOfRules: readonly Row[] = [
  {
    what: 'another type of token',
    reason: 'token_type',
    request: () => tokenOf({}, { typ: 'logout+jwt' }),
    options: () => ({ issuers: { main: entryOf({ typ: 'at+jwt' }) } }),
    detail: { expected: 'at+jwt', received: 'logout+jwt' },
  },
  { what: 'no signature', reason: 'algorithm', request: () => written('{}', '{"alg":"none"}'), detail: { received: 'none' } },
  {
    what: 'an algorithm that the entry does not have',
    reason: 'algorithm',
    request: () => tokenOf({}, {}, testKeys.rs256),
    detail: { expected: 'ES256', received: 'RS256' },
  },
  {
    what: 'a stranger',
    reason: 'unknown_issuer',
    request: () => tokenOf({ iss: `${issuer}/` }),
    detail: { received: `${issuer}/` },
  },
  {
    what: 'a key that the issuer does not have',
    reason: 'unknown_key',
    request: () => tokenOf({}, { kid: 'other' }),
    detail: { expected: 'ES256: test-es256', received: 'kid other, ES256' },
  },
  {
    what: 'a long kid, of an issuer with many keys',
    reason: 'unknown_key',
    request: () => tokenOf({}, { kid: 'x'.repeat(1000) }),
    options: () => ({ issuers: { main: entryOf({ keys: manyKeys }) } }),
    detail: {
      expected: `ES256: ${['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name.repeat(21)}...`).join(', ')} and 2 more`,
      received: `kid ${'x'.repeat(120)}, ES256`,
    },
  },
  {
    what: 'a kid whose key is for another algorithm',
    reason: 'unknown_key',
    request: () => tokenOf({}, { kid: testKeys.rs256.kid }),
    options: () => ({ issuers: { main: entryOf({ algorithms: ['ES256', 'RS256'], keys: publicJwkOf(testKeys.rs256) }) } }),
    detail: { expected: 'no key for ES256; others: test-rs256', received: 'kid test-rs256, ES256' },
  },
  {
    what: 'no kid, of an issuer that has no key for the algorithm',
    reason: 'unknown_key',
    request: () => tokenOf({}, { kid: undefined }),
    options: () => ({ issuers: { main: entryOf({ algorithms: ['ES256', 'RS256'], keys: publicJwkOf(testKeys.rs256) }) } }),
    detail: { expected: 'no key for ES256; others: test-rs256', received: 'no kid, ES256' },
  },
  {
    what: 'an altered token',
    reason: 'signature',
    request: async () => `${(await tokenOf()).slice(0, -8)}AAAAAAAA`,
    detail: undefined,
  },
  {
    what: '10 s too late',
    reason: 'expired',
    request: () => tokenOf({ exp: startsAt - 10 }),
    options: () => ({ issuers: { main: entryOf({ clockToleranceSeconds: 5 }) } }),
    detail: { expected: 'exp less than 5 s ago (clockToleranceSeconds)', received: 'exp 10 s ago' },
  },
  {
    what: 'an hour too late',
    reason: 'expired',
    request: () => tokenOf({ exp: startsAt - 3600.5 }),
    options: () => ({ issuers: { main: entryOf({ clockToleranceSeconds: 5 }) } }),
    detail: { expected: 'exp less than 5 s ago (clockToleranceSeconds)', received: 'exp 3600.5 s ago' },
  },
  {
    what: 'an hour too early',
    reason: 'not_yet_valid',
    request: () => tokenOf({ nbf: startsAt + 3600, exp: startsAt + 7200 }),
    options: () => ({ issuers: { main: entryOf({ clockToleranceSeconds: 5 }) } }),
    detail: { expected: 'nbf at most 5 s ahead (clockToleranceSeconds)', received: 'nbf 3600 s ahead' },
  },
  {
    what: 'by a clock that is ahead',
    reason: 'issued_in_future',
    request: () => tokenOf({ iat: startsAt + 90 }),
    options: () => ({ issuers: { main: entryOf({ maxFutureIssuedSeconds: 60 }) } }),
    detail: { expected: 'iat at most 60 s ahead (maxFutureIssuedSeconds)', received: 'iat 90 s ahead' },
  },
  {
    what: 'by a clock that is ahead, where an age is demanded and nothing is said of the future',
    reason: 'issued_in_future',
    request: () => tokenOf({ iat: startsAt + 90 }),
    options: () => ({ issuers: { main: entryOf({ maxFutureIssuedSeconds: null, maxAgeSeconds: 60, clockToleranceSeconds: 5 }) } }),
    detail: { expected: 'iat at most 5 s ahead (clockToleranceSeconds)', received: 'iat 90 s ahead' },
  },
  {
    what: 'longer ago than it may be',
    reason: 'too_old',
    request: () => tokenOf({ iat: startsAt - 100 }),
    options: () => ({ issuers: { main: entryOf({ maxAgeSeconds: 60, clockToleranceSeconds: 5 }) } }),
    detail: { expected: 'iat at most 60 s ago (maxAgeSeconds), and 5 s (clockToleranceSeconds)', received: 'iat 100 s ago' },
  },
  {
    what: 'for another API',
    reason: 'audience',
    request: () => tokenOf({ aud: 'https://other.test' }),
    detail: { expected: audience, received: 'https://other.test' },
  },
  {
    what: 'what the preset demands',
    reason: 'issuer_rule',
    request: () => tokenOf(),
    options: () => ({
      issuers: { main: { ...entryOf(), rule: { ...entryOf().rule, validate: () => ({ expected: 'a', received: 'b' }) } } },
    }),
    detail: { expected: 'a', received: 'b' },
  },
  {
    what: 'a claim that the schema does not take',
    reason: 'schema',
    request: () => tokenOf({ grade: 'x' }),
    options: () => ({ issuers: { main: entryOf({ schema: z.object({ grade: z.number() }) }) } }),
    detail: { expected: 'schema: grade' },
  },
  {
    what: 'a token that is bound to a key',
    reason: 'confirmation',
    request: () => tokenOf({ cnf: { jkt: 'x' } }),
    detail: { expected: 'a token without cnf', received: 'cnf' },
  },
  {
    what: 'the scheme DPoP',
    reason: 'confirmation',
    request: () => withHeader('DPoP x'),
    detail: { expected: 'the scheme Bearer', received: 'the scheme DPoP' },
  },
  revoked('revoked_key'),
  revoked('revoked_token'),
  revoked('revoked_subject'),
  revoked('revoked_client'),
  revoked('unprovable'),
  {
    what: 'one scope of two',
    reason: 'insufficient_scope',
    request: () => tokenOf(),
    requirements: [requireScopes('read', 'admin')],
    detail: { expected: 'all of: read admin', received: 'read write' },
  },
  {
    what: 'none of the scopes that would do',
    reason: 'insufficient_scope',
    request: () => tokenOf({ scope: undefined }),
    requirements: [requireAnyScope('read', 'admin')],
    detail: { expected: 'one of: read admin', received: 'no scope' },
  },
  {
    what: 'another acr',
    reason: 'insufficient_authentication',
    request: () => tokenOf({ acr: 'low' }),
    requirements: [requireAuthentication({ acr: ['mid', 'high'] })],
    detail: { expected: 'acr: mid high', received: 'acr: low' },
  },
  {
    what: 'a sign-in of an hour ago',
    reason: 'insufficient_authentication',
    request: () => tokenOf({ auth_time: startsAt - 3600 }),
    requirements: [requireAuthentication({ maxAgeSeconds: 300 })],
    detail: { expected: 'auth_time at most 300 s ago', received: 'auth_time 3600 s ago' },
  },
  {
    what: 'an entry that the route does not name',
    reason: 'wrong_issuer',
    request: () => tokenOf(),
    requirements: [fromIssuers('other')],
    detail: { expected: 'other', received: 'main' },
  },
  {
    what: 'a rule of the host',
    reason: 'forbidden',
    request: () => tokenOf(),
    requirements: [requireClaims(() => false)],
    detail: undefined,
  },
  {
    what: 'an outage',
    reason: 'revocation_unavailable',
    request: () => tokenOf(),
    options: () => ({
      revocations: { ...createRevocations(), check: () => Promise.reject(new Unavailable('revocation_unavailable')) },
    }),
    detail: undefined,
  },
]
