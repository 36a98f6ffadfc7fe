import type { Difference } from './differences.js'

type TokenDifference = Pick<Difference, 'what' | 'why' | 'probes'>

/** Tokens that `jsonwebtoken` accepts and a guard refuses. Each old package stands on it. */
export const acceptedBefore: readonly TokenDifference[] = [
  {
    what: 'a token that two readers could read in two ways: a member twice, an unpaired surrogate, a number beyond a double, base64url with unused bits',
    why: 'What checks the token and what uses it must see the same (RFC 7515 §4, RFC 7519 §4, RFC 8259 §8).',
    probes: [
      'segments: unused bits set *',
      'header: a header with an unpaired surrogate',
      'header: alg twice, none first',
      'header: alg twice, the same',
      'header: alg twice, once in escapes',
      'header: kid twice',
      'header: typ twice',
      'header: a nested member twice',
      'claims: a payload with a number beyond a double',
      'claims: a payload with such a number deep inside',
      'claims: a payload with an unpaired surrogate',
      'claims: iss twice, a stranger first',
      'claims: sub twice',
      'claims: exp twice*',
      'claims: a private claim twice*',
      'claims: an empty name twice',
      'claims: a nested member twice',
      'claims: exp: Infinity',
      'claims: nbf: minus Infinity',
      'claims: iat: Infinity',
      'claims: iat: minus Infinity',
    ],
  },
  {
    what: 'a token with bytes that are not UTF-8, or base64url of an impossible length',
    why: 'The same.',
    probes: [
      'segments: a payload of an impossible length',
      'header: a header in * UTF-8',
      'claims: a payload in invalid UTF-8',
      'claims: a payload in overlong UTF-8',
      'claims: a payload with a surrogate in UTF-8',
      'claims: a payload in UTF-8 that is cut off',
    ],
  },
  {
    what: 'a token of more than 8192 bytes, more than 16 levels or more than 1000 members',
    why: 'Bounds before any work; `maxTokenBytes` of the guard raises the first.',
    probes: [
      'segments: 9 KiB, *',
      'header: a header nested 500 levels deep',
      'claims: thousands of members',
      'claims: a payload nested 2000 levels deep',
      'claims: a payload nested 400 objects deep',
    ],
  },
  {
    what: 'a token with `crit` in its header',
    why: 'It names extensions that must be understood (RFC 7515 §4.1.11); `jsonwebtoken` does not look at it.',
    probes: ['header: crit that *'],
  },
  {
    what: 'a token without `exp`',
    why: 'It never ends. Ask the issuer for tokens that do.',
    probes: ['claims: no exp', 'claims: Exp instead of exp', 'claims: exp only inside *'],
  },
  {
    what: 'a registered claim or header member of the wrong type, or an empty `sub`',
    why: 'RFC 7515 §4.1 and RFC 7519 §4.1 give them types; handlers rely on them.',
    probes: [
      'header: kid: null',
      'header: typ: *',
      'claims: iat: a*',
      'claims: iat: null',
      'claims: iat: true',
      'claims: sub: *',
      'claims: jti: *',
      'audience and issuer: aud: a list with *',
    ],
  },
  {
    what: 'a token that was issued more than 60 seconds in the future',
    why: 'A clock is wrong, often by a factor of 1000; `maxFutureIssuedSeconds: null` of the entry turns the check off.',
    probes: ['claims: iat in *'],
  },
  {
    what: 'a token for another use, by its `typ`: an ID token, a logout token, a DPoP proof',
    why: 'Such tokens of the same issuer are no access tokens (RFC 8725 §3.11); `typ` of the entry lists what you accept.',
    probes: ['use: typ *'],
  },
  {
    what: 'a token that is bound to a key (`cnf`)',
    why: 'Without a proof of the key a thief could use it; `senderConstraint` of the guard accepts it with a DPoP proof (RFC 9449).',
    probes: ['use: a cnf with *'],
  },
]
