import { createHash, createPublicKey, createSecretKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { algorithms, importJwk, importPublicKey, importSecret, jwkThumbprint, type KeyImport } from '@countersign/jwt'
import { describe, expect, test } from 'vitest'
import { jwkFor, pairFor, sampleSecret } from './sample-keys.js'

const ec = jwkFor('ES256')
const rsa = jwkFor('RS256')
const ed = jwkFor('EdDSA')
const verdict = (outcome: KeyImport): string => (outcome.ok ? outcome.key.algorithms.join(' ') : outcome.reason)
const judge = (jwk: unknown): string => verdict(importJwk(jwk))
const all = { rsa: 'RS256 RS384 RS512 PS256 PS384 PS512', ed: 'EdDSA Ed25519' }
/** Self-signed, P-256, made for this test. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUXAaBz6NihfDBRCN+xOiHvLmN4F0wCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZXhhbXBsZTAgFw0yNjExMjIxNTE5MzJaGA8yMTI2MTAyOTE1
MTkzMlowEjEQMA4GA1UEAwwHZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABCtwYJQuaTSS4Y1fMLGqKeO9a9m47LcG6eaL9Gt4gn3dTTnZcDltnoy7GxbO
M4DHk8bGpRIphER31eE7cp0p/yOjUzBRMB0GA1UdDgQWBBS07A/Us4hZKdLg6UKa
5cU4eL4amDAfBgNVHSMEGDAWgBS07A/Us4hZKdLg6UKa5cU4eL4amDAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIHVH/TIy9NCNjfgeaoOoiC5lvp7K
bEqVFqXZcvKirBaSAiEA5uM7cBe2CL7DvPba9yG0ciM+Hktq1ZYKoNOXeYkDz34=
-----END CERTIFICATE-----
`
const bytes = (...hex: string[]): string => Buffer.from(hex.join(''), 'hex').toString('base64url')

describe('a public JWK (RFC 7517)', () => {
  test('fits the algorithms of its type and curve', () => {
    expect(judge(rsa)).toBe(all.rsa)
    expect(judge(ec)).toBe('ES256')
    expect(judge(jwkFor('ES384'))).toBe('ES384')
    expect(judge(jwkFor('ES512'))).toBe('ES512')
    expect(judge(ed)).toBe(all.ed)
  })

  test('is narrowed by its own alg, for which EdDSA and Ed25519 are one', () => {
    expect(judge({ ...rsa, alg: 'PS384' })).toBe('PS384')
    expect(judge({ ...ed, alg: 'Ed25519' })).toBe(all.ed)
    expect(judge({ ...ed, alg: 'EdDSA' })).toBe(all.ed)
  })

  test('keeps its kid, and an empty one is none', () => {
    const named = importJwk({ ...ec, kid: 'k' })
    const unnamed = importJwk({ ...ec, kid: '' })
    expect(named.ok && named.key.kid).toBe('k')
    expect(unnamed.ok && 'kid' in unnamed.key).toBe(false)
  })

  test('may hold members that are not known', () => {
    expect(judge({ ...ec, use: 'sig', key_ops: ['verify', 'encrypt'], x5c: ['nonsense'], x5u: 1, ext: 'yes', issuer: 'x' })).toBe('ES256')
  })

  test.each([
    ['a string', 'x', 'malformed'],
    ['null', null, 'malformed'],
    ['a list', [ec], 'malformed'],
    ['without kty', { ...ec, kty: undefined }, 'malformed'],
    ['with a kty in lower case', { ...ec, kty: 'ec' }, 'unsupported'],
    ['with the kty of another type', { ...ec, kty: 'RSA' }, 'malformed'],
    ['of an unknown type', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' }, 'unsupported'],
    ['for a curve of no algorithm', { ...ec, crv: 'secp256k1' }, 'unsupported'],
    ['for a curve named like a member of Object.prototype', { ...ec, crv: 'constructor' }, 'unsupported'],
    ['for X25519', { ...ed, crv: 'X25519' }, 'unsupported'],
    ['for Ed448', { kty: 'OKP', crv: 'Ed448', x: ed.x }, 'unsupported'],
    ['that is a secret', { kty: 'oct', k: sampleSecret.toString('base64url') }, 'secret'],
    ['that is a secret kept back', { kty: 'oct' }, 'secret'],
    ['that holds a secret beside the public key', { ...rsa, k: 'AAAA' }, 'secret'],
    ['that is a private EC key', pairFor('ES256').privateKey.export({ format: 'jwk' }), 'private'],
    ['that is a private RSA key', pairFor('RS256').privateKey.export({ format: 'jwk' }), 'private'],
    ['that is a private Ed25519 key', pairFor('EdDSA').privateKey.export({ format: 'jwk' }), 'private'],
    ['with one prime', { ...rsa, p: 'AQ' }, 'private'],
    ['for encryption', { ...rsa, use: 'enc' }, 'wrong_use'],
    ['with a use that is a list', { ...rsa, use: ['sig'] }, 'malformed'],
    ['with operations that lack verify', { ...rsa, key_ops: ['sign', 'encrypt'] }, 'wrong_use'],
    ['with no operations', { ...rsa, key_ops: [] }, 'wrong_use'],
    ['with operations that are a string', { ...rsa, key_ops: 'verify' }, 'malformed'],
    ['with a kid that is a number', { ...ec, kid: 7 }, 'malformed'],
    ['with a kid that no header may have', { ...ec, kid: 'k'.repeat(1025) }, 'malformed'],
    ['with an alg that is a number', { ...ec, alg: 256 }, 'malformed'],
    ['with the alg of another curve', { ...ec, alg: 'ES384' }, 'algorithm_mismatch'],
    ['with the alg of another type', { ...ec, alg: 'RS256' }, 'algorithm_mismatch'],
    ['with an HMAC alg', { ...rsa, alg: 'HS256' }, 'algorithm_mismatch'],
    ['with the alg none', { ...rsa, alg: 'none' }, 'algorithm_mismatch'],
    ['with an alg for encryption', { ...rsa, alg: 'RSA-OAEP' }, 'algorithm_mismatch'],
    ['with padding', { ...ec, x: `${ec.x}=` }, 'malformed'],
    ['in the other alphabet', { ...rsa, n: rsa.n?.replace(/[-_]/g, '+') }, 'malformed'],
    ['with a coordinate that is a number', { ...ec, x: 1 }, 'malformed'],
    ['without y', { ...ec, y: undefined }, 'malformed'],
    ['with a short coordinate', { ...ec, x: bytes('01') }, 'malformed'],
    ['with a leading zero too many', { ...ec, x: bytes('00', Buffer.from(ec.x ?? '', 'base64url').toString('hex')) }, 'malformed'],
    ['with an Ed25519 key of 31 bytes', { ...ed, x: bytes('aa'.repeat(31)) }, 'malformed'],
    ['without a modulus', { ...rsa, n: '' }, 'malformed'],
    ['without an exponent', { ...rsa, e: undefined }, 'malformed'],
    ['with a modulus beyond all bounds', { ...rsa, n: 'A'.repeat(4097) }, 'malformed'],
  ])('%s is refused', (_, jwk, fault) => {
    expect(judge(jwk)).toBe(fault)
  })
})

describe('degenerate keys', () => {
  test.each([
    ['1', '01'],
    ['2', '02'],
    ['0', '00'],
    ['65536', '010000'],
  ])('an RSA exponent of %s is weak', (_, e) => {
    expect(judge({ ...rsa, e: bytes(e) })).toBe('weak_rsa')
  })

  test('an RSA exponent of 3 is legal, one of 2^32 + 1 or 2^64 + 1 is not supported', () => {
    expect(judge({ ...rsa, e: bytes('03') })).toBe(all.rsa)
    expect(judge({ ...rsa, e: bytes('ffffffff') })).toBe(all.rsa)
    expect(judge({ ...rsa, e: bytes('0100000001') })).toBe('unsupported')
    expect(judge({ ...rsa, e: bytes('010000000000000001') })).toBe('unsupported')
  })

  test('an RSA modulus has 2048 to 4096 bits', () => {
    const odd = (bits: number): string => bytes('ff'.repeat(bits / 8))
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
    expect(verdict(importPublicKey(small))).toBe('weak_rsa')
    expect(judge({ ...rsa, n: odd(2040) })).toBe('weak_rsa')
    expect(judge({ ...rsa, n: odd(2048) })).toBe(all.rsa)
    expect(judge({ ...rsa, n: odd(4096) })).toBe(all.rsa)
    expect(judge({ ...rsa, n: odd(4104) })).toBe('unsupported')
    expect(judge({ ...rsa, n: odd(16_384) })).toBe('unsupported')
  })

  test('leading zeros of a modulus do not make it longer, and its thumbprint is that of the key without them', () => {
    const n = Buffer.from(rsa.n ?? '', 'base64url')
    const padded = importJwk({ ...rsa, n: Buffer.concat([Buffer.alloc(1), n]).toString('base64url') })
    expect(padded.ok && padded.key.thumbprint).toBe(jwkThumbprint(rsa))
    expect(judge({ ...rsa, n: Buffer.concat([Buffer.alloc(130), n.subarray(130)]).toString('base64url') })).toBe('weak_rsa')
  })

  test('an even modulus is weak', () => {
    expect(judge({ ...rsa, n: bytes('ff'.repeat(255), 'fe') })).toBe('weak_rsa')
  })

  test('a point off the curve is refused, on every curve', () => {
    for (const algorithm of ['ES256', 'ES384', 'ES512'] as const) {
      const jwk = jwkFor(algorithm)
      const y = Buffer.from(jwk.y ?? '', 'base64url')
      y.writeUInt8(y.readUInt8(y.length - 1) ^ 1, y.length - 1)
      expect(judge({ ...jwk, y: y.toString('base64url') })).toBe('bad_point')
      expect(judge({ ...jwk, x: jwk.y, y: jwk.x })).toBe('bad_point')
      expect(judge({ ...jwk, x: bytes('00'.repeat(y.length)), y: bytes('00'.repeat(y.length)) })).toBe('bad_point')
    }
  })

  // The eight points whose order divides 8 (y with either sign of x), and encodings of them that are not canonical.
  test.each([
    ['the neutral element', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['the neutral element with a sign', '0100000000000000000000000000000000000000000000000000000000000080'],
    ['the point of order 2', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['the point of order 2 with a sign', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
    ['a point of order 4', '0000000000000000000000000000000000000000000000000000000000000000'],
    ['the other point of order 4', '0000000000000000000000000000000000000000000000000000000000000080'],
    ['a point of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['a second point of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['a third point of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['the last point of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
    ['y = p', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['y = p with a sign', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
    ['y = p + 1', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['y = p + 1 with a sign', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
    ['y = 2^255 - 1', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['y = 2, which is no point', '0200000000000000000000000000000000000000000000000000000000000000'],
  ])('of Ed25519, %s is refused', (_, hex) => {
    expect(judge({ kty: 'OKP', crv: 'Ed25519', x: bytes(hex) })).toBe('bad_point')
  })

  test('of Ed25519, every key that is generated is accepted', () => {
    for (let count = 0; count < 50; count++) {
      expect(verdict(importPublicKey(generateKeyPairSync('ed25519').publicKey))).toBe(all.ed)
    }
  })
})

describe('a KeyObject or PEM', () => {
  const pem = pairFor('ES256').publicKey.export({ type: 'spki', format: 'pem' }).toString()

  test('SPKI is taken, with the name and the algorithm that its owner gives', () => {
    const outcome = importPublicKey(pem, { kid: 'k', algorithm: 'ES256' })
    expect(outcome.ok && outcome.key.kid).toBe('k')
    expect(verdict(outcome)).toBe('ES256')
    expect(verdict(importPublicKey(pem, { algorithm: 'RS256' }))).toBe('algorithm_mismatch')
    expect(verdict(importPublicKey(pairFor('RS256').publicKey, { algorithm: 'PS256' }))).toBe('PS256')
  })

  test('of a certificate the key is taken', () => {
    expect(verdict(importPublicKey(certificate))).toBe('ES256')
  })

  test('a private key is refused, although its public half is known', () => {
    for (const type of ['pkcs8', 'sec1'] as const) {
      const secret = pairFor('ES256').privateKey.export({ type, format: 'pem' }).toString()
      expect(verdict(importPublicKey(secret))).toBe('private')
      expect(verdict(importPublicKey(`${pem}${secret}`))).toBe('malformed')
    }
    expect(verdict(importPublicKey(pairFor('ES256').privateKey))).toBe('private')
  })

  test.each([
    ['text', 'hello'],
    ['a label alone', '-----BEGIN PUBLIC KEY-----'],
    ['rubbish in armour', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['rubbish as a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['two keys', pem + pem],
  ])('%s is malformed', (_, text) => {
    expect(verdict(importPublicKey(text))).toBe('malformed')
  })

  test('what no algorithm uses is not supported', () => {
    expect(verdict(importPublicKey(generateKeyPairSync('x25519').publicKey))).toBe('unsupported')
    expect(verdict(importPublicKey(generateKeyPairSync('ed448').publicKey))).toBe('unsupported')
    expect(verdict(importPublicKey(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey))).toBe('unsupported')
    const pkcs1 = pairFor('RS256').publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()
    expect(verdict(importPublicKey(pkcs1))).toBe('unsupported')
  })

  test('a secret is not a public key', () => {
    expect(verdict(importPublicKey(createSecretKey(sampleSecret)))).toBe('secret')
  })

  test('an RSA-PSS key serves only the PS algorithms that its parameters admit', () => {
    const free = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey
    const bound = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha384',
      mgf1HashAlgorithm: 'sha384',
      // @types/node says string; node:crypto takes a number.
      saltLength: 48 as unknown as string,
    }).publicKey
    expect(verdict(importPublicKey(free))).toBe('PS256 PS384 PS512')
    expect(verdict(importPublicKey(bound))).toBe('PS384')
  })

  test('an RSA-PSS key that wants more salt than the hash is long serves none', () => {
    const { publicKey } = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha256',
      mgf1HashAlgorithm: 'sha256',
      // @types/node says string; node:crypto takes a number.
      saltLength: 33 as unknown as string,
    })
    expect(verdict(importPublicKey(publicKey))).toBe('algorithm_mismatch')
  })
})

describe('a secret', () => {
  const secretOf = (length: number): Buffer => Buffer.alloc(length, 0xa5)

  test.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)('for %s has at least %d bytes', (algorithm, length) => {
    expect(verdict(importSecret(secretOf(length), { algorithms: [algorithm] }))).toBe(algorithm)
    expect(verdict(importSecret(secretOf(length - 1), { algorithms: [algorithm] }))).toBe('weak_secret')
  })

  test.each([
    [0, 'HS256', 'it must have 32 bytes or more, got 0 bytes'],
    [1, 'HS384', 'it must have 48 bytes or more, got 1 byte'],
    [63, 'HS512', 'it must have 64 bytes or more, got 63 bytes'],
  ] as const)('of %d bytes for %s is refused with its length and the one that it must have', (length, algorithm, detail) => {
    expect(importSecret(secretOf(length), { algorithms: [algorithm] })).toEqual({ ok: false, reason: 'weak_secret', detail })
  })

  test('is long enough for every algorithm that it is for', () => {
    expect(verdict(importSecret(secretOf(48), { algorithms: ['HS256', 'HS384'] }))).toBe('HS256 HS384')
    expect(verdict(importSecret(secretOf(48), { algorithms: ['HS256', 'HS512'] }))).toBe('weak_secret')
  })

  test('as text counts as its UTF-8 bytes', () => {
    expect(verdict(importSecret('é'.repeat(16), { algorithms: ['HS256'] }))).toBe('HS256')
    expect(verdict(importSecret('e'.repeat(31), { algorithms: ['HS256'] }))).toBe('weak_secret')
  })

  test('is for HMAC alone', () => {
    expect(verdict(importSecret(sampleSecret, { algorithms: [] }))).toBe('algorithm_mismatch')
    expect(verdict(importSecret(sampleSecret, { algorithms: ['ES256' as 'HS256'] }))).toBe('algorithm_mismatch')
  })

  test('has no thumbprint, and a copy of it is kept', () => {
    const own = Buffer.from(sampleSecret)
    const outcome = importSecret(own, { algorithms: ['HS256'] })
    own.fill(0)
    expect(outcome.ok && outcome.key.thumbprint).toBeUndefined()
    expect(outcome.ok && outcome.key.key.export().equals(sampleSecret)).toBe(true)
  })

  const publicKey = pairFor('RS256').publicKey
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  test.each<[string, string | Uint8Array]>([
    ['PEM', publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['PEM in bytes', Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }).toString())],
    ['PEM after a blank line', `\n\n${publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()}`],
    ['DER', spki],
    ['DER in base64', spki.toString('base64')],
    ['DER in base64url', spki.toString('base64url')],
    ['PKCS#1 in DER', publicKey.export({ type: 'pkcs1', format: 'der' })],
    ['a private key', pairFor('RS256').privateKey.export({ type: 'pkcs8', format: 'der' })],
    ['a JWK', JSON.stringify(rsa)],
    ['a JWK with white space', ` ${JSON.stringify(ec, undefined, 2)}`],
    ['a key set', JSON.stringify({ keys: [ec] })],
    ['an OpenSSH line', `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${sampleSecret.toString('base64')} me@host`],
    ['an OpenSSH line of Ed25519', `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${sampleSecret.toString('base64')}`],
  ])('is not a public key as %s', (_, secret) => {
    expect(verdict(importSecret(secret, { algorithms: ['HS256'] }))).toBe('public_key_as_secret')
  })

  test.each<[string, string | Uint8Array]>([
    ['bytes that start like DER', Buffer.concat([Buffer.from([0x30, 0x82]), sampleSecret])],
    ['text that starts like DER in base64', `MII${sampleSecret.toString('base64url')}`],
    ['text that starts like JSON', `{${sampleSecret.toString('base64url')}`],
  ])('may be %s', (_, secret) => {
    expect(verdict(importSecret(secret, { algorithms: ['HS256'] }))).toBe('HS256')
  })
})

describe('thumbprints (RFC 7638)', () => {
  const example: JsonWebKey = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  }

  test('the example of §3.1 has the thumbprint that it states', () => {
    expect(jwkThumbprint(example)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  test('the Ed25519 key of RFC 8037 A.3 has the thumbprint that it states', () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
    expect(jwkThumbprint(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  test('a key has one thumbprint, as JWK, KeyObject, half or whole', () => {
    for (const algorithm of ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const) {
      const { publicKey, privateKey } = pairFor(algorithm)
      const prints = [publicKey, privateKey, publicKey.export({ format: 'jwk' }), privateKey.export({ format: 'jwk' })].map(jwkThumbprint)
      const imported = importPublicKey(publicKey)
      expect(new Set([...prints, imported.ok && imported.key.thumbprint]).size).toBe(1)
    }
  })

  test('an RSA-PSS key has the thumbprint of the same numbers as a plain RSA key', () => {
    const { publicKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
    const der = publicKey.export({ type: 'spki', format: 'der' })
    const { publicExponent } = publicKey.asymmetricKeyDetails ?? {}
    const imported = importPublicKey(publicKey)
    // The RSAPublicKey structure ends the SPKI: SEQUENCE { INTEGER n of 257 bytes, INTEGER e of 3 }.
    const plain = createPublicKey({ key: der.subarray(der.length - 270), type: 'pkcs1', format: 'der' }).export({ format: 'jwk' })
    expect(publicExponent).toBe(65537n)
    expect(imported.ok && imported.key.thumbprint).toBe(
      createHash('sha256').update(`{"e":"${plain.e}","kty":"RSA","n":"${plain.n}"}`).digest('base64url'),
    )
  })

  test.each([{ kty: 'oct', k: 'AAAA' }, { kty: 'EC', crv: 'P-256', x: 'AAAA' }, { kty: 'RSA', n: '', e: 'AQAB' }, {}])(
    '%j has none',
    (jwk) => {
      expect(() => jwkThumbprint(jwk)).toThrow(TypeError)
    },
  )

  test('a secret has none', () => {
    expect(() => jwkThumbprint(createSecretKey(sampleSecret))).toThrow(TypeError)
  })
})

test('every algorithm is known by one name', () => {
  expect(algorithms).toEqual([
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
    'HS256',
    'HS384',
    'HS512',
  ])
})
