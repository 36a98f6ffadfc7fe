import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { guardOf as anyGuard, tokenOf } from '../dpop/api-guard.js'
import { refusals } from '../dpop/http-setup.js'
import { clientKey, hashOf, proofOf } from '../dpop/proofs.js'
import { client, type Identity, other, signed } from './identities.js'
import { apiOf, frameworks, sendTls, serveTls } from './tls-setup.js'

const key = await clientKey('ES256')
const since = memoryStores({ now: () => 0 }).replay
/** A store that has remembered for long. */
const replay = { ...since, claim: (claim: Parameters<typeof since.claim>[0]) => since.claim({ ...claim, issuedAgoMs: 0 }) }
const certificate = { from: 'tls' as const }
const both = { dpop: { replay }, certificate }
type Entry = NonNullable<Parameters<typeof anyGuard>[1]>
const guardOf = (senderConstraint: object, entry: Entry = {}): ReturnType<typeof anyGuard> => anyGuard({ senderConstraint }, entry)

interface Row {
  readonly what: string
  readonly cnf?: unknown
  /** What the guard checks. @defaultValue certificates */
  readonly checks?: object
  readonly entry?: Entry['senderConstraint']
  readonly identity?: Identity
  readonly scheme?: 'DPoP'
  readonly proof?: boolean
  readonly status: number
  readonly reason?: string
  /** Of the challenge. */
  readonly challenge?: 'Bearer' | 'DPoP'
  readonly confirmation?: object
}

const x5t = (identity: Identity): object => ({ 'x5t#S256': identity.thumbprint })
const refused = (reason: string, challenge: Row['challenge'] = 'Bearer') => ({ status: 401, reason, challenge })
const admitted = (identity: Identity) => ({ status: 200, confirmation: { method: 'certificate', thumbprint: identity.thumbprint } })
const two = { jkt: key.thumbprint, ...x5t(client) }

const rows: readonly Row[] = [
  { what: 'the same certificate, self-signed', cnf: x5t(client), identity: client, ...admitted(client) },
  { what: 'the same certificate, of a CA', cnf: x5t(signed), identity: signed, ...admitted(signed) },
  { what: 'another certificate of the same name', cnf: x5t(client), identity: other, ...refused('certificate_other') },
  { what: 'no certificate', cnf: x5t(client), ...refused('certificate_missing') },
  { what: 'a plain token without a certificate', status: 200 },
  { what: 'a plain token with a certificate', identity: client, status: 200 },
  { what: 'a token that is bound to a key', cnf: { jkt: key.thumbprint }, identity: client, ...refused('confirmation') },
  { what: 'a key and a certificate, where only one is checked', cnf: two, identity: client, ...refused('confirmation') },
  { what: 'the scheme DPoP where it is not known', cnf: x5t(client), identity: client, scheme: 'DPoP', ...refused('confirmation') },
  ...[null, 'text', [], {}, { 'x5t#S256': 1 }, { 'x5t#S256': '' }, { 'x5t#s256': client.thumbprint }, { x5t: client.thumbprint }].map(
    (cnf): Row => ({ what: `cnf ${JSON.stringify(cnf)}`, cnf, identity: client, ...refused('confirmation') }),
  ),
  ...[{ kid: 'x' }, { jwk: {} }, { 'x5t#S512': 'x' }].map(
    (more): Row => ({
      what: `and ${JSON.stringify(more)}`,
      cnf: { ...x5t(client), ...more },
      identity: client,
      ...refused('confirmation'),
    }),
  ),
  { what: 'with DPoP: the same certificate', checks: both, cnf: x5t(client), identity: client, ...admitted(client) },
  {
    what: 'with DPoP: a certificate with the scheme DPoP',
    checks: both,
    cnf: x5t(client),
    identity: client,
    scheme: 'DPoP',
    proof: true,
    ...refused('confirmation', 'DPoP'),
  },
  {
    what: 'both, and both hold',
    checks: both,
    cnf: two,
    identity: client,
    scheme: 'DPoP',
    proof: true,
    status: 200,
    confirmation: { method: 'dpop', thumbprint: key.thumbprint, certificateThumbprint: client.thumbprint },
  },
  {
    what: 'both, and another certificate',
    checks: both,
    cnf: two,
    identity: other,
    scheme: 'DPoP',
    proof: true,
    ...refused('certificate_other', 'DPoP'),
  },
  { what: 'both, without a certificate', checks: both, cnf: two, scheme: 'DPoP', proof: true, ...refused('certificate_missing', 'DPoP') },
  { what: 'both, without a proof', checks: both, cnf: two, identity: client, scheme: 'DPoP', ...refused('proof_missing', 'DPoP') },
  { what: 'both, as Bearer', checks: both, cnf: two, identity: client, ...refused('confirmation', 'DPoP') },
  { what: 'required: a plain token', entry: 'required', identity: client, ...refused('confirmation') },
  { what: 'required: a certificate', entry: 'required', cnf: x5t(client), identity: client, ...admitted(client) },
  { what: 'certificate: a plain token', entry: 'certificate', identity: client, ...refused('confirmation') },
  { what: 'certificate: a certificate', entry: 'certificate', cnf: x5t(client), identity: client, ...admitted(client) },
  {
    what: 'certificate: a key alone',
    entry: 'certificate',
    checks: both,
    cnf: { jkt: key.thumbprint },
    identity: client,
    scheme: 'DPoP',
    proof: true,
    ...refused('confirmation', 'DPoP'),
  },
  {
    what: 'dpop: a certificate alone',
    entry: 'dpop',
    checks: both,
    cnf: x5t(client),
    identity: client,
    ...refused('confirmation', 'DPoP'),
  },
]

async function headersOf(row: Row): Promise<Record<string, string>> {
  const token = await tokenOf(row.cnf === undefined ? {} : { cnf: row.cnf })
  const claims = { htm: 'GET', htu: 'https://api.example/v1/orders', iat: Date.now() / 1000, ath: hashOf(token) }
  const proof: Record<string, string> = row.proof === true ? { dpop: await proofOf(key, { claims }) } : {}
  return { authorization: `${row.scheme ?? 'Bearer'} ${token}`, ...proof }
}

describe.each(frameworks)('a guard with certificates on %s', (framework) => {
  it.each(rows)('$what: $status $reason', async (row) => {
    const entry = row.entry === undefined ? {} : { senderConstraint: row.entry }
    const guard = guardOf(row.checks ?? { certificate }, entry)
    const url = await serveTls(apiOf(framework, guard))
    const heard = refusals()
    const reply = await sendTls(`${url}/v1/orders`, { identity: row.identity, headers: await headersOf(row) })
    expect([reply.status, heard[0]?.reason]).toEqual([row.status, row.reason])
    if (row.status === 200) {
      expect(JSON.parse(reply.body)).toEqual({ subject: 'user-1', ...(row.confirmation && { confirmation: row.confirmation }) })
      return
    }
    const challenge = [reply.headers['www-authenticate'] ?? []].flat().find((field) => field.includes('error='))
    expect(challenge).toMatch(new RegExp(`^${row.challenge} `))
    expect(challenge).toContain(row.reason === 'proof_missing' ? 'error="invalid_dpop_proof"' : 'error="invalid_token"')
    expect(reply.headers['cache-control']).toBe('no-store')
  })

  it('the certificate is compared with each request, also if the token is in the cache', async () => {
    const url = await serveTls(apiOf(framework, guardOf({ certificate })))
    const headers = await headersOf({ what: '', cnf: x5t(client), status: 200 })
    const heard = refusals()
    expect((await sendTls(`${url}/v1/orders`, { identity: client, headers })).status).toBe(200)
    expect((await sendTls(`${url}/v1/orders`, { identity: other, headers })).status).toBe(401)
    expect(heard.map(({ reason, cached }) => [reason, cached])).toEqual([['certificate_other', true]])
  })
})
