import { generateKeyPairSync } from 'node:crypto'
import { createKeySet, createSigner, importPublicKey, selectKey } from '@countersign/jwt'
import { createNonceEndpoint, createNonces } from '@countersign/nonce'
import { describe, expect, it } from 'vitest'
import { optionsOf, secretOf, startNonces } from './nonce-setup.js'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const imported = importPublicKey(publicKey, { kid: 'k' })
if (!imported.ok) throw new Error(imported.reason)
const set = createKeySet([imported.key])
const pair = {
  secrets: undefined,
  algorithm: 'ES256',
  signer: { current: () => createSigner({ key: privateKey, algorithm: 'ES256', kid: 'k' }) },
  keys: { find: (query: Parameters<typeof selectKey>[1]) => ({ key: selectKey(set, query), set }) },
}

const refused: readonly (readonly [name: string, changes: object])[] = [
  ['no issuer', { issuer: undefined }],
  ['an empty issuer', { issuer: '' }],
  ['an issuer that is no text', { issuer: ['https://api.test'] }],
  ['no ttlSeconds', { lifetimeSeconds: undefined }],
  ['a lifetimeSeconds of 0', { lifetimeSeconds: 0 }],
  ['a negative ttlSeconds', { lifetimeSeconds: -1 }],
  ['a lifetimeSeconds that is NaN', { lifetimeSeconds: Number.NaN }],
  ['a lifetimeSeconds without end', { lifetimeSeconds: Number.POSITIVE_INFINITY }],
  ['a lifetimeSeconds of centuries, which no store keeps', { lifetimeSeconds: 1e300 }],
  ['a lifetimeSeconds that is text', { lifetimeSeconds: '300' }],
  ['no store', { store: undefined }],
  ['a store that cannot remember', { store: { spend: async () => 'spent' } }],
  ['a store that cannot spend', { store: { remember: async () => undefined } }],
  ['no audience', { audience: undefined }],
  ['an empty audience', { audience: '' }],
  ['a list of audiences', { audience: ['form'] }],
  ['no purposes', { purposes: undefined }],
  ['an empty record of purposes', { purposes: {} }],
  ['a purpose that takes no audience', { purposes: { login: { audiences: [] } } }],
  ['a purpose that takes an empty audience', { purposes: { login: { audiences: [''] } } }],
  ['a purpose that takes a text instead of a list', { purposes: { login: { audiences: 'form' } } }],
  ['no purpose that takes the audience', { purposes: { login: { audiences: ['app'] } } }],
  ['an audience by function and a purpose that lists none', { audience: () => 'form', purposes: { login: {} } }],
  ['an empty typ', { typ: '' }],
  ['the typ of access tokens', { typ: 'at+jwt' }],
  ['the typ of access tokens, written otherwise', { typ: 'application/AT+JWT' }],
  ['a tolerance that is NaN: nothing would ever expire', { clockToleranceSeconds: Number.NaN }],
  ['a negative tolerance', { clockToleranceSeconds: -1 }],
  ['a tolerance of hours', { clockToleranceSeconds: 36_000 }],
  ['a negative notBeforeSkewSeconds', { notBeforeSkewSeconds: -1 }],
  ['a notBeforeSkewSeconds that is NaN', { notBeforeSkewSeconds: Number.NaN }],
  ['a cap of 0', { maxIssuedPerClient: { limit: 0, attempts: startNonces().stores.attempts } }],
  ['a cap that is NaN', { maxIssuedPerClient: { limit: Number.NaN, attempts: startNonces().stores.attempts } }],
  ['a cap without a store', { maxIssuedPerClient: { limit: 5 } }],
  ['neither secrets nor a signer', { secrets: undefined }],
  ['no current secret', { secrets: {} }],
  ['a secret shorter than its hash', { secrets: { current: { id: 'a', secret: 'x'.repeat(63) } } }],
  ['a previous secret shorter than its hash', { secrets: { current: secretOf('a'), previous: [{ id: 'b', secret: 'x' }] } }],
  ['no secret at all', { secrets: { current: { id: 'a' } } }],
  ['a secret without an id', { secrets: { current: { secret: secretOf('a').secret } } }],
  ['an id longer than a kid may be', { secrets: { current: secretOf('a'.repeat(2000)) } }],
  ['two secrets with one id', { secrets: { current: secretOf('a'), previous: [secretOf('a', 'other')] } }],
  ['two secrets without an id', { secrets: { current: secretOf(''), previous: [secretOf('', 'other')] } }],
  ['a public key as a secret', { secrets: { current: { id: 'a', secret: publicKey.export({ format: 'pem', type: 'spki' }) } } }],
  ['a function that gives weak secrets', { secrets: () => ({ current: { id: 'a', secret: 'x' } }) }],
  ['secrets with an asymmetric algorithm', { algorithm: 'ES256' }],
  ['secrets with no algorithm that is known', { algorithm: 'none' }],
  ['secrets and a signer', { ...pair, secrets: { current: secretOf('a') }, algorithm: 'HS512' }],
  ['a signer without keys', { ...pair, keys: undefined }],
  ['keys without a signer', { ...pair, signer: undefined }],
  ['a signer without an algorithm', { ...pair, algorithm: undefined }],
  ['a signer with HMAC', { ...pair, algorithm: 'HS512' }],
  ['a signer with an unknown algorithm', { ...pair, algorithm: 'none' }],
  ['a signer with the typ of any JWT: its keys sign access tokens too', { ...pair, typ: 'JWT' }],
]

describe('createNonces', () => {
  it.each(refused)('refuses to start with %s, and says so in its own words', (_name, changes) => {
    expect(() => createNonces(optionsOf(changes))).toThrow(TypeError)
    expect(() => createNonces(optionsOf(changes))).toThrow(/^createNonces: /)
  })

  it('starts with what is right: secrets of every length that fits, a key pair, purposes that take the one audience', () => {
    expect(() => createNonces(optionsOf())).not.toThrow()
    expect(() => createNonces(optionsOf(pair))).not.toThrow()
    expect(() => createNonces(optionsOf({ typ: 'JWT' }))).not.toThrow()
    expect(() => createNonces(optionsOf({ purposes: { login: {}, sms: {} } }))).not.toThrow()
    expect(() =>
      createNonces(optionsOf({ algorithm: 'HS256', secrets: { current: { id: 'a', secret: Buffer.alloc(32, 7) } } })),
    ).not.toThrow()
  })

  it('keeps what it was told at the start: options that are changed later change nothing', async () => {
    const purposes = { login: { audiences: ['form'] } }
    const options = optionsOf({ purposes })
    const nonces = createNonces(options)
    purposes.login.audiences.length = 0
    Object.assign(options, { issuer: 'https://attacker.test', audience: 'other' })
    const issued = await nonces.issue({ clientId: 'c' })
    expect(await nonces.spend(issued.ok ? issued.token : '', 'login')).toMatchObject({
      ok: true,
      claims: { iss: 'https://api.test', aud: 'form' },
    })
  })
})

describe('createNonceEndpoint', () => {
  const { nonces } = startNonces()
  it.each([
    ['nonces', { findClient: async () => undefined }],
    ['findClient', { nonces }],
  ])('refuses to start without %s', (_name, options) => {
    expect(() => createNonceEndpoint(options as never)).toThrow(TypeError)
  })
})
