import { badJwksDocuments, createFakeIssuer, type FakeIssuer, type FixedClock, fixedClock, testKeys } from '@countersign/testkit'
import { createVerifier, jwks, type Verifier } from '@countersign/verifier'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const audience = 'https://api.test'
let clock: FixedClock
let issuer: FakeIssuer
let verifier: Verifier

beforeEach(async () => {
  clock = fixedClock()
  issuer = await createFakeIssuer({ audience, now: clock.now, keys: [testKeys.es256] })
  verifier = createVerifier({
    now: clock.now,
    issuers: { it: jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['ES256'], audience }) },
  })
})
afterEach(async () => {
  await verifier.close()
  await issuer.close()
})

describe.each(badJwksDocuments())('a JWKS that is $name', ({ body }) => {
  it('is an outage when it is the first, and forgotten when a good one follows', async () => {
    issuer.behave({ kind: 'document', body })
    await expect(verifier.verify(await issuer.token())).rejects.toMatchObject({ reason: 'key_source_unavailable' })
    issuer.behave(undefined)
    clock.advance(61)
    expect(await verifier.verify(await issuer.token())).toMatchObject({ ok: true })
  })

  it('leaves the keys that were known, until they are too old', async () => {
    expect(await verifier.verify(await issuer.token())).toMatchObject({ ok: true })
    issuer.behave({ kind: 'document', body })
    clock.advance(601)
    expect(await verifier.verify(await issuer.token())).toMatchObject({ ok: true })
    clock.advance(901)
    await expect(verifier.verify(await issuer.token())).rejects.toMatchObject({ reason: 'key_source_unavailable' })
  })
})
