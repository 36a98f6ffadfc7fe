import { onEvent, type TokenEvent } from '@countersign/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { basic, claimsOf } from '../grants/endpoint-setup.js'
import { type DpopSetup, startEndpoint } from './endpoint-setup.js'
import { type ClientKey, clientKey, type ProofChanges } from './proofs.js'

const key = await clientKey('ES256')
const other = await clientKey('ES256')
const byClient = { grant_type: 'client_credentials' }
const secrets = { current: { id: '1', secret: 'n'.repeat(32) } }

function outcomes(): readonly TokenEvent[] {
  const heard: TokenEvent[] = []
  onTestFinished(onEvent('countersign:token', (event) => heard.push(event)))
  return heard
}

async function confidential(options: Parameters<typeof startEndpoint>[0] = {}, settings = {}) {
  const suite = startEndpoint(options)
  const client = await suite.register({ refresh: { policy: 'rotating' }, ...settings })
  suite.later()
  const ask = async (parameters: Readonly<Record<string, string>>, by?: ClientKey, changes?: ProofChanges) =>
    suite.ask(parameters, { ...basic(client.id, client.secret), ...(by && (await suite.proved(by, changes))) })
  return { ...suite, client, asked: ask }
}

async function publicClient(): Promise<
  DpopSetup & { asked: (parameters: Record<string, string>, by?: ClientKey) => ReturnType<DpopSetup['ask']> }
> {
  const suite = startEndpoint()
  const settings = { grants: ['urn:test:sign-in', 'refresh_token'], authMethods: ['none'], refresh: { policy: 'rotating' } } as const
  const { id } = await suite.register(settings)
  suite.later()
  const asked = async (parameters: Record<string, string>, by?: ClientKey): ReturnType<DpopSetup['ask']> =>
    suite.ask({ client_id: id, ...parameters }, by && (await suite.proved(by)))
  return { ...suite, asked }
}

const refreshing = (token: string): Record<string, string> => ({ grant_type: 'refresh_token', refresh_token: token })

describe('a token request with a proof', () => {
  it('gets a token that is bound to its key; one without a proof gets a bearer token', async () => {
    const { asked } = await confidential()
    const bound = await asked(byClient, key)
    expect([bound.status, bound.body]).toEqual([200, expect.objectContaining({ token_type: 'DPoP' })])
    expect(claimsOf(bound.body.access_token).cnf).toEqual({ jkt: key.thumbprint })
    const plain = await asked(byClient)
    expect(plain.body).toMatchObject({ token_type: 'Bearer' })
    expect(claimsOf(plain.body.access_token)).not.toHaveProperty('cnf')
  })

  it.each([
    ['proof_type', { header: { typ: 'JWT' } }],
    ['proof_key', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    ['proof_signature', { header: { jwk: other.jwk } }],
    ['proof_method', { claims: { htm: 'GET' } }],
    ['proof_url', { claims: { htu: 'https://auth.example/other' } }],
    ['proof_time', { claims: { iat: 1 } }],
    ['proof_malformed', { claims: { jti: undefined } }],
  ] satisfies [string, ProofChanges][])('is refused as %s: 400 invalid_dpop_proof', async (reason, changes) => {
    const { asked } = await confidential()
    const heard = outcomes()
    const { status, body, headers } = await asked(byClient, key, changes)
    expect([status, body.error, heard[0]?.outcome, headers['cache-control']]).toEqual([400, 'invalid_dpop_proof', reason, 'no-store'])
    expect(headers).not.toHaveProperty('dpop-nonce')
  })

  it('is for the URL of the endpoint, in whatever spelling it is configured', async () => {
    const { asked } = await confidential({ dpop: { url: 'HTTPS://auth.example:443/x/../%2e/token' } })
    expect((await asked(byClient, key)).body).toMatchObject({ token_type: 'DPoP' })
  })

  it('is refused with two proofs', async () => {
    const { ask, client, proved } = await confidential()
    const heard = outcomes()
    const [one, two] = [await proved(key), await proved(key)]
    const { status } = await ask(byClient, { ...basic(client.id, client.secret), dpop: `${one.dpop}, ${two.dpop}` })
    expect([status, heard[0]?.outcome]).toEqual([400, 'proof_repeated'])
  })

  it('is refused with an empty proof', async () => {
    const { ask, client } = await confidential()
    const heard = outcomes()
    const { status, body } = await ask(byClient, { ...basic(client.id, client.secret), dpop: '' })
    expect([status, body.error, heard[0]?.outcome]).toEqual([400, 'invalid_dpop_proof', 'proof_malformed'])
  })

  it('uses its proof once, and a request that is refused for its proof uses nothing else up', async () => {
    const { ask, asked, client, proved } = await confidential()
    const { body } = await asked(byClient, key)
    const headers = { ...basic(client.id, client.secret), ...(await proved(key)) }
    const heard = outcomes()
    expect((await ask(byClient, headers)).status).toBe(200)
    const replayed = await ask(refreshing(body.refresh_token), headers)
    expect([replayed.status, replayed.body.error, heard[1]?.outcome]).toEqual([400, 'invalid_dpop_proof', 'proof_replayed'])
    expect((await asked(refreshing(body.refresh_token), key)).status).toBe(200)
  })

  it('of a client whose secret is wrong is refused for the secret', async () => {
    const { ask, client, proved } = await confidential()
    expect((await ask(byClient, { ...basic(client.id, 'wrong'), ...(await proved(key)) })).body.error).toBe('invalid_client')
  })

  it('is an outage if the replay store is down', async () => {
    const replay = { claim: () => Promise.reject(new Error('connection refused')), undo: async () => true }
    const { asked } = await confidential({ dpop: { replay } })
    const { status, headers } = await asked(byClient, key)
    expect([status, headers['retry-after']]).toEqual([503, '1'])
  })

  it('needs a nonce where nonces are on, and gets it', async () => {
    const { asked } = await confidential({ dpop: { nonce: { secrets } } })
    const heard = outcomes()
    const challenge = await asked(byClient, key)
    expect([challenge.status, challenge.body.error, heard[0]?.outcome]).toEqual([400, 'use_dpop_nonce', 'proof_nonce'])
    expect(challenge.headers['access-control-expose-headers']).toBe('DPoP-Nonce')
    const nonce = String(challenge.headers['dpop-nonce'])
    // The clock of the client is an hour off.
    expect((await asked(byClient, key, { claims: { nonce, iat: 1 } })).body).toMatchObject({ token_type: 'DPoP' })
  })

  it('is demanded of a client that is registered so', async () => {
    const { asked } = await confidential({}, { dpopBoundAccessTokens: true })
    const heard = outcomes()
    const { status, body } = await asked(byClient)
    expect([status, body.error, heard[0]?.outcome]).toEqual([400, 'invalid_dpop_proof', 'proof_missing'])
    expect((await asked(byClient, key)).body).toMatchObject({ token_type: 'DPoP' })
  })

  it('is demanded of such a client also by an endpoint that checks no proofs: it cannot bind its tokens', async () => {
    const { asked } = await confidential({ senderConstraint: undefined as never }, { dpopBoundAccessTokens: true })
    expect((await asked(byClient, key)).body.error).toBe('invalid_dpop_proof')
  })
})

describe('refresh tokens', () => {
  const signIn = { grant_type: 'urn:test:sign-in' }

  it('of a public client are bound to its key: another key uses nothing up', async () => {
    const { asked } = await publicClient()
    const first = await asked(signIn, key)
    expect(claimsOf(first.body.access_token).cnf).toEqual({ jkt: key.thumbprint })
    const heard = outcomes()
    for (const by of [other, undefined]) {
      const { status, body } = await asked(refreshing(first.body.refresh_token), by)
      expect([status, body.error]).toEqual([400, 'invalid_grant'])
    }
    expect(heard.map(({ outcome }) => outcome)).toEqual(['refresh_mismatch', 'refresh_mismatch'])
    const second = await asked(refreshing(first.body.refresh_token), key)
    expect([second.status, claimsOf(second.body.access_token).cnf]).toEqual([200, { jkt: key.thumbprint }])
    expect((await asked(refreshing(second.body.refresh_token), key)).status).toBe(200)
  })

  it('of a public client that lost its answer are given again to its key, until the next use', async () => {
    const { asked } = await publicClient()
    const { body } = await asked(signIn, key)
    const lost = await asked(refreshing(body.refresh_token), key)
    const again = await asked(refreshing(body.refresh_token), key)
    expect([again.status, again.body.refresh_token]).toEqual([200, lost.body.refresh_token])
  })

  it('of a public client without a proof are not bound; an access token of a later proof is', async () => {
    const { asked } = await publicClient()
    const { body } = await asked(signIn)
    const next = await asked(refreshing(body.refresh_token), key)
    expect(claimsOf(next.body.access_token).cnf).toEqual({ jkt: key.thumbprint })
    const plain = await asked(refreshing(next.body.refresh_token))
    expect(plain.body).toMatchObject({ token_type: 'Bearer' })
  })

  it('of a client that authenticates itself are not bound: its key may change', async () => {
    const { asked } = await confidential()
    const { body } = await asked(byClient, key)
    const next = await asked(refreshing(body.refresh_token), other)
    expect(claimsOf(next.body.access_token).cnf).toEqual({ jkt: other.thumbprint })
  })
})
