import { createSecretKey } from 'node:crypto'
import { compact, compactOf, rawSignature } from './compact.js'
import type { KeyCase, PartFacts, TokenCase, TokenFacts } from './jose-judge.js'
import { jwkFor, pairFor, sampleSecret } from './sample-keys.js'

/** One way in which this package and jose judge the same input differently. */
export interface Difference<Case, Facts> {
  readonly what: string
  /** Who says no; the other accepts. */
  readonly refusedBy: 'countersign' | 'jose'
  readonly why: string
  /** Whether an input has what the difference is about, judged without the code under test. */
  readonly covers: (facts: Facts) => boolean
  /** Inputs that show it. */
  readonly witnesses: () => readonly Case[]
}

const now = 1_800_000_000
const exp = now + 60
const es256 = (): { jwk: unknown } => ({ jwk: jwkFor('ES256') })
const token = (header: object, claims: object): TokenCase => ({ token: compactOf(header, claims, 'ES256'), key: es256(), now })
const raw = (header: string, payload: string): TokenCase => ({ token: compact(header, payload, 'ES256'), key: es256(), now })
const hmac = (header: object, secret: Buffer = sampleSecret): TokenCase => ({
  token: compactOf(header, { exp }, 'HS256'),
  key: { secret },
  now,
})
const alg = '{"alg":"ES256"}'
const either = (facts: TokenFacts, test: (part: PartFacts) => boolean | undefined): boolean =>
  test(facts.header) === true || test(facts.claims) === true
const present = (value: unknown): boolean => value !== undefined

/** Signs a payload segment as it stands, so that only its encoding is at fault. */
function resigned(payload: string): TokenCase {
  const input = `${Buffer.from(alg).toString('base64url')}.${payload}`
  return { token: `${input}.${rawSignature(input, 'ES256', undefined).toString('base64url')}`, key: es256(), now }
}

export const tokenDifferences: readonly Difference<TokenCase, TokenFacts>[] = [
  {
    what: 'base64url with padding, white space or unused bits that are set',
    refusedBy: 'countersign',
    why: 'One token would have many spellings; what compares or revokes tokens by their text must see one (RFC 7515 §2, RFC 4648 §3.5).',
    covers: (facts) => !facts.strict,
    witnesses: () => {
      const payload = Buffer.from(`{"exp":${exp}} `).toString('base64url')
      const good = compactOf({}, { exp }, 'ES256')
      const unused = 'AQgw'.indexOf(good.at(-1) ?? '')
      return [
        resigned(`${payload.slice(0, 4)} ${payload.slice(4)}`),
        { token: `${good.slice(0, -1)}${'BRhx'[unused]}`, key: es256(), now },
        { token: `${good}==`, key: es256(), now },
      ]
    },
  },
  {
    what: 'a member name twice in one object, in the header or the claims',
    refusedBy: 'countersign',
    why: 'Two readers would see two tokens (RFC 7515 §4, RFC 7519 §4 allow to reject it).',
    covers: (facts) => either(facts, ({ json }) => json?.duplicate),
    witnesses: () => [raw('{"alg":"ES256","alg":"ES256"}', `{"exp":${exp}}`), raw(alg, `{"exp":${exp},"a":{"b":1,"b":2}}`)],
  },
  {
    what: 'a byte order mark before the JSON',
    refusedBy: 'countersign',
    why: 'RFC 8259 §8.1: it must not be sent.',
    covers: (facts) => either(facts, ({ text }) => text.startsWith('\ufeff')),
    witnesses: () => [raw(alg, `\ufeff{"exp":${exp}}`), raw(`\ufeff${alg}`, `{"exp":${exp}}`)],
  },
  {
    what: 'a number beyond the range of a double',
    refusedBy: 'countersign',
    why: 'It becomes Infinity: an exp of 1e400 would never come.',
    covers: (facts) => either(facts, ({ json }) => json?.infinite),
    witnesses: () => [raw(alg, '{"exp":1e400}'), raw(alg, `{"exp":${exp},"limit":-1e400}`)],
  },
  {
    what: 'an integer beyond ±(2^53 - 1)',
    refusedBy: 'countersign',
    why: 'Two integers, and with them two subjects, would become one double (RFC 7493 §2.2).',
    covers: (facts) => either(facts, ({ json }) => json?.unsafeInteger),
    witnesses: () => [
      raw(alg, `{"exp":${exp},"account":9007199254740993}`),
      raw('{"alg":"ES256","n":-9007199254740993}', `{"exp":${exp}}`),
    ],
  },
  {
    what: 'a string with an unpaired surrogate',
    refusedBy: 'countersign',
    why: 'Two such subjects become one as soon as they are stored as UTF-8.',
    covers: (facts) => either(facts, ({ json }) => json?.loneSurrogate),
    witnesses: () => [raw(alg, `{"exp":${exp},"sub":"\\ud800"}`)],
  },
  {
    what: 'a member name with a quotation mark, a backslash or a control character',
    refusedBy: 'countersign',
    why: 'JSON.parse of Node 24 and 26 can be made to read other names as such a one (nodejs/node#63785). No claim has such a name.',
    covers: (facts) => either(facts, ({ json }) => json?.oddName),
    witnesses: () => [token({}, { exp, 'a\nb': 1 }), token({}, { exp, nested: { 'a"b': 1 } }), token({ '\\': 1 }, { exp })],
  },
  {
    what: 'more than 16 levels of nesting or 1000 members',
    refusedBy: 'countersign',
    why: 'What reads the claims after us may be recursive.',
    covers: (facts) => either(facts, ({ json }) => json && (json.depth > 16 || json.members > 1000)),
    witnesses: () => [
      raw(alg, `{"exp":${exp},"a":${'['.repeat(16)}${']'.repeat(16)}}`),
      raw(alg, JSON.stringify(Object.fromEntries([['exp', exp], ...Array.from({ length: 1000 }, (_, at) => [at.toString(36), 1])]))),
    ],
  },
  {
    what: 'a token of more than 8192 bytes',
    refusedBy: 'countersign',
    why: 'A limit before any work (`maxBytes`).',
    covers: (facts) => facts.token.length > 8192,
    witnesses: () => [token({}, { exp, text: 'x'.repeat(6200) })],
  },
  {
    what: 'the header member crit, with every list',
    refusedBy: 'countersign',
    why: 'No extension is understood here; `b64`, which jose understands, is not for JWTs (RFC 7797 §7).',
    covers: (facts) => 'crit' in facts.header.value,
    witnesses: () => [token({ crit: ['b64'], b64: true }, { exp })],
  },
  {
    what: 'kid or typ of the wrong type, or a kid of more than 1024 characters',
    refusedBy: 'countersign',
    why: 'RFC 7515 §4.1.4 and §4.1.9 say string; jose looks at what it uses. The bound keeps kids that are not known small.',
    covers: ({ header: { value } }) =>
      (present(value.kid) && (typeof value.kid !== 'string' || value.kid.length > 1024)) ||
      (present(value.typ) && typeof value.typ !== 'string'),
    witnesses: () => [token({ typ: 1 }, { exp }), hmac({ kid: 1 }), hmac({ kid: 'k'.repeat(1025) })],
  },
  {
    what: 'no exp',
    refusedBy: 'countersign',
    why: 'A token that never ends cannot be taken back.',
    covers: (facts) => !('exp' in facts.claims.value),
    witnesses: () => [token({}, {})],
  },
  {
    what: 'iss, sub, aud or jti of the wrong type, or an empty sub',
    refusedBy: 'countersign',
    why: 'RFC 7519 §4.1 gives them types; jose looks at those that it is asked to compare.',
    covers: ({ claims: { value } }) => {
      const { iss, sub, aud, jti } = value
      const isText = (one: unknown): boolean => one === undefined || typeof one === 'string'
      return (
        ![iss, sub, jti].every(isText) ||
        sub === '' ||
        !(isText(aud) || (Array.isArray(aud) && aud.every((one) => typeof one === 'string')))
      )
    },
    witnesses: () => [
      token({}, { exp, iss: ['https://a.example'] }),
      token({}, { exp, sub: '' }),
      token({}, { exp, aud: [1] }),
      token({}, { exp, jti: 7 }),
    ],
  },
  {
    what: 'exp or nbf within the current second',
    refusedBy: 'countersign',
    why: 'jose cuts the time to whole seconds; NumericDate may have a fraction (RFC 7519 §2), and so may our clock. The end comes up to a second earlier.',
    covers: ({ claims: { value }, now: time }) =>
      [value.exp, value.nbf].some((date) => typeof date === 'number' && Math.floor(date) === Math.floor(time)),
    witnesses: () => [{ ...token({}, { exp: now + 0.25 }), now: now + 0.5 }],
  },
  {
    what: 'nbf within the current second',
    refusedBy: 'jose',
    why: 'The same: the beginning comes up to a second earlier.',
    covers: ({ claims: { value }, now: time }) => typeof value.nbf === 'number' && Math.floor(value.nbf) === Math.floor(time),
    witnesses: () => [{ ...token({}, { exp, nbf: now + 0.25 }), now: now + 0.5 }],
  },
  {
    what: 'an empty kid',
    refusedBy: 'jose',
    why: 'It names nothing and counts as left out: issuers whose software cannot leave it out send it.',
    covers: (facts) => facts.header.value.kid === '' || facts.jwk.kid === '',
    witnesses: () => [token({ kid: '' }, { exp })],
  },
  {
    what: 'EdDSA with a key that says Ed25519, and the reverse',
    refusedBy: 'jose',
    why: 'With an Ed25519 key they are two names of one algorithm (RFC 9864 §2.2); issuers change them one at a time.',
    covers: ({ header, jwk }) => ['EdDSA,Ed25519', 'Ed25519,EdDSA'].includes([header.value.alg, jwk.alg].join()),
    witnesses: () => [
      { token: compactOf({}, { exp }, 'EdDSA'), key: { jwk: { ...jwkFor('EdDSA'), alg: 'Ed25519' } }, now },
      { token: compactOf({}, { exp }, 'Ed25519'), key: { jwk: { ...jwkFor('EdDSA'), alg: 'EdDSA' } }, now },
    ],
  },
  {
    what: 'an HMAC secret that is shorter than the hash',
    refusedBy: 'countersign',
    why: 'RFC 7518 §3.2: it must not be.',
    covers: ({ secret, header }) => secret !== undefined && secret.length < Number(String(header.value.alg).slice(2)) / 8,
    witnesses: () => {
      const secret = sampleSecret.subarray(0, 31)
      return [{ ...hmac({}, secret), token: compactOf({}, { exp }, 'HS256', createSecretKey(secret)) }]
    },
  },
  {
    what: 'a key of a pair as an HMAC secret',
    refusedBy: 'countersign',
    why: 'Everybody who knows the public key could sign.',
    covers: ({ secret }) => secret?.includes('-----BEGIN') === true,
    witnesses: () => {
      const secret = Buffer.from(pairFor('RS256').publicKey.export({ type: 'spki', format: 'pem' }))
      return [{ ...hmac({}, secret), token: compactOf({}, { exp }, 'HS256', createSecretKey(secret)) }]
    },
  },
]

type Members = Readonly<Record<string, unknown>>
const key = (changes: object, algorithm: KeyCase['algorithm'] = 'ES256'): KeyCase => ({
  jwk: { ...jwkFor(algorithm), ...changes },
  algorithm,
})
const text = (...hex: string[]): string => Buffer.from(hex.join(''), 'hex').toString('base64url')
const bytesOf = (member: unknown): Buffer => Buffer.from(typeof member === 'string' ? member : '', 'base64')
const lengthOf: Readonly<Record<string, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66, Ed25519: 32 }

export const keyDifferences: readonly Difference<KeyCase, Members>[] = [
  {
    what: 'an RSA exponent that is 1 or even, or has more than 32 bits',
    refusedBy: 'countersign',
    why: 'With the exponent 1 every signature can be made by anyone; a long one makes verification slow.',
    covers: ({ kty, e }) => {
      const exponent = BigInt(`0x0${bytesOf(e).toString('hex')}`)
      return kty === 'RSA' && (exponent < 3n || exponent % 2n === 0n || exponent >= 2n ** 32n)
    },
    witnesses: () => [key({ e: 'AQ' }, 'RS256'), key({ e: 'Ag' }, 'PS256'), key({ e: text('0100000001') }, 'RS512')],
  },
  {
    what: 'an RSA modulus that is even, of the kind that CVE-2017-15361 made, or longer than 4096 bits',
    refusedBy: 'countersign',
    why: 'Anyone can factor the first two; with the third, every stranger can make the server work for milliseconds.',
    covers: ({ kty, n }) => kty === 'RSA' && ((bytesOf(n).at(-1) ?? 0) % 2 === 0 || bytesOf(n).length > 512),
    witnesses: () => [key({ n: text('ff'.repeat(255), 'fe') }, 'RS256'), key({ n: text('ff'.repeat(513)) }, 'RS256')],
  },
  {
    what: 'an Ed25519 key that is a point of small order, no point, or not encoded canonically',
    refusedBy: 'countersign',
    why: 'Under a point of small order one signature is good for many messages (RFC 8032 §5.1.3, §8).',
    covers: ({ kty }) => kty === 'OKP',
    witnesses: () => [
      key({ x: text('01', '00'.repeat(31)) }, 'EdDSA'),
      key({ x: text('00'.repeat(32)) }, 'Ed25519'),
      key({ x: text('02', '00'.repeat(31)) }, 'Ed25519'),
      key({ x: text('ee', 'ff'.repeat(30), '7f') }, 'EdDSA'),
    ],
  },
  {
    what: 'a coordinate of another length than the curve’s',
    refusedBy: 'countersign',
    why: 'RFC 7518 §6.2.1.2: the octet string has the full size of a coordinate. A key has one thumbprint.',
    covers: ({ kty, crv, x, y }) => kty === 'EC' && [x, y].some((one) => bytesOf(one).length !== lengthOf[String(crv)]),
    witnesses: () => [key({ x: text('00', bytesOf(jwkFor('ES256').x).toString('hex')) })],
  },
  {
    what: 'members with padding, the other alphabet, white space or unused bits that are set',
    refusedBy: 'countersign',
    why: 'As in tokens: one key, one text.',
    covers: ({ n, e, x, y }) =>
      [n, e, x, y].some((one) => typeof one === 'string' && Buffer.from(one, 'base64url').toString('base64url') !== one),
    witnesses: () => [key({ x: `${jwkFor('ES256').x}=` }), key({ e: 'AQAB=' }, 'RS256')],
  },
  {
    what: 'a JWK that holds part of a private key or a secret beside the public one',
    refusedBy: 'countersign',
    why: 'Its publisher has published more than a public key.',
    covers: (jwk) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv', 'k'].some((name) => jwk[name] !== undefined),
    witnesses: () => [key({ p: 'AQ' }, 'RS256'), key({ k: 'AAAA' })],
  },
  {
    what: 'a kid that is not a string or has more than 1024 characters',
    refusedBy: 'countersign',
    why: 'No token can name it.',
    covers: ({ kid }) => kid !== undefined && (typeof kid !== 'string' || kid.length > 1024),
    witnesses: () => [key({ kid: 7 }), key({ kid: 'k'.repeat(1025) })],
  },
  {
    what: 'EdDSA asked of a key that says Ed25519, and the reverse',
    refusedBy: 'jose',
    why: 'Two names of one algorithm (RFC 9864 §2.2).',
    covers: ({ alg: own }) => own === 'EdDSA' || own === 'Ed25519',
    witnesses: () => [key({ alg: 'EdDSA' }, 'Ed25519'), key({ alg: 'Ed25519' }, 'EdDSA')],
  },
  {
    what: 'key_ops with members beside verify that are unknown, doubled or for other uses',
    refusedBy: 'jose',
    why: 'The key may verify, which is all that is asked; RFC 7517 §4.3 lets other values be used.',
    covers: ({ key_ops: operations }) => Array.isArray(operations) && operations.length > 1,
    witnesses: () => [key({ key_ops: ['verify', 'verify'] }), key({ key_ops: ['verify', 1] }), key({ key_ops: ['verify', 'encrypt'] })],
  },
  {
    what: 'ext that is not a boolean',
    refusedBy: 'jose',
    why: 'A member of the Web Cryptography API, not of RFC 7517; members that are not known are ignored.',
    covers: ({ ext }) => ext !== undefined && typeof ext !== 'boolean',
    witnesses: () => [key({ ext: 'true' })],
  },
]
