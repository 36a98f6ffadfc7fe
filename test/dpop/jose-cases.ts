import { randomUUID } from 'node:crypto'
import type { Algorithm } from '@countersign/core'
import fc from 'fast-check'
import { type CompactJWSHeaderParameters, CompactSign, calculateJwkThumbprint, type JWK } from 'jose'
import { rawSignature } from '../jwt/compact.js'
import { absent, labels, memberChange, mostly, record, segmentChange, textChange } from '../jwt/jose-cases.js'
import { jwkFor, pairFor } from '../jwt/sample-keys.js'
import type { ProofCase } from './jose-checker.js'
import { accessToken, hashOf, method, startsAt, url } from './proofs.js'

const wrongTypes = [null, 0, '', [], {}, ['a'], true, '1']
const spellings = [
  'https://api.example/orders?x=1',
  'https://api.example/orders#x',
  'https://api.example:443/orders',
  'https://api.example:/orders',
  'https://api.example:8443/orders',
  'HTTPS://API.EXAMPLE/orders',
  'http://api.example/orders',
  'https://api.example/%6Frders',
  'https://api.example/x/../orders',
  'https://api.example/%2e/orders',
  'https://api.example/orders/',
  'https://api.example//orders',
  'https://api.example\\orders',
  'https:/api.example/orders',
  'https:api.example/orders',
  ' https://api.example/orders',
  'https://api.example/ord\ters',
  'https://user:password@api.example/orders',
  'https://api.example./orders',
  'https://other.example/orders',
  'https://api.example/orders%zz',
  'https://api.exÄmple/orders',
  '/orders',
  'orders',
]
const times = [-66, -65, -64.5, -60, -1, 0.5, 4.5, 5, 5.5, 6, 3600, -3600].map((seconds) => startsAt + seconds)
const members = record({
  typ: mostly(12, 'dpop+jwt', absent, 'JWT', 'application/dpop+jwt', 'DPOP+JWT', 'dpop', ...wrongTypes),
  kid: mostly(20, absent, 'k', ...wrongTypes),
  crit: mostly(40, absent, ['b64'], []),
})
const claimMembers = record({
  jti: mostly(20, randomUUID(), absent, 'j'.repeat(256), 'j'.repeat(257), ...wrongTypes),
  htm: mostly(16, method, absent, 'post', 'GET', 'POST ', ...wrongTypes),
  htu: mostly(12, url, absent, ...spellings, ...wrongTypes),
  iat: mostly(12, startsAt, absent, ...times, ...wrongTypes),
  ath: mostly(16, hashOf(accessToken), absent, hashOf('another'), `${hashOf(accessToken)}=`, ...wrongTypes),
  nonce: mostly(20, absent, 'n', ...wrongTypes),
  exp: mostly(20, absent, startsAt + 1, startsAt - 4, startsAt - 5, startsAt - 6, ...wrongTypes),
  nbf: mostly(20, absent, startsAt - 1, startsAt + 4, startsAt + 5, startsAt + 6, ...wrongTypes),
})

const algorithm = fc.constantFrom<Algorithm[]>('ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256', 'ES384', 'ES512', 'RS512')
const listed = (name: Algorithm): boolean => ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'].includes(name)

/** The compact form as jose makes it; our own signature where jose does not sign such a thing. */
async function signed(header: Record<string, unknown>, payload: Buffer | string, by: Algorithm): Promise<string> {
  try {
    return await new CompactSign(Buffer.from(payload))
      .setProtectedHeader(header as unknown as CompactJWSHeaderParameters)
      .sign(pairFor(by).privateKey)
  } catch {
    return raw(JSON.stringify(header), payload, by)
  }
}

function raw(header: Buffer | string, payload: Buffer | string, by: Algorithm): string {
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  return `${input}.${rawSignature(input, by, undefined).toString('base64url')}`
}

async function thumbprintOf(jwk: unknown): Promise<string | undefined> {
  try {
    return await calculateJwkThumbprint(jwk as JWK)
  } catch {
    return undefined
  }
}

/** Proofs that are right but for, on average, one thing. */
export const proofCase: fc.Arbitrary<() => Promise<ProofCase>> = fc
  .record({
    // One in three of these is not accepted.
    algorithm: fc.oneof({ weight: 9, arbitrary: algorithm.filter(listed) }, { weight: 1, arbitrary: algorithm }),
    claimed: mostly<unknown>(30, absent, 'ES256', 'RS256', 'HS256', 'none', '', null),
    header: members,
    claims: claimMembers,
    jwk: mostly<unknown>(30, 'own', absent, 'private', null, [], 'text', { kty: 'oct', k: 'AAAA' }),
    labels: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: labels }),
    member: fc.constantFrom('n', 'x', 'y', 'e', 'crv', 'kty'),
    memberChange,
    headerText: textChange,
    claimsText: textChange,
    segments: fc.tuple(segmentChange, segmentChange, segmentChange),
    at: fc.nat(60),
    bound: mostly<string>(10, 'own', 'none', 'other'),
    token: mostly<string | undefined>(4, accessToken, undefined),
    fraction: mostly(10, 0, 0.5, 0.25),
  })
  .map((parts) => async () => {
    const by = parts.algorithm
    const own: Record<string, unknown> = { ...jwkFor(by), ...parts.labels }
    const value = own[parts.member]
    if (typeof value === 'string') own[parts.member] = parts.memberChange(value)
    const jwk = parts.jwk === 'own' ? own : parts.jwk === 'private' ? pairFor(by).privateKey.export({ format: 'jwk' }) : parts.jwk
    const header = { alg: parts.claimed === absent ? by : parts.claimed, ...parts.header, ...(jwk !== absent && { jwk }) }
    const texts = [JSON.stringify(header), JSON.stringify(parts.claims)] as const
    const claims = parts.claimsText(texts[1])
    const changed = parts.headerText(texts[0])
    const made = changed === texts[0] ? await signed(header, claims, by) : raw(changed, claims, by)
    const proof = made
      .split('.')
      .map((segment, index) => parts.segments[index]?.(segment, parts.at))
      .join('.')
    const thumbprint = parts.bound === 'none' ? undefined : parts.bound === 'own' ? await thumbprintOf(jwk) : 'another'
    return { proof, method, url, accessToken: parts.token, thumbprint, now: startsAt + parts.fraction }
  })
