import { createSecretKey } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { exportJWK, SignJWT } from 'jose'
import { clientKey, hashOf, type ProofChanges, proofOf } from './proofs.js'

export const key = await clientKey('ES256')
const other = await clientKey('ES256')
const url = 'https://api.example/v1/orders'
export const seconds = (): number => Date.now() / 1000

/** A store that has remembered for long. */
export const replay = memoryStores({ now: () => Date.now() }).replay
const since = memoryStores({ now: () => 0 }).replay
export const aged = { ...replay, claim: (claim: Parameters<typeof replay.claim>[0]) => since.claim({ ...claim, issuedAgoMs: 0 }) }

async function proof(token: string, { header = {}, claims = {} }: ProofChanges = {}): Promise<string> {
  return proofOf(key, { header, claims: { htm: 'POST', htu: url, iat: seconds(), ath: hashOf(token), ...claims } })
}

type Fields = readonly (readonly [string, string])[]
interface Row {
  readonly what: string
  readonly fields: (token: string) => Promise<Fields>
  readonly cnf?: unknown
  /** Another path of the request than `/v1/orders`. */
  readonly path?: string
  readonly status: number
  readonly reason?: string
  readonly error?: string
  /** Which schemes the challenges name. */
  readonly schemes?: string
}

export const dpop = async (token: string, changes: ProofChanges = {}): Promise<Fields> => [
  ['Authorization', `DPoP ${token}`],
  ['DPoP', await proof(token, changes)],
]
const bad = (what: string, reason: string, changes: ProofChanges): Row => ({
  what,
  fields: (token) => dpop(token, changes),
  status: 401,
  reason,
  error: 'invalid_dpop_proof',
  schemes: 'DPoP',
})
const hmac = createSecretKey(Buffer.alloc(32, 1))

export function rows(): readonly Row[] {
  return [
    { what: 'one valid proof', fields: (token) => dpop(token), status: 200 },
    {
      what: 'the scheme in lower case',
      fields: async (token) => [
        ['authorization', `dpop ${token}`],
        ['dpop', await proof(token)],
      ],
      status: 200,
    },
    {
      what: 'a bound token as Bearer',
      fields: async (token) => [
        ['Authorization', `Bearer ${token}`],
        ['DPoP', await proof(token)],
      ],
      status: 401,
      reason: 'confirmation',
      error: 'invalid_token',
      schemes: 'DPoP',
    },
    { what: 'a plain token as Bearer', cnf: undefined, fields: async (token) => [['Authorization', `Bearer ${token}`]], status: 200 },
    {
      what: 'a plain token with the scheme DPoP',
      cnf: undefined,
      fields: (token) => dpop(token),
      status: 401,
      reason: 'confirmation',
      error: 'invalid_token',
      schemes: 'DPoP',
    },
    {
      what: 'no proof',
      fields: async (token) => [['Authorization', `DPoP ${token}`]],
      status: 401,
      reason: 'proof_missing',
      error: 'invalid_dpop_proof',
      schemes: 'DPoP',
    },
    {
      what: 'two proofs',
      fields: async (token) => [...(await dpop(token)), ['DPoP', await proof(token)]],
      status: 401,
      reason: 'proof_repeated',
      error: 'invalid_dpop_proof',
      schemes: 'DPoP',
    },
    {
      what: 'a text as proof',
      fields: async (token) => [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', 'proof'],
      ],
      status: 401,
      reason: 'proof_malformed',
      error: 'invalid_dpop_proof',
      schemes: 'DPoP',
    },
    {
      what: 'an empty text as proof',
      fields: async (token) => [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', ''],
      ],
      status: 401,
      reason: 'proof_malformed',
      error: 'invalid_dpop_proof',
      schemes: 'DPoP',
    },
    bad('a proof of another type', 'proof_type', { header: { typ: 'JWT' } }),
    {
      what: 'a symmetric algorithm',
      fields: async (token) => [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', await new SignJWT({}).setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: key.jwk }).sign(hmac)],
      ],
      status: 401,
      reason: 'proof_algorithm',
      error: 'invalid_dpop_proof',
      schemes: 'DPoP',
    },
    bad('a symmetric jwk', 'proof_key', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }),
    {
      what: 'a private jwk',
      fields: async (token) => dpop(token, { header: { jwk: await exportJWK(key.privateKey) } }),
      status: 401,
      reason: 'proof_key',
      error: 'invalid_dpop_proof',
      schemes: 'DPoP',
    },
    bad('the key of somebody else', 'proof_other_key', { header: { jwk: other.jwk } }),
    {
      what: 'a signature of somebody else',
      fields: async (token) => [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', await proofOf({ ...other, jwk: key.jwk }, { claims: { htm: 'POST', htu: url, iat: seconds(), ath: hashOf(token) } })],
      ],
      status: 401,
      reason: 'proof_signature',
      error: 'invalid_dpop_proof',
      schemes: 'DPoP',
    },
    bad('another method', 'proof_method', { claims: { htm: 'GET' } }),
    bad('another path', 'proof_url', { claims: { htu: 'https://api.example/orders' } }),
    { ...bad('a path that leads to that of the proof', 'proof_url', {}), path: '/v1/orders/%2e%2e/orders' },
    bad('the host that the request names', 'proof_url', { claims: { htu: 'http://127.0.0.1/v1/orders' } }),
    bad('another token', 'proof_access_token', { claims: { ath: hashOf('another') } }),
    bad('a proof of an hour ago', 'proof_time', { claims: { iat: seconds() - 3600 } }),
    bad('a proof of an hour ahead', 'proof_time', { claims: { iat: seconds() + 3600 } }),
    {
      what: 'members of cnf that nobody knows',
      cnf: { jkt: key.thumbprint, kid: 'x' },
      fields: (token) => dpop(token),
      status: 401,
      reason: 'confirmation',
      error: 'invalid_token',
      schemes: 'DPoP',
    },
    {
      what: 'a certificate, which is not checked here',
      cnf: { 'x5t#S256': key.thumbprint },
      fields: (token) => dpop(token),
      status: 401,
      reason: 'confirmation',
      error: 'invalid_token',
      schemes: 'DPoP',
    },
    {
      what: 'a key and a certificate',
      cnf: { jkt: key.thumbprint, 'x5t#S256': key.thumbprint },
      fields: (token) => dpop(token),
      status: 401,
      reason: 'confirmation',
      error: 'invalid_token',
      schemes: 'DPoP',
    },
    ...[null, 'text', [], {}, { jkt: 1 }, { jkt: '' }].map(
      (cnf): Row => ({
        what: `cnf ${JSON.stringify(cnf)}`,
        cnf,
        fields: (token) => dpop(token),
        status: 401,
        reason: 'confirmation',
        error: 'invalid_token',
        schemes: 'DPoP',
      }),
    ),
    { what: 'no credentials', fields: async () => [], status: 401, reason: 'no_credentials', schemes: 'Bearer DPoP' },
    {
      what: 'the scheme DPoP with nothing after it',
      fields: async () => [['Authorization', 'DPoP']],
      status: 401,
      reason: 'no_credentials',
      schemes: 'Bearer DPoP',
    },
    {
      what: 'a token of somebody else as Bearer',
      cnf: undefined,
      fields: async () => [['Authorization', 'Bearer a.b.c']],
      status: 401,
      reason: 'malformed',
      error: 'invalid_token',
      schemes: 'Bearer DPoP',
    },
    {
      what: 'a bad token with a proof',
      fields: async (token) => [
        ['Authorization', 'DPoP a.b.c'],
        ['DPoP', await proof(token)],
      ],
      status: 401,
      reason: 'malformed',
      error: 'invalid_token',
      schemes: 'DPoP',
    },
  ]
}
