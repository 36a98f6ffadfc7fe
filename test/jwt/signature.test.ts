import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Algorithm, VerificationKey } from '@countersign/core'
import {
  algorithms,
  importJwk,
  importPublicKey,
  importSecret,
  isHmac,
  type Jws,
  type KeyImport,
  parseJws,
  verifySignature,
} from '@countersign/jwt'
import { describe, expect, test } from 'vitest'
import { compactOf } from './compact.js'
import { jwkFor, pairFor, sampleSecret } from './sample-keys.js'

function taken(outcome: KeyImport): VerificationKey {
  if (!outcome.ok) throw new Error(outcome.reason)
  return outcome.key
}

function parsed(token: string): Jws {
  const outcome = parseJws(token)
  if (!outcome.ok) throw new Error(outcome.refusal.reason)
  return outcome.jws
}

const keyFor = (algorithm: Algorithm): VerificationKey =>
  taken(isHmac(algorithm) ? importSecret(sampleSecret, { algorithms: [algorithm] }) : importJwk(jwkFor(algorithm)))
const sample = (algorithm: Algorithm, key?: KeyObject): Jws => parsed(compactOf({}, { sub: 'a' }, algorithm, key))
const withSignature = (jws: Jws, signature: Buffer): Jws => ({ ...jws, signature })

describe.each(algorithms.map((algorithm) => ({ algorithm })))('a signature with $algorithm', ({ algorithm }) => {
  const jws = sample(algorithm)
  const key = keyFor(algorithm)

  test('is good when it was made with the key', () => {
    expect(verifySignature(jws, key)).toBe(true)
  })

  test('is good with a key that has only the fields of the contract', () => {
    const { algorithms: usable, key: material } = key
    expect(verifySignature(jws, { algorithms: usable, key: material })).toBe(true)
  })

  test('is bad with every bit of its first and last byte turned, and of the signing input', () => {
    for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
      for (const at of [0, jws.signature.length - 1]) {
        const signature = Buffer.from(jws.signature)
        signature.writeUInt8(signature.readUInt8(at) ^ bit, at)
        expect(verifySignature(withSignature(jws, signature), key)).toBe(false)
      }
      const signingInput = Buffer.from(jws.signingInput)
      signingInput.writeUInt8(signingInput.readUInt8(5) ^ bit, 5)
      expect(verifySignature({ ...jws, signingInput }, key)).toBe(false)
    }
  })

  test('is bad at any other length', () => {
    const { signature } = jws
    const zero = Buffer.alloc(1)
    for (const other of [
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([zero, signature]),
      Buffer.concat([signature, zero]),
      Buffer.concat([signature, signature]),
      zero,
      Buffer.alloc(0),
    ]) {
      expect(verifySignature(withSignature(jws, other), key)).toBe(false)
    }
  })

  test('is bad when it is all zeros or all ones', () => {
    for (const byte of [0, 1, 255]) expect(verifySignature(withSignature(jws, Buffer.alloc(jws.signature.length, byte)), key)).toBe(false)
  })

  test('is bad with every key of another algorithm', () => {
    for (const other of algorithms) {
      const otherKey = keyFor(other)
      if (!otherKey.algorithms.includes(algorithm)) expect(verifySignature(jws, otherKey)).toBe(false)
    }
  })

  test('is bad with its own key narrowed to another algorithm, also by a copy of that key', () => {
    const others = algorithms.filter((other) => other !== algorithm)
    expect(verifySignature(jws, { ...key, algorithms: others })).toBe(false)
    expect(verifySignature(jws, { ...key, algorithms: [] })).toBe(false)
  })
})

describe('confusion of keys', () => {
  test('a token signed with HMAC over the text of a public key is bad for that key', () => {
    const { publicKey } = pairFor('RS256')
    const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))
    for (const text of [pem, publicKey.export({ type: 'spki', format: 'der' })]) {
      const forged = sample('HS256', createSecretKey(text))
      expect(verifySignature(forged, keyFor('RS256'))).toBe(false)
      expect(verifySignature(forged, { algorithms: ['RS256', 'HS256'], key: publicKey })).toBe(false)
    }
  })

  test('a key made by hand serves no algorithm that does not fit its material', () => {
    const everything = { algorithms, key: pairFor('ES256').publicKey }
    expect(algorithms.filter((algorithm) => verifySignature(sample(algorithm), everything))).toEqual(['ES256'])
  })

  test('a PS signature is no RS signature of the same key, and one hash is not another', () => {
    const jws = sample('PS256')
    const key = keyFor('RS256')
    for (const alg of ['RS256', 'PS384', 'PS512'] as const)
      expect(verifySignature({ ...jws, header: { ...jws.header, alg } }, key)).toBe(false)
  })

  test('an ECDSA signature in DER is bad', () => {
    const der = Buffer.concat([Buffer.from('3044022000', 'hex'), Buffer.alloc(59, 1)])
    expect(verifySignature(withSignature(sample('ES256'), der), keyFor('ES256'))).toBe(false)
  })

  test('an RSA-PSS key bound to one hash serves that one alone', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha256',
      mgf1HashAlgorithm: 'sha256',
      // @types/node says string; node:crypto takes a number.
      saltLength: 32 as unknown as string,
    })
    const jws = sample('PS256', privateKey)
    expect(verifySignature(jws, taken(importPublicKey(publicKey)))).toBe(true)
    expect(verifySignature(jws, { algorithms: ['RS256', 'PS384'], key: publicKey })).toBe(false)
  })

  test('EdDSA and Ed25519 are one algorithm', () => {
    const key = taken(importJwk({ ...jwkFor('EdDSA'), alg: 'EdDSA' }))
    expect(verifySignature(sample('Ed25519'), key)).toBe(true)
    expect(verifySignature(sample('EdDSA'), key)).toBe(true)
  })

  test('an RSA key whose modulus is not a number of whole bytes has signatures of the rounded-up length', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2050 })
    const jws = sample('RS256', privateKey)
    expect(jws.signature).toHaveLength(257)
    expect(verifySignature(jws, taken(importPublicKey(publicKey)))).toBe(true)
  })
})
