import { type Refusal, refuse, Unavailable } from '@countersign/core'
import { requireAnyScope, requireAuthentication, requireClaims, requireScopes } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { bearer, issuer, replyTo, startGuard, tokenOf, withHeader } from './guard-setup.js'

const nothing = { method: 'GET', url: '/', headers: {} }
const invalidToken = (description: string): string => `Bearer realm="api", error="invalid_token", error_description="${description}"`

describe('the answer', () => {
  it('without credentials, or with an empty Bearer, or with another scheme, has a challenge without an error code', async () => {
    const { guard } = startGuard()
    for (const request of [nothing, withHeader('Bearer'), withHeader('Bearer  '), withHeader('Basic x')]) {
      const reply = await replyTo(guard, request)
      expect(reply.status).toBe(401)
      expect(reply.headers).toEqual({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'www-authenticate': 'Bearer realm="api"',
      })
      expect(JSON.parse(String(reply.body))).toEqual({ error_description: expect.any(String) })
    }
  })

  it('to a malformed request is 400 invalid_request', async () => {
    const { guard } = startGuard()
    const reply = await replyTo(guard, withHeader('Bearer a b'))
    expect(reply.status).toBe(400)
    expect(reply.headers['www-authenticate']).toBe(
      'Bearer realm="api", error="invalid_request", error_description="The request sends its credentials in a way that is not accepted."',
    )
    expect(JSON.parse(String(reply.body))).toEqual({ error: 'invalid_request', error_description: expect.any(String) })
  })

  it.each<[string, string, Record<string, unknown>]>([
    ['expired', 'The access token expired.', { exp: 1 }],
    ['not_yet_valid', 'The access token is not valid yet.', { nbf: 1_900_000_000 }],
    ['audience', 'The access token is not meant for this resource.', { aud: 'https://other.test' }],
    ['unknown_issuer', 'The access token is not trusted here.', { iss: 'https://other.test' }],
    ['confirmation', 'The access token is bound to a key, and the request does not prove possession of it.', { cnf: { jkt: 'x' } }],
    ['claims', 'The access token is malformed.', { exp: undefined }],
  ])('to a token refused for %s is 401 invalid_token with a fixed text', async (reason, description, claims) => {
    const { guard } = startGuard()
    const admission = await guard.check(bearer(await tokenOf(claims)))
    expect(admission).toMatchObject({ ok: false, reason, reply: { status: 401 } })
    if (admission.ok) return
    expect(admission.reply.headers['www-authenticate']).toBe(invalidToken(description))
    expect(admission.reply.headers['cache-control']).toBe('no-store')
    expect(JSON.parse(String(admission.reply.body))).toEqual({ error: 'invalid_token', error_description: description })
  })

  it('to a missing scope is 403 and names every scope that the route needs, in order and once', async () => {
    const { guard } = startGuard()
    const token = await tokenOf({ scope: 'read' })
    const reply = await replyTo(guard, token, requireScopes('read'), requireScopes('write', 'read'), requireAnyScope('admin:1', 'admin:2'))
    expect(reply.status).toBe(403)
    expect(reply.headers['www-authenticate']).toBe(
      'Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope that this resource needs.", scope="read write admin:1"',
    )
    expect(JSON.parse(String(reply.body))).toMatchObject({ error: 'insufficient_scope' })
  })

  it('to a missing scope is the same whichever requirement found it', async () => {
    const { guard } = startGuard()
    const token = await tokenOf({ scope: 'b' })
    expect((await replyTo(guard, token, requireScopes('a'), requireScopes('b'))).headers['www-authenticate']).toContain('scope="a b"')
    expect((await replyTo(guard, token, requireScopes('b'), requireScopes('a'))).headers['www-authenticate']).toContain('scope="b a"')
  })

  it("to a requirement of the host's that names no scope has no empty parameter", async () => {
    const { guard } = startGuard()
    for (const refusal of [refuse('insufficient_scope'), refuse('insufficient_scope', { scopes: [] }), refuse('forbidden')]) {
      const reply = await replyTo(guard, await tokenOf(), () => refusal)
      expect(reply.status).toBe(403)
      expect(reply.headers['www-authenticate']).not.toContain('scope=')
    }
  })

  it('to a weak or old authentication is 401 by RFC 9470', async () => {
    const { guard } = startGuard()
    const reply = await replyTo(guard, await tokenOf(), requireAuthentication({ acr: ['urn:b', 'urn:a'], maxAgeSeconds: 0 }))
    expect(reply.status).toBe(401)
    expect(reply.headers['www-authenticate']).toBe(
      'Bearer realm="api", error="insufficient_user_authentication", error_description="A stronger or more recent authentication is required.", acr_values="urn:b urn:a", max_age="0"',
    )
  })

  it('to an outage is 503 with Retry-After, no challenge and no inner text', async () => {
    const { guard } = startGuard()
    const cause = new Error('connect ECONNREFUSED 10.0.0.7:6379')
    const outage = new Unavailable('store_unavailable', { retryAfterSeconds: 6.2, cause })
    const reply = await replyTo(guard, await tokenOf(), () => Promise.reject(outage))
    expect(reply.status).toBe(503)
    expect(reply.headers).toEqual({ 'content-type': 'application/json', 'cache-control': 'no-store', 'retry-after': '7' })
    expect(JSON.parse(String(reply.body))).toEqual({ error_description: expect.not.stringContaining('ECONN') })
  })

  it('to a request that came too often is 429 with Retry-After and no challenge', async () => {
    const { guard } = startGuard()
    const { status, headers } = await replyTo(guard, await tokenOf(), () => refuse('too_many', { retryAfterSeconds: 30 }))
    expect([status, headers['retry-after'], headers['www-authenticate']]).toEqual([429, '30', undefined])
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -5, 0, 0.2])(
    'to an outage of %d seconds has a Retry-After that HTTP knows',
    async (seconds) => {
      const { guard } = startGuard()
      const token = await tokenOf()
      const thrown = await replyTo(guard, token, () => Promise.reject(new Unavailable('store_unavailable', { retryAfterSeconds: seconds })))
      expect(thrown.headers['retry-after']).toBe('1')
      const answered = await replyTo(guard, token, () => refuse('store_unavailable', { retryAfterSeconds: seconds }))
      expect([answered.status, answered.headers['retry-after']]).toEqual([503, '1'])
    },
  )
})

describe('resource_metadata', () => {
  const options = { resource: 'https://api.test/v1', metadata: {} }

  it('stands in every challenge, and in no 503', async () => {
    const { guard } = startGuard(options)
    const parameter = 'resource_metadata="https://api.test/.well-known/oauth-protected-resource/v1"'
    const token = await tokenOf()
    const replies = [
      await replyTo(guard, nothing),
      await replyTo(guard, withHeader('Bearer a b')),
      await replyTo(guard, await tokenOf({ exp: 1 })),
      await replyTo(guard, token, requireScopes('other')),
      await replyTo(guard, token, requireAuthentication({ maxAgeSeconds: 1 })),
      await replyTo(
        guard,
        token,
        requireClaims(() => false),
      ),
    ]
    expect(replies.map(({ status }) => status)).toEqual([401, 400, 401, 403, 401, 403])
    for (const { headers } of replies) {
      expect(headers['www-authenticate']).toMatch(/^Bearer realm="https:\/\/api\.test\/v1"/)
      expect(headers['www-authenticate']).toContain(parameter)
    }
    const outage = await replyTo(guard, token, () => Promise.reject(new Unavailable('store_unavailable')))
    expect(outage.headers['www-authenticate']).toBeUndefined()
  })

  it('is not promised where there is none', async () => {
    const { guard } = startGuard({ resource: 'https://api.test/v1' })
    expect((await replyTo(guard, nothing)).headers['www-authenticate']).toBe('Bearer realm="https://api.test/v1"')
  })
})

describe('a text in a challenge', () => {
  // Quoted-string of RFC 9110 §5.6.4: printable, quotes and backslashes only as pairs with a backslash before.
  const wellFormed =
    /^Bearer [a-z_]+="(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"(?:, [a-z_]+="(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*")*$/
  const attack = 'x"\r\nset-cookie: a=b, error="none", y=\\" \u0000 é \u2028'

  it('is escaped in the realm', async () => {
    const { guard } = startGuard({ realm: 'the "real" \\ realm' })
    expect((await replyTo(guard, nothing)).headers['www-authenticate']).toBe('Bearer realm="the \\"real\\" \\\\ realm"')
  })

  it.each<[string, () => Refusal]>([
    ['the description', () => refuse('forbidden', { description: attack })],
    ['the scopes', () => refuse('insufficient_scope', { scopes: [attack] })],
    ['the acr values', () => refuse('insufficient_authentication', { acrValues: [attack] })],
    ['the age', () => refuse('insufficient_authentication', { maxAgeSeconds: attack as unknown as number })],
    ['the code', () => ({ ...refuse('forbidden'), code: attack as 'invalid_token' })],
  ])('cannot end its parameter or the field: %s', async (_what, refusal) => {
    const { guard } = startGuard()
    const { headers } = await replyTo(guard, await tokenOf(), refusal)
    expect(headers['www-authenticate']).toMatch(wellFormed)
    expect(headers['www-authenticate']).not.toContain('error="none"')
  })

  it('is bounded', async () => {
    const { guard } = startGuard()
    const { headers } = await replyTo(guard, await tokenOf(), () => refuse('forbidden', { description: 'x'.repeat(100_000) }))
    expect(String(headers['www-authenticate']).length).toBeLessThan(2000)
  })

  it('is never of the token', async () => {
    const { guard } = startGuard()
    const mark = 'mark-of-the-token'
    const marked = [
      tokenOf({ iss: mark }),
      tokenOf({ aud: mark }),
      tokenOf({ sub: mark, exp: 1 }),
      tokenOf({}, { typ: mark }),
      tokenOf({}, { kid: mark }),
      tokenOf({ scope: mark }),
    ]
    for (const token of await Promise.all(marked)) {
      const reply = await replyTo(guard, token, requireScopes('other'))
      expect(JSON.stringify(reply)).not.toContain(mark)
      expect(JSON.stringify(reply)).not.toContain(issuer)
    }
  })
})
