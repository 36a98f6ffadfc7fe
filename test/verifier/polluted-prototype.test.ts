import { publicJwkOf, testKeys } from '@countersign/testkit'
import { createVerifier, jwks, optional, requireScopes } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerTo, audience, bearer, entryOf, issuer, replyTo, startGuard, startsAt, tokenOf } from './guard-setup.js'

/** What a library with a hole lets anybody do to every object of the process. */
function pollute(name: string, value: unknown): void {
  const prototype = Object.prototype as unknown as Record<string, unknown>
  prototype[name] = value
  onTestFinished(() => {
    delete prototype[name]
  })
}

const nothing = { headers: {}, rawHeaders: [] }
const fetchKeys = (async () => Response.json({ keys: [publicJwkOf(testKeys.es256)] })) as typeof fetch
const remote = jwks({ issuer, audience, algorithms: ['ES256'], url: 'https://issuer.test/jwks' })

describe('a member that a library put into every object', () => {
  it('named as what admits anonymous requests admits none', async () => {
    const { guard } = startGuard()
    pollute('admitsAnonymous', true)
    expect(await answerTo(guard, nothing, requireScopes('read'))).toBe('401 no_credentials')
    expect(await answerTo(guard, nothing, optional())).toBe('anonymous')
  })

  it('named ok admits no forged token while keys are waited for, and not more than its scopes', async () => {
    const forged = await tokenOf({}, {}, testKeys.es256Other)
    const good = await tokenOf()
    const { guard } = startGuard({ issuers: { main: remote }, fetch: fetchKeys })
    const verifier = createVerifier({ now: () => 1_800_000_000_000, issuers: { main: remote }, fetch: fetchKeys })
    pollute('ok', true)
    const outcome = await verifier.verify(forged)
    const answers = [
      await answerTo(guard, forged),
      await answerTo(guard, forged, requireScopes('read')),
      await answerTo(guard, good, requireScopes('admin')),
      await answerTo(guard, good, requireScopes('read')),
    ]
    expect(outcome).toMatchObject({ ok: false })
    expect(answers).toEqual(['401 unknown_key', '401 unknown_key', '403 insufficient_scope', '200 main'])
    await verifier.close()
  })

  it('named as a place of tokens opens none', async () => {
    const { guard } = startGuard()
    const access_token = await tokenOf()
    pollute('query', true)
    pollute('body', true)
    expect(await answerTo(guard, { ...nothing, url: `/?access_token=${access_token}` })).toBe('400 malformed_request')
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await answerTo(guard, { method: 'POST', headers, body: { access_token } })).toBe('401 no_credentials')
  })

  it('named authorization is no header field', async () => {
    const { guard } = startGuard()
    pollute('authorization', `Bearer ${await tokenOf()}`)
    expect(await answerTo(guard, nothing)).toBe('401 no_credentials')
  })

  it.each([
    ['scopes', 'admin'],
    ['acrValues', 'x'],
    ['maxAgeSeconds', 1],
    ['code', 'x'],
  ])('named %s is not in a challenge', async (name, value) => {
    const { guard } = startGuard()
    pollute(name, value)
    expect((await replyTo(guard, nothing)).headers['www-authenticate']).toBe('Bearer realm="api"')
    const reply = await replyTo(guard, bearer(await tokenOf()), requireScopes('delete'))
    expect(reply.headers['www-authenticate']).toContain('error="insufficient_scope"')
    expect(reply.headers['www-authenticate']).toContain('scope="delete"')
  })

  it('refuses no token for it, and stands for none of its claims', async () => {
    const { guard } = startGuard()
    const tokens = await Promise.all([
      tokenOf({ realm_access: { roles: ['a'] }, list: [{ a: 1 }] }),
      tokenOf({ exp: undefined }),
      tokenOf({ aud: undefined }),
    ])
    pollute('anything', 1)
    pollute('exp', 1_900_000_000)
    pollute('aud', audience)
    const answers: string[] = []
    for (const token of tokens) answers.push(await answerTo(guard, token))
    expect(answers).toEqual(['200 main', '401 claims', '401 audience'])
  })

  it.each([
    ['d', 'x'],
    ['k', 'x'],
    ['use', 'enc'],
    ['alg', 'HS256'],
    ['key_ops', []],
  ])('named %s drops no key of an issuer', async (name, value) => {
    const { guard } = startGuard({
      issuers: { main: remote },
      fetch: async () => Response.json({ keys: [publicJwkOf(testKeys.es256, { alg: undefined, use: undefined })] }),
    })
    const token = await tokenOf()
    pollute(name, value)
    expect(await answerTo(guard, token)).toBe('200 main')
  })

  it('named keys makes no JWK Set of another document', async () => {
    const { guard } = startGuard({ issuers: { main: remote }, fetch: async () => Response.json({}) })
    const token = await tokenOf()
    pollute('keys', [])
    expect(await answerTo(guard, token)).toBe('503 key_source_unavailable')
  })

  it.each([
    ['typ', null, { typ: 'logout+jwt' }, {}],
    ['maxFutureIssuedSeconds', null, {}, { iat: startsAt + 90 }],
    ['clockToleranceSeconds', 3600, {}, { exp: startsAt - 60 }],
  ] as const)('named %s is no option of an entry that is made at run time', async (name, value, header, claims) => {
    const { guard } = startGuard()
    const token = await tokenOf(claims, header)
    pollute(name, value)
    guard.verifier.setIssuer('main', entryOf())
    expect(await answerTo(guard, token)).toMatch(/^401/)
  })

  it('changes no rule of an entry', async () => {
    const { guard } = startGuard({ issuers: { main: entryOf() } })
    pollute('toleranceSeconds', 1e9)
    pollute('clockToleranceSeconds', 1e9)
    pollute('validate', null)
    expect(await answerTo(guard, await tokenOf({ exp: 1_799_999_000 }))).toBe('401 expired')
  })
})
