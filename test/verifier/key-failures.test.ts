import { createGuard, jwks, type OidcOptions, oidc } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { audience, recordedLoads } from './remote-jwks-setup.js'

const issuer = 'https://issuer.test/realms/main'
const rule = { algorithms: ['ES256'], audience } as const

/** What `ready()` and the event say of a load, the first texts of a chain of causes. */
async function failureOf(entry: ReturnType<typeof jwks>): Promise<string> {
  const loads = recordedLoads()
  const guard = createGuard({ issuers: { partner: entry } })
  onTestFinished(() => guard.close())
  await guard.ready()
  expect(loads).toHaveLength(1)
  return loads[0]?.cause instanceof Error ? loads[0].cause.message : 'no error'
}

const answering = (body: unknown, status = 200): NonNullable<OidcOptions['fetch']> => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return async () => new Response(text, { status })
}

const discovered = (body: unknown, status?: number): Promise<string> => failureOf(oidc({ issuer, ...rule, fetch: answering(body, status) }))
const fetched = (body: unknown, status?: number, url = 'https://keys.test/jwks'): Promise<string> =>
  failureOf(jwks({ issuer, url, ...rule, fetch: answering(body, status) }))

const metadata = `${issuer}/.well-known/openid-configuration`

describe('the cause of a load of keys that failed', () => {
  it('has both issuers, where the metadata name another one', async () => {
    expect(await discovered({ issuer: `${issuer}/`, jwks_uri: 'https://keys.test/' })).toBe(
      `${metadata}: issuer must be "${issuer}", got "${issuer}/"`,
    )
    expect(await discovered({ jwks_uri: 'https://keys.test/' })).toBe(`${metadata}: issuer must be "${issuer}", got nothing`)
    expect(await discovered({ issuer: 42 })).toBe(`${metadata}: issuer must be "${issuer}", got 42`)
    expect(await discovered({ issuer: ['x'] })).toBe(`${metadata}: issuer must be "${issuer}", got ["x"]`)
  })

  it('is bounded, whatever the metadata hold', async () => {
    const message = await discovered({ issuer: 'x'.repeat(100_000) })
    expect(message.length).toBeLessThan(500)
    expect(message).toMatch(/: issuer must be .*, got "x{190,200}\.\.\."$/)
    expect((await fetched('', 404, `https://keys.test/${'x'.repeat(5000)}`)).length).toBeLessThan(300)
  })

  it('has the URL of the document that was asked for', async () => {
    expect(await discovered('', 404)).toBe(`${metadata} was answered with status 404`)
    expect(await fetched('', 404)).toBe('https://keys.test/jwks was answered with status 404')
    expect(await fetched('<html>')).toBe('https://keys.test/jwks is not JSON')
    expect(await fetched('x'.repeat(300_000))).toBe('https://keys.test/jwks is larger than 262144 bytes')
    expect(await fetched([])).toBe('https://keys.test/jwks is not a JWK Set: it has no array "keys"')
    expect(await discovered({ issuer })).toBe(`${metadata}: jwks_uri is missing`)
    expect(await discovered('<html>')).toBe(`${metadata} is not JSON`)
  })

  it('has the URL that could not be reached, and why', async () => {
    const refused = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
    const loads = recordedLoads()
    const fetch: NonNullable<OidcOptions['fetch']> = async () => Promise.reject(refused)
    const guard = createGuard({ issuers: { partner: jwks({ issuer, url: 'https://keys.test/jwks', ...rule, fetch }) } })
    onTestFinished(() => guard.close())
    await guard.ready()
    expect(loads[0]?.cause).toMatchObject({ message: 'https://keys.test/jwks cannot be fetched', cause: refused })
  })

  it('has no query, where a key for an API may stand, and no credentials', async () => {
    expect(await fetched('', 403, 'https://keys.test/jwks?api_key=s3cret#s3cret')).toBe(
      'https://keys.test/jwks was answered with status 403',
    )
    expect(await discovered({ issuer, jwks_uri: 'https://user:s3cret@keys.test/jwks?k=s3cret' })).toBe(
      `${metadata}: jwks_uri must not have a user name or password, got them in https://keys.test/jwks`,
    )
    expect(await discovered({ issuer, jwks_uri: 'http://user:s3cret@keys.test/jwks?k=s3cret' })).not.toContain('s3cret')
    expect(await discovered({ issuer, jwks_uri: '//user:s3cret@keys?k=s3cret' })).not.toContain('s3cret')
  })
})
