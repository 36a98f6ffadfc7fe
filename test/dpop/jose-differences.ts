import type { Algorithm } from '@countersign/core'
import { rawSignature } from '../jwt/compact.js'
import { type Difference, keyDifferences, tokenDifferences } from '../jwt/jose-differences.js'
import { type TokenFacts, factsOf as tokenFacts } from '../jwt/jose-judge.js'
import { jwkFor } from '../jwt/sample-keys.js'
import type { ProofCase } from './jose-checker.js'
import { accessToken, hashOf, method, startsAt, url } from './proofs.js'

/** What can be said of a proof without the code under test. */
export function factsOf({ proof, now }: ProofCase): TokenFacts {
  const { jwk } = tokenFacts({ token: proof, key: { jwk: {} }, now }).header.value
  return tokenFacts({ token: proof, key: { jwk: typeof jwk === 'object' && jwk !== null ? jwk : {} }, now })
}

function made(claims: object, header: { readonly alg?: Algorithm; readonly jwk?: object } = {}, now = startsAt): ProofCase {
  const full = { alg: 'ES256' as const, typ: 'dpop+jwt', jwk: jwkFor('ES256'), ...header }
  const payload = { jti: 'j', htm: method, htu: url, iat: startsAt, ath: hashOf(accessToken), ...claims }
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part(full)}.${part(payload)}`
  const proof = `${input}.${rawSignature(input, full.alg, undefined).toString('base64url')}`
  return { proof, method, url, accessToken, thumbprint: undefined, now }
}

const htuOf = ({ claims }: TokenFacts): string => String(claims.value.htu)
const isSecond = (value: unknown): boolean => typeof value === 'number' && !Number.isInteger(value)

/** Of a proof alone. Those of tokens and of keys hold too, but for what is said of `exp`. */
export const proofDifferences: readonly Difference<ProofCase, TokenFacts>[] = [
  {
    what: 'htu with an encoded character that needs no encoding',
    refusedBy: 'jose',
    why: 'RFC 3986 §6.2.2.2: `%6F` and `o` are one character. RFC 9449 §4.3 wants this normalisation; `URL` does not do it.',
    covers: (facts) => /%(?:[46][1-9a-f]|[57][0-9a]|2[de]|5f|7e|3[0-9])/i.test(htuOf(facts)),
    witnesses: () => [made({ htu: 'https://api.example/%6Frders' })],
  },
  {
    what: 'htu that is not a URL of RFC 3986: backslashes, blanks, line breaks, one slash or none after the scheme, characters beyond ASCII',
    refusedBy: 'countersign',
    why: '`URL` repairs what browsers met. Two readers would see two URLs.',
    covers: (facts) => !/^https?:\/\/[!-[\]-~]+$/i.test(htuOf(facts)),
    witnesses: () => [made({ htu: 'https:\\\\api.example\\orders' }), made({ htu: ' https:/api.example/ord\ters' })],
  },
  {
    what: 'htu with a user name or a password',
    refusedBy: 'countersign',
    why: 'RFC 9449 §4.2: it is the URI of the request, which has neither.',
    covers: (facts) => htuOf(facts).includes('@'),
    witnesses: () => [made({ htu: 'https://user:password@api.example/orders' })],
  },
  {
    what: 'jti of more than 256 characters',
    refusedBy: 'countersign',
    why: 'It is kept in a store.',
    covers: ({ claims }) => String(claims.value.jti).length > 256,
    witnesses: () => [made({ jti: 'j'.repeat(257) })],
  },
  {
    what: 'ath or nonce that is not a string, where it is not compared',
    refusedBy: 'countersign',
    why: 'RFC 9449 §4.2 gives them types.',
    covers: ({ claims: { value } }) => [value.ath, value.nonce].some((one) => one !== undefined && typeof one !== 'string'),
    witnesses: () => [{ ...made({ ath: 1 }), accessToken: undefined }, made({ nonce: 1 })],
  },
  {
    what: 'zeros before the modulus or the exponent of an RSA key',
    refusedBy: 'countersign',
    why: 'RFC 7518 §6.3.1. With them one key would have many thumbprints, and a bound on the proofs of one key would not hold.',
    covers: ({ jwk }) => [jwk.n, jwk.e].some((member) => typeof member === 'string' && Buffer.from(member, 'base64url')[0] === 0),
    witnesses: () => [made({}, { alg: 'RS256', jwk: { ...jwkFor('RS256'), e: 'AAEAAQ' } })],
  },
  {
    what: 'iat, exp or nbf with a part of a second at the end of the window',
    refusedBy: 'countersign',
    why: 'jose cuts the time to whole seconds.',
    covers: ({ claims: { value }, now }) => [value.iat, value.exp, value.nbf, now].some(isSecond),
    witnesses: () => [made({ iat: startsAt - 65 }, {}, startsAt + 0.5)],
  },
  {
    what: 'iat or nbf with a part of a second at the beginning of the window',
    refusedBy: 'jose',
    why: 'The same.',
    covers: ({ claims: { value }, now }) => [value.iat, value.nbf, now].some(isSecond),
    witnesses: () => [made({ iat: startsAt + 5.5 }, {}, startsAt + 0.5)],
  },
]

/** Tokens need an `exp`, proofs do not. */
export const differences: readonly Difference<ProofCase, TokenFacts>[] = [
  ...proofDifferences,
  ...tokenDifferences.filter(({ what }) => what !== 'no exp').map((one) => ({ ...one, witnesses: () => [] })),
  ...keyDifferences.map(({ covers, ...one }) => ({ ...one, covers: ({ jwk }: TokenFacts) => covers(jwk), witnesses: () => [] })),
]
