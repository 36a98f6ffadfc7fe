import type { ProofCheckerOptions } from '@countersign/jwt/dpop'
import { exportJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { compact } from '../jwt/compact.js'
import { key, presented, start } from './checker-setup.js'
import { accessToken, clientKey, hashOf, method, type ProofChanges, proofOf, startsAt, url } from './proofs.js'

const other = await clientKey('ES256')
const rsa = await clientKey('RS256')
const pss = await clientKey('PS256')
const edwards = await clientKey('EdDSA')

async function judged(changes: ProofChanges, options: ProofCheckerOptions = {}): Promise<string> {
  const checked = start(options).check(presented(await proofOf(key, changes)))
  return checked.ok ? 'good' : checked.refusal.reason
}

const jwkWith = (changes: object): ProofChanges => ({ header: { jwk: { ...key.jwk, ...changes } } })

describe('a proof', async () => {
  it.each([
    ['as jose makes it', {}],
    ['with a media type that is spelt out', { header: { typ: 'application/DPoP+JWT' } }],
    ['for a URL in another spelling', { claims: { htu: 'HTTPS://API.example:443/a/../%6frders?x#y' } }],
    ['at the end of its lifetime', { claims: { iat: startsAt - 65 } }],
    ['from a clock that is a little ahead', { claims: { iat: startsAt + 5 } }],
    ['with a time that has a fraction', { claims: { iat: startsAt - 0.5 } }],
    ['with a kid and members that say nothing', { header: { kid: 'k', jwk: { ...key.jwk, ext: true, key_ops: ['verify'], use: 'sig' } } }],
    ['with a nonce that nobody demanded', { claims: { nonce: 'of another server' } }],
  ] satisfies [string, ProofChanges][])('%s is good', async (_, changes) => {
    expect(await judged(changes)).toBe('good')
  })

  it.each([
    ['typ is that of an access token', { header: { typ: 'at+jwt' } }, 'proof_type'],
    ['there is no typ', { header: { typ: undefined } }, 'proof_type'],
    ['the jwk is missing', { header: { jwk: undefined } }, 'proof_key'],
    ['the jwk is private', { header: { jwk: await exportJWK(key.privateKey) } }, 'proof_key'],
    ['the jwk is symmetric', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }, 'proof_key'],
    ['the jwk has a secret beside the point', jwkWith({ k: 'AAAA' }), 'proof_key'],
    ['the jwk is a list', { header: { jwk: [key.jwk] } }, 'proof_key'],
    ['the jwk is for encryption', jwkWith({ use: 'enc' }), 'proof_key'],
    ['the jwk has no y', jwkWith({ y: undefined }), 'proof_key'],
    ['the jwk has a coordinate of 10 kB', jwkWith({ x: 'A'.repeat(701) }), 'proof_key'],
    ['the jwk is of another key', { header: { jwk: other.jwk } }, 'proof_other_key'],
    ['the method is another', { claims: { htm: 'GET' } }, 'proof_method'],
    ['the method is in lower case', { claims: { htm: 'post' } }, 'proof_method'],
    ['the host is another', { claims: { htu: 'https://other.example/orders' } }, 'proof_url'],
    ['the path is another', { claims: { htu: 'https://api.example/order' } }, 'proof_url'],
    ['the scheme is another', { claims: { htu: 'http://api.example/orders' } }, 'proof_url'],
    ['the token is another', { claims: { ath: hashOf('another') } }, 'proof_access_token'],
    ['there is no ath', { claims: { ath: undefined } }, 'proof_access_token'],
    ['it is a second too old', { claims: { iat: startsAt - 66 } }, 'proof_time'],
    ['it is a second too new', { claims: { iat: startsAt + 6 } }, 'proof_time'],
    ['there is no jti', { claims: { jti: undefined } }, 'proof_malformed'],
    ['the jti is empty', { claims: { jti: '' } }, 'proof_malformed'],
    ['the jti is too long', { claims: { jti: 'j'.repeat(257) } }, 'proof_malformed'],
    ['there is no htm', { claims: { htm: undefined } }, 'proof_malformed'],
    ['there is no htu', { claims: { htu: undefined } }, 'proof_malformed'],
    ['there is no iat', { claims: { iat: undefined } }, 'proof_malformed'],
    ['the nonce is a number', { claims: { nonce: 1 } }, 'proof_malformed'],
  ] satisfies [string, ProofChanges, string][])('is refused if %s', async (_, changes, reason) => {
    expect(await judged(changes)).toBe(reason)
  })

  it.each([
    ['text', 'not a proof'],
    ['a proof without its signature', (await proofOf(key)).replace(/[^.]*$/, '')],
    ['more than 8192 bytes', await proofOf(key, { claims: { more: 'x'.repeat(8192) } })],
    ['a member twice', compact(`{"alg":"ES256","alg":"ES256","typ":"dpop+jwt"}`, '{}', 'ES256')],
    ['an extension', compact(JSON.stringify({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.jwk, crit: ['b64'], b64: true }), '{}', 'ES256')],
  ])('is malformed if it is %s', (_, proof) => {
    expect(start().check(presented(proof))).toMatchObject({ ok: false, refusal: { reason: 'proof_malformed', code: 'invalid_dpop_proof' } })
  })

  it.each(['HS256', 'none', 'RS257'])('is refused under the algorithm %s', (alg) => {
    const proof = compact(JSON.stringify({ alg, typ: 'dpop+jwt', jwk: key.jwk }), '{}', 'HS256')
    expect(start().check(presented(proof))).toMatchObject({ refusal: { reason: 'proof_algorithm' } })
  })

  it('is refused under an algorithm that is not listed, or that does not fit its key', async () => {
    expect(await judged({}, { algorithms: ['EdDSA'] })).toBe('proof_algorithm')
    const claims = JSON.stringify({ jti: 'a', htm: method, htu: url, iat: startsAt, ath: hashOf(accessToken) })
    const proof = compact(JSON.stringify({ alg: 'RS256', typ: 'dpop+jwt', jwk: key.jwk }), claims, 'RS256')
    expect(start().check(presented(proof))).toMatchObject({ refusal: { reason: 'proof_algorithm' } })
  })

  it('is refused with a signature of another key, also after a good one with the same header', async () => {
    const checker = start()
    const good = await proofOf(key)
    const forged = await proofOf({ ...other, jwk: key.jwk })
    expect(checker.check(presented(forged))).toMatchObject({ refusal: { reason: 'proof_signature' } })
    expect(checker.check(presented(good)).ok).toBe(true)
    expect(checker.check(presented(await proofOf(key))).ok).toBe(true)
    expect(checker.check(presented(forged))).toMatchObject({ refusal: { reason: 'proof_signature' } })
  })

  it('is refused if its key is written with zeros before the modulus: one key would have many thumbprints', async () => {
    const padded = { ...rsa.jwk, n: Buffer.concat([Buffer.alloc(1), Buffer.from(rsa.jwk.n ?? '', 'base64url')]).toString('base64url') }
    const proof = await proofOf({ ...rsa, jwk: padded })
    expect(start().check({ proof, method, url, accessToken })).toMatchObject({ refusal: { reason: 'proof_key' } })
  })

  it.each([
    ['RS256', rsa],
    ['PS256', pss],
    ['EdDSA', edwards],
    ['ES256', key],
  ])('of %s is good by default, and gives the thumbprint that jose gives', async (_, one) => {
    const checked = start().check(presented(await proofOf(one), one.thumbprint))
    expect(checked).toMatchObject({ ok: true, proof: { thumbprint: one.thumbprint } })
  })

  it('is that of RFC 9449 §4.1', () => {
    const header = {
      typ: 'dpop+jwt',
      alg: 'ES256',
      jwk: {
        kty: 'EC',
        x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
        y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
        crv: 'P-256',
      },
    }
    const claims = { jti: '-BwC3ESc6acc2lTc', htm: 'POST', htu: 'https://server.example.com/token', iat: 1562262616 }
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signature = '2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg'
    const checker = start({}, { time: 1562262620_000 })
    const checked = checker.check({
      proof: `${part(header)}.${part(claims)}.${signature}`,
      method: 'POST',
      url: 'https://server.example.com/token',
    })
    expect(checked).toMatchObject({ ok: true, proof: { thumbprint: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } })
  })

  it('from a clock that is an hour off is refused with the seconds in its detail', async () => {
    const ahead = start().check(presented(await proofOf(key, { claims: { iat: startsAt + 3600 } })))
    const behind = start().check(presented(await proofOf(key, { claims: { iat: startsAt - 3600 } })))
    expect(ahead).toMatchObject({ refusal: { reason: 'proof_time', detail: { received: 'iat 3600 s ahead' } } })
    expect(behind).toMatchObject({ refusal: { reason: 'proof_time', detail: { received: 'iat 3600 s ago' } } })
  })

  it('costs a stranger no work of OpenSSL: its key is compared before it is imported', async () => {
    const huge = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(2048, 255).toString('base64url') }
    const proof = await proofOf({ ...rsa, jwk: huge })
    expect(start().check({ proof, method, url, accessToken })).toMatchObject({ refusal: { reason: 'proof_key' } })
    const notOnCurve = await proofOf({ ...key, jwk: { ...key.jwk, x: key.jwk.y ?? '', y: key.jwk.x ?? '' } })
    expect(start().check(presented(notOnCurve))).toMatchObject({ refusal: { reason: 'proof_other_key' } })
    expect(start().check({ proof: notOnCurve, method, url, accessToken })).toMatchObject({ refusal: { reason: 'proof_key' } })
  })
})
