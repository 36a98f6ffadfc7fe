import { createServer } from 'node:http'
import { clientCredentials } from '@countersign/grants'
import { jwkThumbprint } from '@countersign/jwt'
import { remoteClientKeys } from '@countersign/keys'
import { fixedClock, publicJwkOf, testKeys } from '@countersign/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listening } from '../contracts/listening.js'
import { assertionSetup, basic, clientAssertionType, issuer } from './assertion-setup.js'
import { claimsOf, guardOf } from './endpoint-setup.js'

/** A client that publishes its keys at a URL of its own, as SMART Backend Services do. */
async function start() {
  const published = { keys: [publicJwkOf(testKeys.es384)] }
  const { url, close } = await listening(
    createServer((_request, reply) => void reply.end(JSON.stringify(published))).listen(0, '127.0.0.1'),
  )
  onTestFinished(close)
  const clock = fixedClock()
  const { guard, revocations } = guardOf(clock)
  const keys = remoteClientKeys({
    jwksUri: (clientId) => (clientId === 'ehr' ? `${url}/jwks` : undefined),
    allowedOrigins: [url],
    allowInsecure: true,
    algorithms: ['RS384', 'ES384'],
    denylist: { issuer, revocations },
    now: clock.now,
  })
  onTestFinished(() => keys.close())
  const suite = assertionSetup({ clock, grants: [clientCredentials()], clientOptions: { keys } })
  await suite.register({ id: 'ehr', methods: ['private_key_jwt'] })
  const ask = async (claims: Record<string, unknown> = {}, key = testKeys.es384) => {
    const client_assertion = await suite.jwtOf('ehr', { key, kid: key.kid, claims: { sub: 'ehr', iat: undefined, ...claims } })
    return suite.ask({ grant_type: 'client_credentials', client_assertion, client_assertion_type: clientAssertionType })
  }
  clock.advance(600)
  const admits = async (token: string) => (await guard.check({ headers: { authorization: `Bearer ${token}` } })).ok
  return { ...suite, ask, admits, revocations }
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

  it('is refused with keys and algorithms that are not its own', async () => {
    const { ask, register, outcomes, outcomeOf } = await start()
    expect((await ask({}, testKeys.es384Other)).status).toBe(401)
    expect((await ask({}, testKeys.es256)).status).toBe(401)
    expect(outcomes()).toEqual(['assertion_key_unknown', 'assertion_key_unknown'])
    const other = await register()
    expect(await outcomeOf({ grant_type: 'client_credentials' }, basic(other.id, other.secret))).toBe('200')
  })
})
