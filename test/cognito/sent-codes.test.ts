import { randomUUID } from 'node:crypto'
import { createCognito } from '@countersign/cognito'
import { memoryStores } from '@countersign/core/memory'
import { createFakeCognito, fixedClock } from '@countersign/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { onEveryStore } from '../grants/on-every-store.js'
import { servers } from '../grants/sent-codes-setup.js'
import { startGrant } from './grant-setup.js'
import { password, startPool } from './pool-setup.js'

const initiated = (calls: readonly { readonly operation: string }[]): number =>
  calls.filter(({ operation }) => operation === 'InitiateAuth').length

/** One server over HTTP on a pool. */
async function oneServer(options: Partial<Parameters<typeof servers>[2]> = {}) {
  const people = await startPool()
  const [server] = await servers([memoryStores({ now: people.clock.now })], [people.cognito.authenticator], {
    now: people.clock.now,
    ...options,
  })
  if (!server) throw new Error('no server')
  return { ...people, ...server, ben: (given = password) => server.signIn('ben@x.example', given) }
}

describe('the right password again and again, over a pool', () => {
  it('has one code sent while the session lasts, and each sign-in gets a token of its own', async () => {
    const { ben, answer, pool, code, clock } = await oneServer()
    const tokens = new Set<string | undefined>()
    for (let times = 0; times < 50; times += 1) tokens.add((await ben()).body.mfa_token)
    expect([pool.mails.length, initiated(pool.calls), tokens.size]).toEqual([1, 1, 50])
    clock.advance(100)
    const late = await ben()
    expect([late.body.expires_in, pool.mails.length]).toEqual([80, 1])
    expect((await answer(late.body.mfa_token, code())).status).toBe(200)
  })

  it('has one code sent also to 20 at once', async () => {
    const { ben, answer, pool, code } = await oneServer()
    const said = await Promise.all(Array.from({ length: 20 }, () => ben()))
    expect(said.map(({ body }) => body.error)).toEqual(Array(20).fill('mfa_required'))
    expect(pool.mails.length).toBe(1)
    expect((await answer(said[13]?.body.mfa_token, code())).status).toBe(200)
  })

  it('has another one sent after a right answer, after the last wrong one, and after the session', async () => {
    const { ben, answer, pool, code, wrongCode, clock } = await oneServer()
    expect((await answer((await ben()).body.mfa_token, code())).status).toBe(200)
    for (let guess = 1; guess <= 5; guess += 1) {
      const said = await answer((await ben()).body.mfa_token, wrongCode())
      expect([said.body.error, pool.mails.length]).toEqual([guess < 5 ? 'mfa_required' : 'invalid_grant', 2])
    }
    await ben()
    expect(pool.mails.length).toBe(3)
    clock.advance(180)
    expect((await answer((await ben()).body.mfa_token, code())).status).toBe(200)
    expect(pool.mails.length).toBe(4)
  })

  it('has at most 20 sent in an hour, however the name is spelt, and is told when to come again', async () => {
    const { signIn, pool, clock } = await oneServer({ challengeLifetimeSeconds: 60 })
    const names = ['ben@x.example', 'BEN@x.example', 'Ben@X.example']
    for (let times = 0; times < 20; times += 1) {
      expect((await signIn(names[times % 3] ?? '', password)).body.error).toBe('mfa_required')
      clock.advance(60)
    }
    const asked = initiated(pool.calls)
    for (const name of names) {
      const refused = await signIn(name, password)
      expect([refused.status, refused.retryAfter]).toEqual([429, '2400'])
    }
    expect([pool.mails.length, initiated(pool.calls)]).toEqual([20, asked])
  })

  it('beyond the budget, who does not know the password is told what is told of nobody at all', async () => {
    const { ben, signIn, clock } = await oneServer({ limits: { codesSent: { limit: 1, windowSeconds: 3600 } } })
    await ben()
    clock.advance(180)
    expect((await ben()).status).toBe(429)
    const [known, unknown] = [await ben('Wrong-password-1'), await signIn('nobody@x.example', 'Wrong-password-1')]
    expect(known).toEqual(unknown)
    expect(known).toMatchObject({ status: 400, retryAfter: null, body: { error: 'invalid_grant' } })
  })

  it('asks Cognito where another password is sent, also while a code is open', async () => {
    const { ben, pool } = await oneServer()
    await ben()
    expect((await ben('Wrong-password-1')).body.error).toBe('invalid_grant')
    expect(initiated(pool.calls)).toBe(2)
    pool.users.change('ben@x.example', { password: 'Changed-password-1' })
    expect((await ben('Changed-password-1')).body.error).toBe('mfa_required')
    expect(pool.mails.length).toBe(2)
  })

  it('is asked at Cognito each time where nothing is sent', async () => {
    const { signIn, pool } = await oneServer({ limits: { codesSent: { limit: 1, windowSeconds: 3600 } } })
    for (let times = 0; times < 5; times += 1) expect((await signIn('cid@x.example', password)).body.error).toBe('mfa_required')
    for (let times = 0; times < 5; times += 1) expect((await signIn('ann@x.example', password)).status).toBe(200)
    expect(initiated(pool.calls)).toBe(10)
  })

  it('is not counted where Cognito is busy', async () => {
    const { ben, pool, clock } = await oneServer({ limits: { codesSent: { limit: 2, windowSeconds: 3600 } } })
    await ben()
    clock.advance(180)
    pool.throttle(3)
    for (let times = 0; times < 3; times += 1) expect((await ben()).status).toBe(429)
    expect((await ben()).body.error).toBe('mfa_required')
    expect(pool.mails.length).toBe(2)
  })
})

it('who chooses a factor has codes sent within the same budget', async () => {
  const { pool, signIn, answer, clock } = await oneServer({
    limits: { codesSent: { limit: 2, windowSeconds: 3600 }, codes: { limit: 50, windowSeconds: 3600 } },
  })
  pool.users.add({ email: 'dora@x.example', password, factors: ['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA'], totpSecret: 'JBSWY3DPEHPK3PXP' })
  const choose = async () => answer((await signIn('dora@x.example', password)).body.mfa_token, 'email_otp')
  for (let times = 1; times <= 2; times += 1) expect([(await choose()).body.error, pool.mails.length]).toEqual(['mfa_required', times])
  const refused = await choose()
  expect([refused.status, refused.retryAfter, pool.mails.length]).toEqual([429, '3600', 2])
  clock.advance(3600)
  expect((await choose()).body.error).toBe('mfa_required')
})

onEveryStore((open) => {
  it.each([
    ['with the secret of their app client', { clientSecret: 'app-client-secret' }, 1],
    ['with a secret of their own for it', { recognitionSecret: 'r'.repeat(32) }, 1],
    ['without a common secret', {}, 2],
  ] as const)('two processes %s', async (_name, options, mails) => {
    const secret = 'clientSecret' in options ? { clientSecret: options.clientSecret } : {}
    const clock = fixedClock()
    const pool = await createFakeCognito({ now: clock.now, clients: [{ clientId: 'test-client', ...secret }] })
    pool.users.add({ username: 'ben', email: 'ben@x.example', password, factors: ['EMAIL_OTP'] })
    const processes = [0, 1].map(() =>
      createCognito({ userPoolId: pool.userPoolId, clientId: pool.clientId, endpoint: pool.url, ...options }),
    )
    onTestFinished(async () => {
      await Promise.all([...processes.map((one) => one.close()), pool.close()])
    })
    const limits = { codesSent: { limit: 3, windowSeconds: 3600 } }
    const issuer = `https://${randomUUID()}.example`
    const [one, other] = await servers(
      [open(), open()],
      processes.map(({ authenticator }) => authenticator),
      { limits, issuer, now: clock.now },
    )
    if (!one || !other) throw new Error('no servers')
    for (let times = 0; times < 4; times += 1) {
      for (const process of [one, other]) expect((await process.signIn('ben@x.example', password)).body.error).toBe('mfa_required')
    }
    expect(pool.mails.length).toBe(mails)
    // The budget is one in any case.
    for (let times = 0; times < 10; times += 1) {
      clock.advance(180)
      await (times % 2 === 0 ? one : other).signIn('ben@x.example', password)
    }
    expect(pool.mails.length).toBe(3)
    for (const process of [one, other]) expect((await process.signIn('ben@x.example', password)).status).toBe(429)
  })
})

it('what is kept of a sign-in that is recognised cannot be read', async () => {
  const { signIn, kept, pool } = await startGrant()
  await signIn('ben@x.example')
  await signIn('ben@x.example')
  const readable = kept.flatMap((value) => [value, Buffer.from(value, 'base64url').toString('latin1')]).join()
  for (const secret of ['ben@x.example', password, pool.mails[0]?.code ?? '']) expect(readable).not.toContain(secret)
})

it.each([
  ['short', 'be a string or bytes, 32 bytes or more, got 5 bytes'],
  [5, 'be a string or bytes, or a function that returns them, got a number'],
  [new Uint8Array(31), 'be a string or bytes, 32 bytes or more, got 31 bytes'],
])('a recognitionSecret that is %j is a TypeError', (recognitionSecret, said) => {
  const options = { userPoolId: 'us-east-2_AbCdEfGhI', clientId: 'c' }
  expect(() => createCognito({ ...options, recognitionSecret } as never)).toThrow(new RegExp(`recognitionSecret must ${said}$`))
})
