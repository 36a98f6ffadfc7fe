import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, startApp } from './nuance-app.js'
import { errorOf, exchange, refusalOf, signed, signedByHmac, subjectClaims, subjectHeader } from './nuance-requests.js'
import { keyOf, rsaPair, type SeedFile, seedClient, writeSeed } from './nuance-seed.js'

const pair = rsaPair()
const running: { app: App; seed: SeedFile } = {} as never

beforeAll(async () => {
  running.seed = await writeSeed(seedClient({ keys: [keyOf('k1', pair)] }))
  running.app = await startApp({ SEED_FILE: running.seed.path })
})
afterAll(async () => {
  await running.app?.end()
  await running.seed?.remove()
})

/** Good in every way but for the changes. */
const good = (changes: Readonly<Record<string, unknown>> = {}, header: object = {}, key = pair.privateKey): string =>
  signed(key, subjectClaims(changes), { ...subjectHeader('k1'), ...header })

describe('the algorithm belongs to the registered key', () => {
  const { publicKey, pem } = pair
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const body = pem.split('\n').slice(1, -2)
  const jwk = publicKey.export({ format: 'jwk' })
  const forms: Readonly<Record<string, Uint8Array | string>> = {
    'as openssl prints it': pem,
    'without the last line break': pem.trimEnd(),
    'with two line breaks at the end': `${pem}\n`,
    'with Windows line breaks': pem.replaceAll('\n', '\r\n'),
    'with Windows line breaks, without the last': pem.trimEnd().replaceAll('\n', '\r\n'),
    'in one line': pem.replaceAll('\n', ''),
    'in one line with spaces': pem.trimEnd().replaceAll('\n', ' '),
    'with escaped line breaks': pem.replaceAll('\n', '\\n'),
    'in base64 without its header': body.join(''),
    'in base64 lines without its header': body.join('\n'),
    'in base64url': der.toString('base64url'),
    'in DER': der,
    'in PKCS#1': publicKey.export({ type: 'pkcs1', format: 'pem' }),
    'in PKCS#1 DER': publicKey.export({ type: 'pkcs1', format: 'der' }),
    'as a JWK': JSON.stringify(jwk),
    'as a modulus': jwk.n ?? '',
    'as a modulus in bytes': Buffer.from(jwk.n ?? '', 'base64url'),
    'as nothing at all': '',
  }

  it.each(Object.entries(forms))('HS256 with the public key %s is refused', async (_name, secret) => {
    const jti = randomUUID()
    const token = signedByHmac(secret, subjectClaims({ jti }), { ...subjectHeader('k1'), alg: 'HS256' })
    expect(await refusalOf(running.app, () => exchange(running.app, token))).toBe('400 invalid_grant assertion_algorithm')
    const posing = signedByHmac(secret, subjectClaims({ jti }), subjectHeader('k1'))
    expect(await refusalOf(running.app, () => exchange(running.app, posing))).toBe('400 invalid_grant assertion_signature')
    expect(errorOf(await exchange(running.app, good({ jti })))).toBe('200')
  })

  it.each(['RS512', 'PS256', 'ES256'])('%s is not the algorithm of an RSA key that was registered for RS256', async (alg) => {
    expect(await refusalOf(running.app, () => exchange(running.app, good({}, { alg })))).toBe('400 invalid_grant assertion_key_unknown')
  })

  it('a key inside of the token is not looked at', async () => {
    const { privateKey, publicKey: own } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const token = good({}, { jwk: own.export({ format: 'jwk' }), jku: 'https://evil.example/jwks.json' }, privateKey)
    expect(errorOf(await exchange(running.app, token))).toBe('400 invalid_grant')
  })
})
