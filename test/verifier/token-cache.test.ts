import { type RevocationView, refuse, Unavailable } from '@countersign/core'
import { createFakeIssuer, forgeToken, hmacSigner, testKeys } from '@countersign/testkit'
import { createGuard, createRevocations, jwks, requireClaims, requireScopes, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerOf, audience, bearer } from './remote-jwks-setup.js'
import { entry, issuer, startCacheTrial } from './token-cache-setup.js'

describe('a token that was verified before', () => {
  it('is admitted from the cache, with what it said', async () => {
    const { guard, ask, token } = startCacheTrial()
    const sent = await token({ scope: 'read write' })
    expect(await ask(sent)).toBe('200')
    expect(await ask(sent)).toBe('200 cached')
    const admission = await guard.check(bearer(sent))
    expect(admission.ok && admission.auth).toMatchObject({ via: 'partner', subject: 'user-1', scopes: ['read', 'write'] })
  })

  it('is the same for every place that the string came from', async () => {
    const { ask, token } = startCacheTrial()
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    expect(await ask(Buffer.from(sent).toString())).toBe('200 cached')
  })

  it('expires from the cache as it would without', async () => {
    const { ask, token, clock } = startCacheTrial()
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    clock.advance(304.9)
    expect(await ask(sent)).toBe('200 cached')
    clock.advance(0.1)
    expect(await ask(sent)).toBe('401 expired cached')
    expect(await ask(sent)).toBe('401 expired')
  })

  it('is not valid yet when the clock was set back before nbf', async () => {
    const { ask, token, clock } = startCacheTrial()
    const sent = await token({ nbf: clock.now() / 1000, iat: undefined })
    expect(await ask(sent)).toBe('200')
    clock.advance(-6)
    expect(await ask(sent)).toBe('401 not_yet_valid cached')
    clock.advance(6)
    expect(await ask(sent)).toBe('200 cached')
  })

  it('grows too old, and may come to lie in the future', async () => {
    const { ask, token, clock } = startCacheTrial({ issuers: { partner: entry({ maxAgeSeconds: 60 }) } })
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    clock.advance(66)
    expect(await ask(sent)).toBe('401 too_old cached')
    clock.advance(-200)
    expect(await ask(sent)).toBe('401 issued_in_future cached')
  })

  it('meets the requirements of each route', async () => {
    const { ask, token } = startCacheTrial()
    const sent = await token({ scope: 'read' })
    expect(await ask(sent, requireScopes('read'))).toBe('200')
    expect(await ask(sent, requireScopes('write'))).toBe('403 insufficient_scope cached')
    expect(await ask(sent, requireScopes('read'))).toBe('200 cached')
    const answers = [true, false, true]
    const turning = requireClaims(() => answers.shift() ?? false)
    expect([await ask(sent, turning), await ask(sent, turning), await ask(sent, turning)]).toEqual([
      '200 cached',
      '403 forbidden cached',
      '200 cached',
    ])
  })

  it('asks a schema once, and gives what it put out every time', async () => {
    const calls: unknown[] = []
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        async validate(value: unknown) {
          calls.push(value)
          return { value: { roles: [{ name: 'reader' }] } }
        },
      },
    }
    const { guard, ask, token } = startCacheTrial({ issuers: { partner: entry({ schema }) } })
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    expect(await ask(sent)).toBe('200 cached')
    const admission = await guard.check(bearer(sent))
    expect(admission.ok && admission.auth?.claims.roles).toEqual([{ name: 'reader' }])
    expect(calls).toHaveLength(1)
  })
})

describe('a revocation', () => {
  const subjects = { type: 'subject', issuer, subject: 'user-1', notBefore: 1_800_000_000 } as const
  it.each([
    [{ type: 'signing_key', issuer, kid: testKeys.es256.kid } as const, '401 revoked_key cached'],
    [{ type: 'jti', issuer, jti: 'token-1', expiresAt: 1_800_001_000 } as const, '401 revoked_token cached'],
    [subjects, '401 revoked_subject cached'],
    [{ type: 'client', issuer, clientId: 'client-1' } as const, '401 revoked_client cached'],
  ])('of %o ends a cached token on the next request', async (revoked, answer) => {
    const revocations = createRevocations()
    const { ask, token } = startCacheTrial({ revocations })
    const sent = await token({ jti: 'token-1', client_id: 'client-1' })
    expect(await ask(sent)).toBe('200')
    expect(await ask(sent)).toBe('200 cached')
    revocations.revoke(revoked)
    expect(await ask(sent)).toBe(answer)
    expect(await ask(await token({ jti: 'token-2', sub: 'user-2', client_id: 'client-2' }, testKeys.eddsa))).toBe('200')
  })

  it('that is taken back admits the token again: the refusal was not remembered', async () => {
    const revocations = createRevocations()
    const { ask, token } = startCacheTrial({ revocations })
    const entry = { type: 'jti', issuer, jti: 'token-1', expiresAt: 1_800_001_000 } as const
    const sent = await token({ jti: 'token-1' })
    revocations.revoke(entry)
    expect(await ask(sent)).toBe('401 revoked_token')
    revocations.reinstate(entry)
    expect(await ask(sent)).toBe('200')
  })

  it('in a view that answers later is asked for on every hit, and its outage is 503', async () => {
    const answers: (() => ReturnType<RevocationView['check']>)[] = []
    const revocations: RevocationView = { check: async () => answers.shift()?.() }
    const { ask, token } = startCacheTrial({ revocations })
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    answers.push(() => undefined)
    expect(await ask(sent)).toBe('200 cached')
    answers.push(() => 'revoked_token')
    expect(await ask(sent)).toBe('401 revoked_token cached')
    answers.push(() => {
      throw new Unavailable('revocation_unavailable')
    })
    expect(await ask(sent)).toMatch(/^503 revocation_unavailable/)
    expect(await ask(sent)).toBe('200 cached')
  })
})

describe('the key of the cache is the whole token', () => {
  it('one bit of the signature changed is a miss, and refused', async () => {
    const { ask, token } = startCacheTrial()
    for (const key of [testKeys.es256, testKeys.eddsa]) {
      const sent = await token({}, key)
      expect(await ask(sent)).toBe('200')
      const dot = sent.lastIndexOf('.') + 1
      const signature = Buffer.from(sent.slice(dot), 'base64url')
      for (let bit = 0; bit < signature.length * 8; bit += 37) {
        const forged = Buffer.from(signature)
        forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(await ask(sent.slice(0, dot) + forged.toString('base64url'))).toBe('401 signature')
      }
      expect(await ask(sent.slice(0, dot))).toBe('401 malformed')
      expect(await ask(`${sent}A`)).toMatch(/^401 (malformed|signature)$/)
      expect(await ask(sent)).toBe('200 cached')
    }
  })

  it('the same signature under other claims or another header is a miss, and refused', async () => {
    const { ask, token } = startCacheTrial()
    const sent = await token({ scope: 'read' })
    const [header, , signature] = sent.split('.')
    expect(await ask(sent)).toBe('200')
    const [otherHeader, claims] = (await token({ scope: 'read write' }, testKeys.eddsa)).split('.')
    expect(await ask(`${header}.${claims}.${signature}`)).toBe('401 signature')
    expect(await ask(`${otherHeader}.${sent.split('.')[1]}.${signature}`)).toBe('401 signature')
  })

  it('a text that is no ASCII is never taken for one that is', async () => {
    const { ask, token } = startCacheTrial()
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    for (const odd of ['\u0000', '\ud800', '\ufeff', '\u200b', '\n']) expect(await ask(sent + odd)).toMatch(/^40[01]/)
  })

  it('two guards share nothing', async () => {
    const first = startCacheTrial()
    const second = startCacheTrial({ issuers: { partner: entry({ keys: [testKeys.es256Other] }) } })
    const sent = await first.token()
    expect(await first.ask(sent)).toBe('200')
    expect(await second.ask(sent)).toBe('401 unknown_key')
  })
})

describe('refusals are not remembered', () => {
  it('a token that was too early is admitted later', async () => {
    const { ask, token, clock } = startCacheTrial()
    const sent = await token({ nbf: clock.now() / 1000 + 60 })
    expect(await ask(sent)).toBe('401 not_yet_valid')
    expect(await ask(sent)).toBe('401 not_yet_valid')
    clock.advance(60)
    expect(await ask(sent)).toBe('200')
  })

  it('a token of a key that comes later is admitted then', async () => {
    const { guard, ask, token } = startCacheTrial()
    const sent = await token({}, testKeys.es256Other)
    expect(await ask(sent)).toBe('401 unknown_key')
    guard.verifier.setIssuer('partner', entry({ keys: [testKeys.es256Other] }))
    expect(await ask(sent)).toBe('200')
  })

  it('a requirement that refuses does not keep a good token out of the cache, nor a bad one in', async () => {
    const { ask, token } = startCacheTrial()
    const sent = await token()
    expect(await ask(sent, () => refuse('forbidden'))).toBe('403 forbidden')
    expect(await ask(sent)).toBe('200 cached')
  })
})

describe('an issuer entry of a running verifier', () => {
  it('that is replaced ends its cached tokens: the new rules judge them', async () => {
    const { guard, ask, token } = startCacheTrial()
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    guard.verifier.setIssuer('partner', entry({ audience: 'https://other.test' }))
    expect(await ask(sent)).toBe('401 audience')
    guard.verifier.setIssuer('partner', entry({ keys: [testKeys.es256Other] }))
    expect(await ask(sent)).toBe('401 unknown_key')
    guard.verifier.setIssuer('partner', entry())
    expect(await ask(sent)).toBe('200')
    expect(await ask(sent)).toBe('200 cached')
  })

  it('that is replaced by an equal one has its tokens judged anew', async () => {
    const { guard, ask, token } = startCacheTrial()
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    guard.verifier.setIssuer('partner', entry())
    expect(await ask(sent)).toBe('200')
  })

  it('that is removed ends them at once', async () => {
    const { guard, ask, token } = startCacheTrial()
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    expect(guard.verifier.removeIssuer('partner')).toBe(true)
    expect(await ask(sent)).toBe('401 unknown_issuer')
    expect(guard.verifier.removeIssuer('partner')).toBe(false)
  })

  it('that moves under another name takes no cached token along', async () => {
    const { guard, ask, token } = startCacheTrial()
    const sent = await token()
    expect(await ask(sent)).toBe('200')
    guard.verifier.removeIssuer('partner')
    guard.verifier.setIssuer('successor', entry())
    expect(await ask(sent)).toBe('200')
    const admission = await guard.check(bearer(sent))
    expect(admission.ok && admission.auth?.via).toBe('successor')
  })
})

describe('secrets that rotate', () => {
  const secretOf = (letter: string): string => letter.repeat(32)
  const hmac = (id: string, secret: string): string =>
    forgeToken({ header: { alg: 'HS256', kid: id }, payload: { iss: issuer, aud: audience, exp: 4_000_000_000 } }, hmacSigner(secret))

  it('end the cached tokens of a secret that is gone, new object or the same one changed in place', async () => {
    const box = { secrets: { current: { id: 'a', secret: secretOf('a') }, previous: [] as { id: string; secret: string }[] } }
    const own = staticKeys({ issuer, algorithms: ['HS256'], audience, secrets: () => box.secrets })
    const { ask } = startCacheTrial({ issuers: { own } })
    const old = hmac('a', secretOf('a'))
    expect(await ask(old)).toBe('200')
    expect(await ask(old)).toBe('200 cached')
    box.secrets = { current: { id: 'b', secret: secretOf('b') }, previous: [box.secrets.current] }
    expect(await ask(old)).toBe('200')
    expect(await ask(hmac('b', secretOf('b')))).toBe('200')
    expect(await ask(old)).toBe('200 cached')
    box.secrets.previous.pop()
    expect(await ask(old)).toBe('401 unknown_key')
    box.secrets.current.secret = secretOf('c')
    expect(await ask(hmac('b', secretOf('b')))).toBe('401 signature')
    expect(await ask(hmac('b', secretOf('c')))).toBe('200')
  })

  it('as bytes overwritten in place end them, too', async () => {
    const secret = Buffer.from(secretOf('a'))
    const own = staticKeys({ issuer, algorithms: ['HS256'], audience, secrets: () => ({ current: { id: 'a', secret } }) })
    const { ask } = startCacheTrial({ issuers: { own } })
    expect(await ask(hmac('a', secretOf('a')))).toBe('200')
    expect(await ask(hmac('a', secretOf('a')))).toBe('200 cached')
    secret.fill('z')
    expect(await ask(hmac('a', secretOf('a')))).toBe('401 signature')
  })

  it('and fail to be told are an outage, also for cached tokens', async () => {
    const box: { secrets?: { current: { id: string; secret: string } } | undefined } = {
      secrets: { current: { id: 'a', secret: secretOf('a') } },
    }
    const own = staticKeys({
      issuer,
      algorithms: ['HS256'],
      audience,
      secrets() {
        if (box.secrets === undefined) throw new Error('vault is sealed')
        return box.secrets
      },
    })
    const { ask } = startCacheTrial({ issuers: { own } })
    const sent = hmac('a', secretOf('a'))
    expect(await ask(sent)).toBe('200')
    box.secrets = undefined
    expect(await ask(sent)).toMatch(/^503 key_source_unavailable/)
    box.secrets = { current: { id: 'a', secret: 'short' } }
    expect(await ask(sent)).toMatch(/^503 key_source_unavailable/)
    expect(await ask(sent)).toMatch(/^503 key_source_unavailable/)
    box.secrets = { current: { id: 'a', secret: secretOf('a') } }
    expect(await ask(sent)).toBe('200 cached')
  })
})

describe('cache: false', () => {
  it('judges every token anew, with the same answers', async () => {
    const revocations = createRevocations()
    const { ask, token, clock } = startCacheTrial({ cache: false, revocations })
    const sent = await token({ jti: 'token-1' })
    expect([await ask(sent), await ask(sent)]).toEqual(['200', '200'])
    revocations.revoke({ type: 'jti', issuer, jti: 'token-1', expiresAt: 1_800_001_000 })
    expect(await ask(sent)).toBe('401 revoked_token')
    const other = await token()
    expect(await ask(other)).toBe('200')
    clock.advance(306)
    expect(await ask(other)).toBe('401 expired')
  })

  it('works with remote keys', async () => {
    const remote = await createFakeIssuer({ audience })
    const entry = jwks({ issuer: remote.issuer, url: remote.jwksUrl, algorithms: ['ES256'], audience })
    const guard = createGuard({ cache: false, issuers: { partner: entry } })
    const sent = await remote.token()
    expect(await Promise.all(Array.from({ length: 100 }, () => answerOf(guard, sent)))).toEqual(Array(100).fill('200'))
    expect(remote.fetches.jwks).toBe(1)
    await guard.close()
    await remote.close()
  })
})
