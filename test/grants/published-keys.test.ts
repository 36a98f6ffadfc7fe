import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { clientCredentials } from '@countersign/grants'
import { jwkThumbprint } from '@countersign/jwt'
import { remoteClientKeys } from '@countersign/keys'
import { fixedClock, publicJwkOf, testKeys } from '@countersign/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listening } from '../contracts/listening.js'
import { assertionSetup, basic, type Changes, clientAssertionType, issuer } from './assertion-setup.js'
import { claimsOf, guardOf } from './endpoint-setup.js'

/** A client that publishes its keys at a URL of its own, as SMART Backend Services do. */
async function start() {
  const published = { keys: [publicJwkOf(testKeys.es384)], fetches: 0 }
  const { url, close } = await listening(
    createServer((_request, reply) => {
      published.fetches += 1
      reply.end(JSON.stringify({ keys: published.keys }))
    }).listen(0, '127.0.0.1'),
  )
  onTestFinished(close)
  const clock = fixedClock()
  const { guard, revocations } = guardOf(clock)
  const clientKeys = remoteClientKeys({
    jwksUri: (clientId) => (clientId === 'ehr' ? `${url}/jwks` : undefined),
    allowedOrigins: [url],
    allowInsecure: true,
    algorithms: ['RS384', 'ES384'],
    denylist: { issuer, revocations },
    now: clock.now,
  })
  onTestFinished(() => clientKeys.close())
  const suite = assertionSetup({ clock, grants: [clientCredentials()], clientOptions: { clientKeys } })
  await suite.register({ id: 'ehr', authMethods: ['private_key_jwt'] })
  const ask = async (claims: Record<string, unknown> = {}, key = testKeys.es384, changes: Changes = {}) => {
    const client_assertion = await suite.jwtOf('ehr', { key, kid: key.kid, claims: { sub: 'ehr', iat: undefined, ...claims }, ...changes })
    return suite.ask({ grant_type: 'client_credentials', client_assertion, client_assertion_type: clientAssertionType })
  }
  clock.advance(600)
  const admits = async (token: string) => (await guard.check({ headers: { authorization: `Bearer ${token}` } })).ok
  return { ...suite, ask, admits, revocations, published }
}

describe('a client that publishes its keys', () => {
  it('authenticates with them, and its tokens end with a key whose thumbprint is revoked', async () => {
    const { ask, admits, revocations } = await start()
    const { body } = await ask()
    const thumbprint = jwkThumbprint(publicJwkOf(testKeys.es384))
    expect(claimsOf(body.access_token).client_key).toBe(thumbprint)
    expect(await admits(body.access_token)).toBe(true)
    revocations.revoke({ type: 'client_key', issuer, thumbprint })
    expect(await admits(body.access_token)).toBe(false)
    expect((await ask()).status).toBe(401)
  })

  it('that names no keys rolls over: each of its keys signs, but not one that was revoked', async () => {
    const { ask, published, revocations, outcomes } = await start()
    published.keys = [testKeys.es384, testKeys.es384Other].map((key) => publicJwkOf(key, { kid: undefined }))
    const omitKid = true
    expect((await ask({}, testKeys.es384, { omitKid })).status).toBe(200)
    expect((await ask({}, testKeys.es384Other, { omitKid })).status).toBe(200)
    revocations.revoke({ type: 'client_key', issuer, thumbprint: jwkThumbprint(publicJwkOf(testKeys.es384Other)) })
    expect((await ask({}, testKeys.es384Other, { omitKid })).status).toBe(401)
    expect((await ask({}, testKeys.es384, { omitKid })).status).toBe(200)
    expect(outcomes().slice(2, 3)).toEqual(['assertion_signature'])
  })

  it('is tried with 4 keys at most where it names none', async () => {
    const { ask, published } = await start()
    const { es384, es384Other } = testKeys
    const strangers = Array.from({ length: 4 }, () =>
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }),
    )
    published.keys = [...strangers.slice(0, 3), publicJwkOf(es384), publicJwkOf(es384Other)].map((jwk) => ({ ...jwk, kid: undefined }))
    expect((await ask({}, es384, { omitKid: true })).status).toBe(200)
    expect((await ask({}, es384Other, { omitKid: true })).status).toBe(401)
  })

  it('may put a new key under an old name: the first bad signature makes the keys load, at most once in 60 s', async () => {
    const { ask, published, clock, outcomes } = await start()
    const kid = testKeys.es384.kid
    expect((await ask()).status).toBe(200)
    published.keys = [publicJwkOf(testKeys.es384Other, { kid })]
    clock.advance(70)
    expect((await ask({}, testKeys.es384Other, { kid })).status).toBe(401)
    expect(outcomes().at(-1)).toBe('assertion_signature')
    await expect.poll(() => published.fetches).toBe(2)
    await expect.poll(async () => (await ask({}, testKeys.es384Other, { kid })).status).toBe(200)
    for (let count = 0; count < 10; count += 1) expect((await ask({}, testKeys.es384, { kid })).status).toBe(401)
    expect(published.fetches).toBe(2)
  })

  it('is refused with keys and algorithms that are not its own', async () => {
    const { ask, register, outcomes, outcomeOf } = await start()
    expect((await ask({}, testKeys.es384Other)).status).toBe(401)
    expect((await ask({}, testKeys.es256)).status).toBe(401)
    expect(outcomes()).toEqual(['assertion_key_unknown', 'assertion_key_unknown'])
    const other = await register()
    expect(await outcomeOf({ grant_type: 'client_credentials' }, basic(other.id, other.secret))).toBe('200')
  })
})
