import { jwtBearer } from '@countersign/grants'
import { type TestKey, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { assertionSetup, bearer } from '../grants/assertion-setup.js'
import { tokenUrl } from './endpoint-setup.js'
import { clientKey, type ProofChanges, proofOf } from './proofs.js'

const key = await clientKey('ES256')
const secrets = { current: { id: '1', secret: 'n'.repeat(32) } }

/** An endpoint with a client that must bind its tokens, and one that need not: an assertion is enough to name one of them. */
async function start(dpop: object = {}) {
  const suite = assertionSetup({ grants: [jwtBearer()], senderConstraint: { dpop: { url: tokenUrl, ...dpop } } })
  const free = await suite.keyed({ authMethods: ['private_key_jwt'] })
  const bound = await suite.keyed({ authMethods: ['private_key_jwt'], dpopBoundAccessTokens: true }, testKeys.es256)
  // The replay store can tell of each proof.
  suite.clock.advance(3600)
  async function proofField({ header = {}, claims = {} }: ProofChanges = {}): Promise<Readonly<Record<string, string>>> {
    const iat = suite.clock.now() / 1000
    return { dpop: await proofOf(key, { header, claims: { htu: tokenUrl, htm: 'POST', iat, ath: undefined, ...claims } }) }
  }
  async function answerTo(id: string, signedWith: TestKey, headers: Readonly<Record<string, string>>) {
    const assertion = await suite.jwtOf(id, { key: signedWith, claims: { sub: undefined } })
    return suite.ask({ grant_type: bearer, assertion }, headers)
  }
  return { ...suite, ids: { free: free.id, bound: bound.id, unknown: 'nobody-has-this-id' }, proofField, answerTo }
}

type Started = Awaited<ReturnType<typeof start>>

const fields: readonly [string, (suite: Started) => Promise<Readonly<Record<string, string>>>][] = [
  ['no proof', async () => ({})],
  ['a good proof', async ({ proofField }) => proofField()],
  ['a text as proof', async () => ({ dpop: 'proof' })],
  ['an empty proof', async () => ({ dpop: '' })],
  ['two proofs', async () => ({ dpop: 'a.b.c, a.b.c' })],
  ['a proof for another URL', async ({ proofField }) => proofField({ claims: { htu: 'https://other.example/token' } })],
]

describe.each([
  ['without nonces', {}],
  ['with nonces', { nonce: { secrets } }],
])('a stranger that forges an assertion, %s,', (_nonces, dpop) => {
  it.each(fields)('and sends %s is not told whether a client is there, nor whether it is bound', async (_what, made) => {
    const suite = await start(dpop)
    const { ids, answerTo, outcomes } = suite
    const headers = await made(suite)
    const answers = [
      await answerTo(ids.unknown, testKeys.rs256Other, headers),
      await answerTo(ids.free, testKeys.rs256Other, headers),
      await answerTo(ids.bound, testKeys.es256Other, headers),
    ]
    expect(answers[0]).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(outcomes()).toEqual(['unknown_client', 'assertion_signature', 'assertion_signature'])
  })
})

describe('a client that signed its assertion', () => {
  it('is told what is wrong with its proof', async () => {
    const { ids, answerTo, proofField, outcomes } = await start()
    const missing = await answerTo(ids.bound, testKeys.es256, {})
    const bad = await answerTo(ids.free, testKeys.rs256, { dpop: '' })
    expect([missing, bad].map(({ status, body }) => [status, body.error])).toEqual([
      [400, 'invalid_dpop_proof'],
      [400, 'invalid_dpop_proof'],
    ])
    expect((await answerTo(ids.bound, testKeys.es256, await proofField())).body).toMatchObject({ token_type: 'DPoP' })
    expect(outcomes()).toEqual(['proof_missing', 'proof_malformed', 'issued'])
  })

  it('gets a nonce', async () => {
    const { ids, answerTo, proofField } = await start({ nonce: { secrets } })
    const challenge = await answerTo(ids.free, testKeys.rs256, await proofField())
    expect([challenge.status, challenge.body.error]).toEqual([400, 'use_dpop_nonce'])
    const nonce = String(challenge.headers['dpop-nonce'])
    expect((await answerTo(ids.free, testKeys.rs256, await proofField({ claims: { nonce } }))).body).toMatchObject({ token_type: 'DPoP' })
  })
})
