import { createHash } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { refreshToken, type TokenEndpointOptions } from '@countersign/grants'
import { type HostUser, hostUsers, type PasswordGrantOptions, passwordGrants } from '@countersign/grants/password'
import { fixedClock } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { basic, claimsOf, setup } from './endpoint-setup.js'
import { heardEvents, outcomes } from './outcomes.js'

const mfa = 'urn:countersign:grant-type:mfa'
const hash = (password: string): string => createHash('sha256').update(password).digest('hex')

interface User extends HostUser {
  readonly mail: string
}

const table: readonly (User & { readonly name: string })[] = [
  { name: 'ann', subject: 'u-1', passwordHash: hash('right'), needsCode: true, mail: 'ann@x.example', claims: { department: 'D1' } },
  { name: 'bob', subject: 'u-2', passwordHash: hash('right'), needsCode: false, mail: 'bob@x.example' },
  { name: 'dis', subject: 'u-3', passwordHash: hash('right'), needsCode: false, isDisabled: true, mail: 'dis@x.example' },
]

async function start(grantOptions: Partial<PasswordGrantOptions> = {}, options: Partial<TokenEndpointOptions> = {}) {
  const clock = fixedClock()
  const stores = memoryStores({ now: clock.now })
  const calls: string[] = []
  const mails: { readonly to: string; readonly code: string }[] = []
  const users = new Map<string, User>(table.map(({ name, ...user }) => [name, user]))
  const authenticator = hostUsers({
    async findUser(username) {
      calls.push('find')
      return users.get(username.normalize('NFKC').toLowerCase())
    },
    async verifyPassword(passwordHash, password) {
      calls.push('verify')
      return passwordHash === hash(password)
    },
    unknownUserHash: hash('of no password'),
    async sendCode(user, code) {
      mails.push({ to: user.mail, code })
    },
  })
  const grants = [
    ...passwordGrants({ authenticator, now: clock.now, ...grantOptions }),
    refreshToken({ secrets: { current: { id: 'r', secret: 'k'.repeat(32) } } }),
  ]
  const suite = setup({ allStores: stores, grants, now: clock.now, clientOptions: { now: clock.now }, ...options })
  const client = await suite.register({
    grants: ['password', 'refresh_token'],
    isFirstParty: true,
    refresh: { policy: 'rotating' },
  })
  const headers = basic(client.id, client.secret)
  const signIn = (username: string, password = 'right', parameters: Record<string, string> = {}) =>
    suite.ask({ grant_type: 'password', username, password, ...parameters }, headers)
  const answer = (token: string, code: string, parameters: Record<string, string> = {}) =>
    suite.ask({ grant_type: mfa, mfa_token: token, code, ...parameters }, headers)
  const challenge = async () => (await signIn('ann', 'right', { scope: 'read' })).body.mfa_token
  const rightCode = () => mails.at(-1)?.code ?? ''
  const wrongCode = () => rightCode().replace(/./, (digit) => String((Number(digit) + 1) % 10))
  return { ...suite, clock, stores, calls, mails, users, client, headers, signIn, answer, challenge, rightCode, wrongCode }
}

describe('a person signs in', () => {
  it('with a password alone, where that is enough', async () => {
    const { signIn, clock } = await start()
    const { status, body } = await signIn('bob')
    expect(status).toBe(200)
    expect(claimsOf(body.access_token)).toMatchObject({ sub: 'u-2', amr: ['pwd'], auth_time: clock.now() / 1000 })
    expect(body.refresh_token).toMatch(/^r1\./)
  })

  it('with a password and a code; scope and strength are kept through refresh', async () => {
    const { signIn, answer, ask, headers, mails, rightCode, clock } = await start()
    const first = await signIn('ann', 'right', { scope: 'read' })
    expect(first.status).toBe(400)
    expect(first.body).toEqual({
      error: 'mfa_required',
      error_description: 'A further factor is required.',
      mfa_token: expect.stringMatching(/^[\w-]{43}$/),
      challenge_types: ['email_otp'],
      expires_in: 300,
    })
    expect(mails).toEqual([{ to: 'ann@x.example', code: expect.stringMatching(/^\d{6}$/) }])
    clock.advance(60)
    const { status, body } = await answer(first.body.mfa_token, rightCode())
    expect([status, body.scope]).toEqual([200, 'read'])
    const expected = { sub: 'u-1', amr: ['pwd', 'otp', 'mfa'], auth_time: clock.now() / 1000, scope: 'read', department: 'D1' }
    expect(claimsOf(body.access_token)).toMatchObject(expected)
    clock.advance(100)
    const refreshed = await ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token }, headers)
    expect(claimsOf(refreshed.body.access_token)).toMatchObject(expected)
  })

  it('at an endpoint whose grants have names of their own', async () => {
    const continuation = { grantType: 'email_otp', tokenParameter: 'session', codeParameter: 'email_otp', challengeType: 'email_otp' }
    const other = {
      ...continuation,
      grantType: 'software_token_mfa',
      codeParameter: 'software_token_mfa',
      challengeType: 'software_token_mfa',
    }
    const { challenge, ask, headers, rightCode } = await start({ continuations: [continuation, other] })
    const session = await challenge()
    const ofOther = await ask({ grant_type: 'software_token_mfa', session, software_token_mfa: rightCode() }, headers)
    expect(ofOther.body.error).toBe('invalid_grant')
    const answered = await ask({ grant_type: 'email_otp', username: 'ANN', session, email_otp: rightCode() }, headers)
    expect(answered.status).toBe(200)
  })
})

describe('who is refused', () => {
  it('gets one answer and costs the same calls: unknown, wrong password, disabled', async () => {
    const { signIn, calls } = await start()
    const seen: string[] = []
    for (const [name, password] of [
      ['nobody', 'right'],
      ['ann', 'wrong'],
      ['dis', 'right'],
      ['dis', 'wrong'],
      ['constructor', 'x'],
    ] as const) {
      calls.length = 0
      const answer = await signIn(name, password)
      seen.push(`${JSON.stringify(answer)} ${calls.join()}`)
    }
    expect(new Set(seen).size).toBe(1)
    expect(seen[0]).toContain('"status":400')
    expect(seen[0]).toContain('invalid_grant')
    expect(seen[0]).toMatch(/ find,verify$/)
  })

  it('the password that belongs to no user is not one of the unknown user either', async () => {
    const { signIn } = await start()
    expect((await signIn('nobody', 'of no password')).body.error).toBe('invalid_grant')
  })

  it('a user who was disabled between password and code', async () => {
    const { challenge, answer, rightCode, users } = await start()
    const token = await challenge()
    const ann = users.get('ann')
    if (ann) users.set('ann', { ...ann, isDisabled: true })
    expect((await answer(token, rightCode())).body.error).toBe('invalid_grant')
  })

  it('a client that is not first-party, or may not', async () => {
    const { clients, register, ask } = await start()
    await expect(clients.register({ grants: ['password'] })).rejects.toThrow(TypeError)
    const other = await register({ grants: ['refresh_token'] })
    const headers = basic(other.id, other.secret)
    expect((await ask({ grant_type: 'password', username: 'bob', password: 'right' }, headers)).body.error).toBe('unauthorized_client')
    expect((await ask({ grant_type: mfa, mfa_token: 'x', code: '1' }, headers)).body.error).toBe('unauthorized_client')
  })

  it('a name that is an object never reaches the host', async () => {
    const { endpoint, calls, headers } = await start()
    const body = { grant_type: 'password', username: { $gt: '' }, password: 'right' }
    const answer = await endpoint({ method: 'POST', headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body })
    expect([answer.status, calls]).toEqual([400, []])
  })
})

describe('a challenge', () => {
  it('gives a wrong code another try under a fresh token, five in all', async () => {
    const { challenge, answer, wrongCode, mails } = await start()
    const heard = outcomes()
    let token = await challenge()
    const tokens = [token]
    for (let at = 0; at < 4; at += 1) {
      const { body } = await answer(token, wrongCode())
      expect(body.error).toBe('mfa_required')
      token = body.mfa_token
      tokens.push(token)
    }
    expect(new Set(tokens).size).toBe(5)
    expect(mails.length).toBe(1)
    expect((await answer(token, wrongCode())).body.error).toBe('invalid_grant')
    expect(heard()).toEqual(['challenged', ...Array.from({ length: 4 }, () => 'wrong_code'), 'wrong_code'])
    for (const used of tokens) expect((await answer(used, mails[0]?.code ?? '')).body.error).toBe('invalid_grant')
  })

  it('takes the right code after a wrong one, once', async () => {
    const { challenge, answer, wrongCode, rightCode } = await start()
    const second = (await answer(await challenge(), wrongCode())).body.mfa_token
    expect((await answer(second, rightCode())).status).toBe(200)
    expect((await answer(second, rightCode())).body.error).toBe('invalid_grant')
  })

  it('of 64 guesses at once with one token looks at one', async () => {
    const { challenge, answer } = await start()
    const token = await challenge()
    const answers = await Promise.all(Array.from({ length: 64 }, (_, at) => answer(token, String(at).padStart(6, '0'))))
    expect(answers.filter(({ body }) => body.error === 'invalid_grant').length).toBe(63)
  })

  it('ends after its time, also where wrong codes went before', async () => {
    const { challenge, answer, wrongCode, rightCode, clock } = await start()
    const token = await challenge()
    clock.advance(200)
    const retry = (await answer(token, wrongCode())).body
    clock.advance(99.9)
    const again = (await answer(retry.mfa_token, wrongCode())).body
    clock.advance(0.1)
    expect((await answer(again.mfa_token, rightCode())).body.error).toBe('invalid_grant')
  })

  it('belongs to its client and user; who has no right to it does not use it up', async () => {
    const { challenge, answer, rightCode, register, ask } = await start()
    const token = await challenge()
    const other = await register({ grants: ['password'], isFirstParty: true })
    const parameters = { grant_type: mfa, mfa_token: token, code: rightCode() }
    expect((await ask(parameters, basic(other.id, other.secret))).body.error).toBe('invalid_grant')
    expect((await answer(token, rightCode(), { username: 'bob' })).body.error).toBe('invalid_grant')
    expect((await answer(token, rightCode(), { scope: 'write' })).body.error).toBe('invalid_request')
    expect((await answer(token, '')).body.error).toBe('invalid_request')
    expect((await answer(token, rightCode())).status).toBe(200)
  })

  it('does not survive a lock of its client', async () => {
    const { challenge, answer, rightCode, clients, client } = await start()
    const token = await challenge()
    await clients.lock(client.id)
    await clients.unlock(client.id)
    expect((await answer(token, rightCode())).body.error).toBe('invalid_grant')
  })

  it('gives no more than its client may have when it is answered', async () => {
    const { signIn, answer, rightCode, clients, client } = await start()
    const narrowed = (await signIn('ann', 'right', { scope: 'read write' })).body.mfa_token
    await clients.update(client.id, { scopes: ['read'] })
    expect((await answer(narrowed, rightCode())).body.scope).toBe('read')
    const elsewhere = (await signIn('ann')).body.mfa_token
    await clients.update(client.id, { audiences: ['https://elsewhere.example'] })
    expect((await answer(elsewhere, rightCode())).body.error).toBe('invalid_target')
  })

  it('is unreadable in the store, and its token is not there', async () => {
    const kept: string[] = []
    const stores = memoryStores()
    const put: typeof stores.challenges.put = async (id, record, ttlMs) => {
      kept.push(id, record)
      return stores.challenges.put(id, record, ttlMs)
    }
    const { challenge, rightCode } = await start({ now: Date.now }, { stores: { ...stores, challenges: { ...stores.challenges, put } } })
    const token = await challenge()
    const text = kept.flatMap((one) => [one, Buffer.from(one, 'base64url').toString('latin1')]).join()
    for (const secret of [token, 'ann', 'u-1', rightCode()]) expect(text).not.toContain(secret)
  })
})

describe('guesses', () => {
  it('of a password, in parallel: exactly 20, and then the right one is not looked at either', async () => {
    const { signIn, clock } = await start()
    const answers = await Promise.all(Array.from({ length: 64 }, (_, at) => signIn('bob', `wrong-${at}`)))
    expect(answers.filter(({ status }) => status === 400).length).toBe(20)
    expect(answers.filter(({ status }) => status === 429).length).toBe(44)
    const late = await signIn('bob')
    expect([late.status, late.headers['retry-after']]).toEqual([429, '3600'])
    clock.advance(3600)
    expect((await signIn('bob')).status).toBe(200)
  })

  it('share a budget however the name is written, and an unknown name has one like any other', async () => {
    const { signIn } = await start()
    const names = ['bob', 'BOB', 'Bob', ' bob ', 'ｂｏｂ', 'ⓑob', 'b\u00adob', 'bo\u200bb', 'b\u00f6b', 'bo\u0308b', '\ufeffbob']
    const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => signIn(names[at % names.length] ?? '', 'wrong')))
    expect(answers.filter(({ status }) => status === 400).length).toBe(20)
    const unknown = await Promise.all(Array.from({ length: 60 }, () => signIn('straße', 'wrong')))
    expect(unknown.filter(({ status }) => status === 400).length).toBe(20)
    expect((await signIn('STRASSE', 'wrong')).status).toBe(429)
  })

  it('from one address leave the owner free to sign in from another', async () => {
    const { signIn, endpoint, headers } = await start()
    for (let at = 0; at < 25; at += 1) await signIn('bob', 'wrong')
    const body = 'grant_type=password&username=bob&password=right'
    const wire = { method: 'POST', headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body }
    expect((await endpoint({ ...wire, ip: '192.0.2.1' })).status).toBe(429)
    expect((await endpoint({ ...wire, ip: '192.0.2.2' })).status).toBe(200)
  })

  it('of a code: 20 an hour across challenges, and a refused one uses nothing up', async () => {
    const { challenge, answer, wrongCode, rightCode, clock } = await start()
    const heard = outcomes()
    let token = await challenge()
    for (let at = 0; at < 20; at += 1) {
      const { body } = await answer(token, wrongCode())
      token = body.mfa_token ?? (await challenge())
    }
    expect(heard().filter((outcome) => outcome === 'wrong_code').length).toBe(20)
    expect((await answer(token, rightCode())).status).toBe(429)
    expect((await answer(token, rightCode())).status).toBe(429)
    clock.advance(3600)
    const fresh = await challenge()
    expect((await answer(fresh, rightCode())).status).toBe(200)
  })

  it('that were right are given back', async () => {
    const { signIn } = await start()
    for (let at = 0; at < 50; at += 1) expect((await signIn('bob', at % 5 === 0 ? 'wrong' : 'right')).status).toBe(at % 5 === 0 ? 400 : 200)
  })
})

it('events hold no user name, password, code or token', async () => {
  const { signIn, answer, rightCode } = await start()
  const heard = heardEvents()
  const { mfa_token: token } = (await signIn('ann')).body
  await signIn('ann', 'a wrong password')
  await answer(token, rightCode())
  const text = JSON.stringify(heard)
  for (const secret of ['ann', 'a wrong password', rightCode(), token]) expect(text).not.toContain(secret)
})

it('an outage of a store is 503, and a fault of the host is thrown', async () => {
  const down = async (): Promise<never> => Promise.reject(new Error('down'))
  const stores = memoryStores()
  for (const broken of [
    { ...stores, challenges: { ...stores.challenges, put: down } },
    { ...stores, attempts: { ...stores.attempts, reserve: down } },
  ]) {
    const { signIn } = await start({}, { stores: broken, rateLimits: false })
    expect((await signIn('ann')).status).toBe(503)
  }
  const { users, signIn } = await start()
  users.get = () => {
    throw new Error('the table of users is away')
  }
  await expect(signIn('bob')).rejects.toThrow('the table of users is away')
})

it('an authenticator of another kind: throttled, and tokens that are made elsewhere', async () => {
  const issued = { accessToken: 'of.another.issuer', expiresInSeconds: 60, refreshToken: 'theirs' }
  const elsewhere = await start({
    authenticator: {
      start: async ({ username }) =>
        username === 'busy' ? { outcome: 'throttled', retryAfterSeconds: 7 } : { outcome: 'signed_in', subject: 'x', amr: ['pwd'], issued },
      answerChallenge: async () => ({ outcome: 'refused' }),
    },
  })
  const busy = await elsewhere.signIn('busy')
  expect([busy.status, busy.headers['retry-after']]).toEqual([429, '7'])
  expect((await elsewhere.signIn('x')).body).toMatchObject({ access_token: 'of.another.issuer', expires_in: 60, refresh_token: 'theirs' })
})

it('wrong options are a TypeError at the start', () => {
  const none = { findUser: async () => undefined, verifyPassword: async () => false, sendCode: async () => undefined, unknownUserHash: 'x' }
  const authenticator = hostUsers(none)
  expect(() => hostUsers({ ...none, unknownUserHash: '' })).toThrow(TypeError)
  expect(() => hostUsers({ ...none, codeDigits: 4 })).toThrow(TypeError)
  expect(() => hostUsers({ ...none, sendCode: undefined as never })).toThrow(TypeError)
  for (const bad of [
    { authenticator: {} },
    { challengeLifetimeSeconds: 0 },
    { maxAnswers: 0 },
    { limits: { codes: { limit: 0, windowSeconds: 1 } } },
  ]) {
    expect(() => passwordGrants({ authenticator, ...bad } as never)).toThrow(TypeError)
  }
})
