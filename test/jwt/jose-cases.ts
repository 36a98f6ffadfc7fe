import { createSecretKey } from 'node:crypto'
import type { Algorithm } from '@countersign/core'
import { algorithms, isHmac } from '@countersign/jwt'
import fc from 'fast-check'
import { rawSignature } from './compact.js'
import type { KeyCase, TokenCase } from './jose-judge.js'
import { jwkFor, pairFor, sampleSecret } from './sample-keys.js'

const now = 1_800_000_000
const algorithm = fc.constantFrom(...algorithms)

/** Mostly the first value, sometimes one of the others. */
export function mostly<T, U extends readonly unknown[] = readonly T[]>(
  weight: number,
  usual: T,
  ...others: U
): fc.Arbitrary<T | U[number]> {
  return fc.oneof<fc.MaybeWeightedArbitrary<T | U[number]>[]>(
    { weight, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )
}

export const absent: unique symbol = Symbol('absent')
/** An object without the members that are absent. */
export function record(members: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(members).map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== absent)))
}

const wrongTypes = [null, 0, 1, true, '', [], {}, ['a'], '1', -1]
const headerMembers = record({
  kid: mostly(6, absent, 'k', 'other', ...wrongTypes, 'k'.repeat(1025)),
  typ: mostly(8, 'JWT', absent, 'at+jwt', 'application/at+jwt', ...wrongTypes),
  crit: mostly(30, absent, ['b64'], ['exp'], [], null, 'b64', ['b64', 'b64']),
  b64: mostly(30, absent, true, false, 'x'),
  zip: mostly(40, absent, 'DEF'),
  jku: mostly(40, absent, 'https://evil.example/keys'),
  jwk: mostly(40, absent, { kty: 'oct', k: 'AAAA' }),
})
const dates = [now, now - 1, now + 1, now + 0.5, now - 0.5, 0, 1e300, ...wrongTypes]
const claimMembers = record({
  iss: mostly(20, 'https://a.example', absent, ...wrongTypes),
  sub: mostly(20, 'a', absent, 'Zoë', '😀', ...wrongTypes),
  aud: mostly(20, 'b', absent, ['a', 'b'], ['a', 1], ...wrongTypes),
  exp: mostly(20, now + 60, absent, ...dates),
  nbf: mostly(20, absent, ...dates),
  iat: mostly(20, now - 60, absent, ...dates),
  jti: mostly(20, 'x', absent, ...wrongTypes),
  extra: mostly(20, absent, '"}{":', { a: { b: [1, { c: null }] } }, 'x'.repeat(6500), ...wrongTypes),
})

/** Changes to the text of a header or of claims, before it is encoded and signed. */
export const textChange = mostly<(text: string) => string | Buffer>(
  14,
  (text) => text,
  (text) => text.replace('{', '{"a":1,"a":2,'),
  (text) => `${text.slice(0, -1)},"alg":"none"}`,
  (text) => `${text.slice(0, -1)},"exp":1}`,
  (text) => text.replace('{', '{"__proto__":{"crit":["x"]},"constructor":1,'),
  (text) => text.replaceAll(':', ' :\n').replaceAll(',', '\t,'),
  (text) => `\ufeff${text}`,
  (text) => ` ${text} `,
  (text) => text.replace('{', '{"n":1e400,'),
  (text) => text.replace('{', '{"s":"\\ud800",'),
  (text) => text.replace('{', '{"a\\nb":1,'),
  (text) => text.replace('{', '{"https:\\/\\/a.example\\/b":1,'),
  (text) => text.replace('{', '{"\\u0073":"\\u00e9",'),
  (text) => text.replace('{', `{"d":${'['.repeat(15)}${']'.repeat(15)},`),
  (text) => text.replace('{', `{"d":${'['.repeat(16)}${']'.repeat(16)},`),
  (text) => text.replace('{', `{${Array.from({ length: 1000 }, (_, at) => `"${at.toString(36)}":0,`).join('')}`),
  (text) => Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"u":"\xc3"}', 'latin1')]),
  (text) => `[${text}]`,
  (text) => `${text}x`,
  () => '',
  () => 'null',
  () => '1',
)

/** Changes to an encoded segment, before it is signed where it is signed at all. */
export const segmentChange = mostly<(segment: string, at: number) => string>(
  24,
  (segment) => segment,
  (segment) => `${segment}=`,
  (segment) => `${segment}==`,
  (segment) => `${segment}A`,
  (segment) => segment.slice(0, -1),
  () => '',
  (segment) => segment.slice(0, -1) + String.fromCharCode(segment.charCodeAt(segment.length - 1) + 1),
  (segment, at) => `${segment.slice(0, at)} ${segment.slice(at)}`,
  (segment, at) => `${segment.slice(0, at)}\n${segment.slice(at)}`,
  (segment, at) => `${segment.slice(0, at)}+${segment.slice(at + 1)}`,
  (segment, at) => `${segment.slice(0, at)}/${segment.slice(at + 1)}`,
  (segment, at) => `${segment.slice(0, at)}.${segment.slice(at)}`,
  (segment, at) => `${segment.slice(0, at)}\0${segment.slice(at)}`,
  (segment, at) => `${segment.slice(0, at)}A${segment.slice(at + 1)}`,
  (segment, at) => `${segment.slice(0, at)}é${segment.slice(at + 1)}`,
  (segment, at) => `${segment.slice(0, at)}\u0141${segment.slice(at + 1)}`,
)

const pem = Buffer.from(pairFor('RS256').publicKey.export({ type: 'spki', format: 'pem' }))
const secret = mostly(
  6,
  sampleSecret,
  sampleSecret.subarray(0, 32),
  sampleSecret.subarray(0, 31),
  sampleSecret.subarray(0, 48),
  sampleSecret.subarray(0, 63),
  Buffer.alloc(1),
  Buffer.concat([sampleSecret, sampleSecret, sampleSecret]),
  pem,
)

export const labels = record({
  kid: mostly(6, absent, 'k', 'k', '', 1, null, 'k'.repeat(1025)),
  alg: mostly(8, absent, ...algorithms, 'none', '', 1, 'RSA-OAEP', 'EdDSA', 'Ed25519'),
  use: mostly(12, absent, 'sig', 'enc', '', 1, null),
  key_ops: mostly(12, absent, ['verify'], ['sign'], [], ['verify', 'encrypt'], ['verify', 'verify'], ['verify', 1], 'verify', null),
  ext: mostly(30, absent, true, false, 'true', null),
  x5c: mostly(30, absent, ['x'], 1),
})

/** Tokens and keys that are right but for, on average, one thing. */
export const tokenCase: fc.Arbitrary<TokenCase> = fc
  .record({
    algorithm,
    claimed: mostly(30, absent, ...algorithms, 'none', 'None', 'hs256', '', 1, null, 'toString'),
    header: headerMembers,
    claims: claimMembers,
    changes: fc.tuple(textChange, textChange, segmentChange, segmentChange, segmentChange),
    at: fc.nat(60),
    secret,
    labels,
    fraction: mostly(10, 0, 0.5, 0.25),
  })
  .map((parts) => {
    const { changes, at, header, claims } = parts
    const alg = parts.claimed === absent ? parts.algorithm : parts.claimed
    const encode = (value: object, change: (text: string) => string | Buffer): string =>
      Buffer.from(change(JSON.stringify(value))).toString('base64url')
    const input = `${changes[2](encode({ alg, ...header }, changes[0]), at)}.${changes[3](encode(claims, changes[1]), at)}`
    const key = isHmac(parts.algorithm) ? createSecretKey(parts.secret) : undefined
    const signature = rawSignature(input, parts.algorithm, key).toString('base64url')
    return {
      token: `${input}.${changes[4](signature, at)}`,
      key: key ? { secret: parts.secret } : { jwk: { ...jwkFor(parts.algorithm), ...parts.labels } },
      now: now + parts.fraction,
    }
  })

const integers = ['AQ', 'Aw', 'Ag', 'AA', 'AAE', 'AQAB', 'AQAA', '', 'AQAB=', 'A+', 1, null, Buffer.alloc(9, 1).toString('base64url')]
export const memberChange = mostly<(value: string) => unknown>(
  8,
  (value) => value,
  (value) => `${value}=`,
  (value) => value.slice(0, -1),
  (value) => value.slice(1),
  (value) => `${value}A`,
  (value) => ` ${value}`,
  (value) => value.replaceAll('-', '+').replaceAll('_', '/'),
  (value) => Buffer.concat([Buffer.alloc(1), Buffer.from(value, 'base64url')]).toString('base64url'),
  (value) => Buffer.from(value, 'base64url').subarray(0, -1).toString('base64url'),
  (value) => Buffer.concat([Buffer.from(value, 'base64url'), Buffer.alloc(1)]).toString('base64url'),
  (value) => Buffer.alloc(Buffer.from(value, 'base64url').length).toString('base64url'),
  (value) => Buffer.alloc(Buffer.from(value, 'base64url').length, 255).toString('base64url'),
  (value) => String.fromCharCode(value.charCodeAt(0) ^ 1) + value.slice(1),
  (value) => `B${value.slice(1)}`,
  () => '',
  () => 1,
  () => null,
  () => undefined,
  () => 'é',
)

/** Keys that are right but for, on average, one thing. */
export const keyCase: fc.Arbitrary<KeyCase> = fc
  .record({
    algorithm: fc.constantFrom(...algorithms.filter((one) => !isHmac(one))),
    other: mostly<Algorithm | undefined>(20, undefined, ...algorithms),
    labels,
    change: memberChange,
    member: fc.constantFrom('n', 'x', 'y', 'e', 'crv', 'kty'),
    e: fc.constantFrom(...integers),
    exponent: fc.nat(8),
    isPrivate: mostly(20, false, true),
    extra: mostly<object>(
      20,
      {},
      { p: 'AQ' },
      { d: '' },
      { k: 'AAAA' },
      { d: 'AAAA' },
      { oth: [] },
      { crv: 'P-256' },
      { kty: 'oct', k: 'AAAA' },
    ),
  })
  .map((parts) => {
    const { publicKey, privateKey } = pairFor(parts.algorithm)
    const jwk: Record<string, unknown> = {
      ...(parts.isPrivate ? privateKey : publicKey).export({ format: 'jwk' }),
      ...parts.labels,
      ...parts.extra,
    }
    const value = jwk[parts.member]
    if (typeof value === 'string') jwk[parts.member] = parts.change(value)
    if (parts.exponent === 0 && 'e' in jwk) jwk.e = parts.e
    return { jwk, algorithm: parts.other ?? parts.algorithm }
  })
