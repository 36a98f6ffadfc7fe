import { malformedTokens, publicJwkOf, renameKey, signToken, type TestKey, testKeys } from '@countersign/testkit'
import { createVerifier, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'

const issuer = 'https://issuer.test'
const audience = 'https://api.test'
const keys: readonly TestKey[] = [
  testKeys.rs256,
  renameKey(testKeys.rs256Other, { kid: 'test-rs512', alg: 'RS512' }),
  testKeys.ps256,
  testKeys.es256,
  testKeys.es384,
  testKeys.es512,
  testKeys.eddsa,
]

async function validToken(key: TestKey): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return signToken({ key, claims: { iss: issuer, aud: audience, sub: 'user-1', iat: now, exp: now + 300, scope: 'a b' } })
}

/** Trusts all keys at once and all their algorithms, so that one may be confused with another. */
function createTrustingVerifier(): ReturnType<typeof createVerifier> {
  return createVerifier({
    issuers: {
      test: staticKeys({ issuer, audience, algorithms: keys.map(({ alg }) => alg), keys: { keys: keys.map((key) => publicJwkOf(key)) } }),
    },
  })
}

describe.each(keys)('malformed tokens of an issuer that signs with $alg', (key) => {
  it('are all refused, each for a reason that fits', async () => {
    const verifier = createTrustingVerifier()
    const token = await validToken(key)
    expect(await verifier.verify(token)).toMatchObject({ ok: true })
    const wrong: string[] = []
    for (const { name, family, token: malformed, reasons } of malformedTokens(token, key)) {
      const outcome = await verifier.verify(malformed)
      const reason = outcome.ok ? 'ACCEPTED' : outcome.refusal.reason
      if (reason === 'ACCEPTED' || !reasons.includes(reason)) wrong.push(`${family}: ${name}: ${reason}, not ${reasons.join(' or ')}`)
    }
    expect(wrong).toEqual([])
    expect(await verifier.verify(token)).toMatchObject({ ok: true })
    await verifier.close()
  })

  it('have names of their own and differ from the valid one', async () => {
    const token = await validToken(key)
    const rows = malformedTokens(token, key)
    const names = rows.map(({ family, name }) => `${family}: ${name}`)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    expect(rows.filter((row) => row.token === token)).toEqual([])
    const twice = rows.filter((row, index) => rows.findIndex((other) => other.token === row.token) !== index)
    expect(twice.map(({ name }) => name)).toEqual([])
    expect(rows.length).toBeGreaterThan(300)
  })
})

describe('a JWKS that states no alg', () => {
  it.each([
    [testKeys.rs256, ['RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    [testKeys.ps256, ['PS384', 'PS512', 'RS256', 'RS384', 'RS512']],
  ] as const)('leaves it to the list of the issuer: a key for $alg signs nothing else', async (key, others) => {
    const jwk = publicJwkOf(key, { alg: undefined })
    const verifier = createVerifier({ issuers: { test: staticKeys({ issuer, audience, algorithms: [key.alg], keys: jwk }) } })
    expect(await verifier.verify(await validToken(key))).toMatchObject({ ok: true })
    for (const alg of others) {
      const outcome = await verifier.verify(await validToken(renameKey(key, { alg })))
      expect(outcome).toMatchObject({ ok: false, refusal: { reason: 'algorithm' } })
    }
    await verifier.close()
  })
})
