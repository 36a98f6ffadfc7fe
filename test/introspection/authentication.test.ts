import { createSigner, importJwk, parseJwt, verifySignature } from '@countersign/jwt'
import { privateKeyOf, publicJwkOf, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { answerTo, startsAt } from '../verifier/guard-setup.js'
import { good, startIntrospection } from './setup.js'

describe('a guard authenticates itself', () => {
  it('with a JWT that its signer signs, another one for each question', async () => {
    const signer = createSigner({ key: privateKeyOf(testKeys.es256), algorithm: 'ES256', kid: 'k1' })
    const seen: unknown[] = []
    const accepts = (form: URLSearchParams): boolean => {
      const read = parseJwt(form.get('client_assertion') ?? '')
      const key = importJwk({ ...publicJwkOf(testKeys.es256), alg: 'ES256' })
      if (!read.ok || !key.ok) return false
      seen.push({ header: read.jws.header, claims: read.claims, type: form.get('client_assertion_type'), id: form.get('client_id') })
      return verifySignature(read.jws, key.key)
    }
    for (const source of [signer, { current: async () => signer }]) {
      const authentication = { method: 'private_key_jwt', clientId: 'api', signer: source } as const
      const { guard } = await startIntrospection({ maxCacheSeconds: 0, authentication }, {}, { accepts })
      expect(await answerTo(guard, good)).toBe('200 main')
      expect(await answerTo(guard, good)).toBe('200 main')
    }
    expect(seen[0]).toMatchObject({
      header: { alg: 'ES256', kid: 'k1' },
      claims: { iss: 'api', sub: 'api', aud: 'https://login.test', iat: startsAt, exp: startsAt + 60 },
      type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      id: 'api',
    })
    expect(new Set(seen.map((one) => (one as { claims: { jti: string } }).claims.jti)).size).toBe(4)
  })

  it('with an access token that a function returns; if it fails, that is an outage', async () => {
    const state = { token: 'a-token' as string | undefined }
    const token = async (): Promise<string> => {
      if (state.token === undefined) throw new Error('no token')
      return state.token
    }
    const accepts = (_form: URLSearchParams, authorization: string | undefined): boolean => authorization === 'Bearer a-token'
    const { guard } = await startIntrospection({ maxCacheSeconds: 0, authentication: { method: 'bearer', token } }, {}, { accepts })
    expect(await answerTo(guard, good)).toBe('200 main')
    for (const wrong of [undefined, 'with space', 'with\r\nline: break']) {
      state.token = wrong
      expect(await answerTo(guard, good)).toBe('503 introspection_unavailable')
    }
  })

  it('and an unavailable signer is an outage', async () => {
    const signer = {
      current: (): never => {
        throw new Error('the KMS is away')
      },
    }
    const { guard } = await startIntrospection({ authentication: { method: 'private_key_jwt', clientId: 'api', signer } })
    expect((await guard.check({ headers: { authorization: `Bearer ${good}` } })).ok).toBe(false)
    expect(await answerTo(guard, good)).toBe('503 key_source_unavailable')
  })
})
