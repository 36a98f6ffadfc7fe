import type { Signer } from '@countersign/core'
import { createSigner, jwkThumbprint, parseJws, signJwt, verifySignature } from '@countersign/jwt'
import { createKeyRegistry, type KeyRegistry } from '@countersign/keys'
import { privateKeyOf, publicJwkOf, testKeys } from '@countersign/testkit'
import { expect, it } from 'vitest'
import { deploy, done, endOf, issuer, kept, safeAfter, signingKid } from './registry-setup.js'

const jwk = publicJwkOf(testKeys.es256, { kid: undefined })
const kid = jwkThumbprint(jwk)
const inKms = createSigner({ key: privateKeyOf(testKeys.es256), algorithm: 'ES256' })

function startWith(externalSigner: (kid: string) => Signer | undefined): { registry: KeyRegistry } & ReturnType<typeof deploy> {
  const deployment = deploy()
  const { keys: store, clock } = deployment
  return { ...deployment, registry: createKeyRegistry({ issuer, store, externalSigner, now: clock.now }) }
}

it('a key that a KMS holds signs, and no private key is in the store', async () => {
  const { registry, stores } = startWith((asked) => (asked === kid ? { ...inKms, kid: 'arn:aws:kms:eu-central-1:1:key/1' } : undefined))
  expect(done(await registry.signing.stage(jwk))).toBe(kid)
  const token = await signJwt({ iss: issuer }, { signer: await registry.signer.current(), typ: 'at+jwt' })
  const parsed = parseJws(token)
  if (!parsed.ok) throw new Error('not a JWS')
  // Verifiers look the key up by the kid of the JWKS, whatever the KMS calls it.
  expect(parsed.jws.header.kid).toBe(kid)
  const { key } = await registry.source.find({ kid, algorithm: 'ES256' })
  expect(key && verifySignature(parsed.jws, key)).toBe(true)
  expect(await kept(stores, 'own_keys', issuer)).not.toContain('sealed')
})

it('keys of a KMS are rotated by staging the next one', async () => {
  const other = createSigner({ key: privateKeyOf(testKeys.es256Other), algorithm: 'ES256' })
  const { registry, clock } = startWith((asked) => [inKms, other].find((signer) => signer.kid === asked))
  await registry.signing.stage(jwk)
  const next = done(await registry.signing.stage(publicJwkOf(testKeys.es256Other)))
  expect(await registry.signing.activate(next)).toMatchObject({ reason: 'too_early' })
  await registry.signing.activate(next, { whenSafe: true })
  expect(await signingKid(registry)).toBe(kid)
  clock.advance(safeAfter)
  expect(await signingKid(registry)).toBe(next)
})

it('without a signer for the key, or with one of another algorithm, nothing signs', async () => {
  const none = startWith(() => undefined)
  await none.registry.signing.stage(jwk)
  expect(await endOf(signingKid(none.registry))).toBe('key_source_unavailable')
  expect(await none.registry.ready()).toMatchObject({ ok: false, parts: { keys: { ok: true }, signer: { ok: false } } })
  const other = startWith(() => ({ ...inKms, algorithm: 'RS256' }))
  await other.registry.signing.stage(jwk)
  expect(await endOf(signingKid(other.registry))).toBe('key_source_unavailable')
})

it('a signature that does not fit the published key never leaves', async () => {
  // ECDSA of most KMS comes in DER, which no verifier of JWS takes.
  const inDer: Signer = { ...inKms, sign: async (data) => Buffer.concat([Buffer.from([0x30]), await inKms.sign(data)]) }
  const { registry } = startWith(() => inDer)
  await registry.signing.stage(jwk)
  const signer = await registry.signer.current()
  expect(await endOf(Promise.resolve(signer.sign(Buffer.from('x'))))).toBe('key_source_unavailable')
})

it('keys are generated only where private keys can be kept', async () => {
  const { registry } = startWith(() => inKms)
  expect(await endOf(registry.signing.generate())).toBe('TypeError')
  expect(await endOf(registry.signing.rotate())).toBe('TypeError')
})
