import { describe, expect, it } from 'vitest'
import { decoded, issued, recorded, resigned, secretOf, spending, startNonces, startsAt, watched } from './nonce-setup.js'

describe('a nonce is spent', () => {
  it('once for each purpose, and no purpose twice', async () => {
    const { nonces } = startNonces()
    const token = await issued(nonces)
    expect(await spending(nonces, token, 'sms')).toBe('spent')
    expect(await spending(nonces, token, 'login')).toBe('spent')
    expect(await spending(nonces, token, 'sms')).toBe('401 replayed')
    expect(await spending(nonces, token, 'login')).toBe('401 replayed')
  })

  it('by one of many callers', async () => {
    const { nonces } = startNonces()
    const token = await issued(nonces)
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => spending(nonces, token)))
    expect(outcomes.filter((outcome) => outcome === 'spent')).toHaveLength(1)
    expect(new Set(outcomes)).toEqual(new Set(['spent', '401 replayed']))
  })

  it('with its claims as the answer, frozen', async () => {
    const { nonces } = startNonces()
    const token = await issued(nonces, 'c', { claims: { sub: 'user-1', step: 2 } })
    const outcome = await nonces.spend(token, 'login')
    expect(outcome).toMatchObject({ ok: true, claims: decoded(token).claims })
    expect(outcome.ok && Object.isFrozen(outcome.claims)).toBe(true)
  })

  it('by its own client where that is told', async () => {
    const { nonces } = startNonces()
    const token = await issued(nonces, 'client-1')
    expect(await spending(nonces, token, 'login', { clientId: 'client-2' })).toBe('401 wrong_client')
    expect(await spending(nonces, token, 'login', { clientId: 'client-1' })).toBe('spent')
    expect(await spending(nonces, token, 'login', { clientId: 'client-2' })).toBe('401 wrong_client')
    expect(await spending(nonces, token, 'login', { clientId: 'client-1' })).toBe('401 replayed')
  })

  it.each([undefined, null, '', 7, ['client-1']])(
    'by nobody when the client is said to be %j: a field left out is no free pass',
    async (clientId) => {
      const { nonces } = startNonces()
      const token = await issued(nonces, 'client-1')
      expect(await spending(nonces, token, 'login', { clientId })).toBe('401 wrong_client')
      expect(await spending(nonces, token, 'login', { clientId: 'client-1' })).toBe('spent')
    },
  )

  it('for a purpose that takes its audience only', async () => {
    const { nonces } = startNonces()
    const token = await issued(nonces, 'c', { audience: 'app' })
    expect(await spending(nonces, token, 'sms')).toBe('401 audience')
    expect(await spending(nonces, token, 'login')).toBe('spent')
  })

  it('for the constant audience where a purpose lists none', async () => {
    const { nonces } = startNonces({ purposes: { login: {}, sms: { audiences: ['app'] } } })
    expect(await spending(nonces, await issued(nonces), 'login')).toBe('spent')
    expect(await spending(nonces, await issued(nonces), 'sms')).toBe('401 audience')
  })

  it.each(['unknown', '__proto__', 'constructor', ''])('never for the purpose %j, which was not declared', async (purpose) => {
    const { nonces } = startNonces()
    await expect(spending(nonces, await issued(nonces), purpose as 'login')).rejects.toThrow(TypeError)
  })
})

describe('in time', () => {
  it('a nonce is good until exp and the tolerance, and refused from that instant on', async () => {
    const { nonces, clock } = startNonces({ clockToleranceSeconds: 5 })
    const token = await issued(nonces)
    clock.set(startsAt + 304.999)
    expect(await spending(nonces, token)).toBe('spent')
    clock.set(startsAt + 305)
    expect(await spending(nonces, token, 'sms')).toBe('401 expired')
    // its record is still there: a late replay is expired, and nothing else
    expect(await spending(nonces, token)).toBe('401 expired')
  })

  it('a tolerance of 0 ends it at exp', async () => {
    const { nonces, clock } = startNonces({ clockToleranceSeconds: 0 })
    const token = await issued(nonces)
    clock.set(startsAt + 300)
    expect(await spending(nonces, token)).toBe('401 expired')
  })

  it('a process whose clock is behind takes it within the tolerance before nbf', async () => {
    const { nonces, clock } = startNonces({ notBeforeSkewSeconds: 1 })
    const token = await issued(nonces)
    clock.set(startsAt - 6.001)
    expect(await spending(nonces, token)).toBe('401 not_yet_valid')
    clock.set(startsAt - 6)
    expect(await spending(nonces, token)).toBe('spent')
  })

  it('the store keeps it a minute longer than the token lives', async () => {
    const { nonces, stores, clock } = startNonces()
    const jti = String(decoded(await issued(nonces)).claims.jti)
    clock.set(startsAt + 364.999)
    expect(await stores.nonces.spend(jti, 'a')).toBe('spent')
    clock.set(startsAt + 365)
    expect(await stores.nonces.spend(jti, 'b')).toBe('unknown')
  })
})

describe('what is not a nonce of ours', () => {
  const forged: readonly (readonly [name: string, expected: string, change: (token: string) => unknown])[] = [
    ['no text', '401 malformed', () => undefined],
    ['a number', '401 malformed', () => 7],
    ['an empty text', '401 malformed', () => ''],
    ['a text of no segments', '401 malformed', () => 'nonce'],
    ['more than 8 KiB', '401 too_large', (token) => resigned(token, { claims: { x: 'x'.repeat(9000) } })],
    ['alg none', '401 algorithm', (token) => resigned(token, { header: { alg: 'none' } })],
    ['HS256 with the same secret', '401 algorithm', (token) => resigned(token, { header: { alg: 'HS256' }, hash: 'sha256' })],
    ['HS384 with the same secret', '401 algorithm', (token) => resigned(token, { header: { alg: 'HS384' }, hash: 'sha384' })],
    ['another secret', '401 signature', (token) => resigned(token, { secret: secretOf('b').secret })],
    ['no kid, where no secret is without a name', '401 unknown_key', (token) => resigned(token, { header: { kid: undefined } })],
    ['an empty kid', '401 unknown_key', (token) => resigned(token, { header: { kid: '' } })],
    ['an unknown kid', '401 unknown_key', (token) => resigned(token, { header: { kid: 'b' } })],
    ['a kid of every object', '401 unknown_key', (token) => resigned(token, { header: { kid: '__proto__' } })],
    ['a crit header', '401 header', (token) => resigned(token, { header: { crit: ['exp'] } })],
    ['the typ of any JWT', '401 token_type', (token) => resigned(token, { header: { typ: 'JWT' } })],
    ['the typ of an access token', '401 token_type', (token) => resigned(token, { header: { typ: 'at+jwt' } })],
    ['no typ', '401 token_type', (token) => resigned(token, { header: { typ: undefined } })],
    ['another issuer', '401 unknown_issuer', (token) => resigned(token, { claims: { iss: 'https://api.test/' } })],
    ['no issuer', '401 claims', (token) => resigned(token, { claims: { iss: undefined } })],
    ['no jti', '401 claims', (token) => resigned(token, { claims: { jti: undefined } })],
    ['an empty jti', '401 claims', (token) => resigned(token, { claims: { jti: '' } })],
    ['a jti that is no text', '401 claims', (token) => resigned(token, { claims: { jti: 7 } })],
    ['a cnf that nobody proved', '401 confirmation', (token) => resigned(token, { claims: { cnf: { jkt: 'x' } } })],
    ['no exp', '401 claims', (token) => resigned(token, { claims: { exp: undefined } })],
    ['an exp that is long ago', '401 expired', (token) => resigned(token, { claims: { exp: startsAt - 60 } })],
    ['an iat in an hour', '401 issued_in_future', (token) => resigned(token, { claims: { iat: startsAt + 3600 } })],
    ['no aud', '401 audience', (token) => resigned(token, { claims: { aud: undefined } })],
    ['another aud', '401 audience', (token) => resigned(token, { claims: { aud: 'forms' } })],
  ]

  it.each(forged)('is refused: %s', async (_name, expected, change) => {
    const { stores, clock } = startNonces()
    const store = watched(stores.nonces)
    const { nonces } = startNonces({ store, now: clock.now })
    const token = await issued(nonces)
    expect(await spending(nonces, change(token))).toBe(expected)
    // what fails a check never reaches the store, and the nonce stays good
    expect(store.asked).toEqual(['remember'])
    expect(await spending(nonces, token)).toBe('spent')
  })

  it('is unknown although it is signed right: we did not issue it, or the store lost its memory', async () => {
    const { nonces } = startNonces()
    const token = await issued(nonces)
    expect(await spending(nonces, resigned(token, { claims: { jti: 'never-issued' } }))).toBe('401 unknown_nonce')
    expect(await spending(startNonces().nonces, token)).toBe('401 unknown_nonce')
  })

  it('takes a typ in another case or with its prefix, as media types are compared', async () => {
    const { nonces } = startNonces()
    expect(await spending(nonces, resigned(await issued(nonces), { header: { typ: 'application/NONCE+jwt' } }))).toBe('spent')
  })
})

describe('what is told', () => {
  it('names every outcome apart, with the id of a nonce whose signature was good and never a token', async () => {
    const { nonces, clock } = startNonces()
    const token = await issued(nonces, 'client-1')
    const { jti } = decoded(token).claims
    const events = recorded('countersign:nonce')
    await spending(nonces, token, 'sms', { clientId: 'client-1' })
    await spending(nonces, token, 'sms')
    await spending(nonces, token, 'login', { clientId: 'client-2' })
    await spending(nonces, resigned(token, { claims: { aud: 'x' } }))
    await spending(nonces, resigned(token, { claims: { jti: 'other' } }))
    await spending(nonces, resigned(token, { secret: secretOf('b').secret }))
    await spending(nonces, 'nonsense')
    clock.advance(305)
    await spending(nonces, token)
    expect(events).toEqual([
      { action: 'spend', outcome: 'spent', purpose: 'sms', jti, clientId: 'client-1' },
      { action: 'spend', outcome: 'replayed', purpose: 'sms', jti },
      { action: 'spend', outcome: 'wrong_client', purpose: 'login', jti, clientId: 'client-2' },
      { action: 'spend', outcome: 'audience', purpose: 'login', jti },
      { action: 'spend', outcome: 'unknown_nonce', purpose: 'login', jti: 'other' },
      { action: 'spend', outcome: 'signature', purpose: 'login' },
      { action: 'spend', outcome: 'malformed', purpose: 'login' },
      { action: 'spend', outcome: 'expired', purpose: 'login', jti },
    ])
  })

  it('names who presents a nonce only as long as a client id may be: it comes from outside', async () => {
    const { nonces } = startNonces()
    const token = await issued(nonces)
    const events = recorded('countersign:nonce')
    await spending(nonces, token, 'login', { clientId: 'x'.repeat(256) })
    await spending(nonces, token, 'login', { clientId: 'x'.repeat(255) })
    expect(events.map(({ clientId }) => clientId?.length)).toEqual([undefined, 255])
  })
})
