import { memoryStores } from '@countersign/core/memory'
import { passwordGrants } from '@countersign/grants/password'
import { fixedClock } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { claimsOf } from './endpoint-setup.js'
import { onEveryStore } from './on-every-store.js'
import { outcomes } from './outcomes.js'
import { oneServer, servers, table } from './sent-codes-setup.js'

/** Signs in so often, one after the other, and lets each code end. */
async function untilRefused(signIn: () => Promise<{ readonly status: number }>, pass: () => void, atMost = 40): Promise<number> {
  for (let times = 0; times < atMost; times += 1) {
    if ((await signIn()).status === 429) return times
    pass()
  }
  return atMost
}

describe('the right password again and again', () => {
  it('sends one code: 100 sign-ins within its life get tokens of their own, each of which takes it', async () => {
    const { signIn, answer, sent, code } = await oneServer()
    const tokens = new Set<string | undefined>()
    for (let times = 0; times < 100; times += 1) {
      const { status, body } = await signIn('ann', 'right')
      expect([status, body.error]).toEqual([400, 'mfa_required'])
      tokens.add(body.mfa_token)
    }
    expect([sent.length, tokens.size]).toEqual([1, 100])
    const signedIn = await answer([...tokens][57], code())
    expect([signedIn.status, claimsOf(signedIn.body.access_token ?? '').sub]).toEqual([200, 'u-ann'])
  })

  it('sends one code also to 20 at once', async () => {
    const { signIn, answer, sent, code } = await oneServer()
    const said = await Promise.all(Array.from({ length: 20 }, () => signIn('ann', 'right')))
    expect(said.map(({ status }) => status)).toEqual(Array(20).fill(400))
    expect(sent.length).toBe(1)
    expect((await answer(said[19]?.body.mfa_token, code())).status).toBe(200)
  })

  it('does not make the code live longer: what is left is told, and then another one is sent', async () => {
    const clock = fixedClock()
    const { signIn, answer, sent, code } = await oneServer({ now: clock.now })
    await signIn('ann', 'right')
    clock.advance(200)
    const late = await signIn('ann', 'right')
    expect([late.body.expires_in, sent.length]).toEqual([100, 1])
    clock.advance(100)
    expect((await answer(late.body.mfa_token, code())).body.error).toBe('invalid_grant')
    const next = await signIn('ann', 'right')
    expect([next.body.expires_in, sent.length]).toEqual([300, 2])
    expect((await answer(next.body.mfa_token, code())).status).toBe(200)
  })

  it('sends at most 20 codes an hour, and then says when to come again', async () => {
    const clock = fixedClock()
    const heard = outcomes()
    const { signIn, sent } = await oneServer({ now: clock.now, challengeLifetimeSeconds: 60 })
    for (let times = 0; times < 20; times += 1) {
      expect((await signIn('ann', 'right')).status).toBe(400)
      clock.advance(60)
    }
    const refused = await signIn('ann', 'right')
    expect([refused.status, refused.retryAfter, refused.body.error, sent.length]).toEqual([429, '2400', 'temporarily_unavailable', 20])
    expect(heard().at(-1)).toBe('too_many_codes')
    // Nobody else is concerned.
    expect((await signIn('bob', 'right')).status).toBe(400)
    clock.advance(2400)
    expect((await signIn('ann', 'right')).status).toBe(400)
    expect(sent.length).toBe(22)
  })

  it('has a budget that codes which were right do not give back', async () => {
    const { signIn, answer, sent, code } = await oneServer({ limits: { codesSent: { limit: 3, windowSeconds: 3600 } } })
    for (let times = 0; times < 3; times += 1)
      expect((await answer((await signIn('ann', 'right')).body.mfa_token, code())).status).toBe(200)
    expect([(await signIn('ann', 'right')).status, sent.length]).toEqual([429, 3])
  })

  it('has a budget that the spelling of the name does not widen', async () => {
    const clock = fixedClock()
    const { signIn, sent } = await oneServer({ now: clock.now, challengeLifetimeSeconds: 60 })
    const names = ['ann', 'ANN', 'Ann', 'aNN'].values()
    const signedIn = () => signIn(names.next().value ?? 'anN', 'right')
    expect(await untilRefused(signedIn, () => clock.advance(60))).toBe(20)
    expect(sent.length).toBe(20)
  })
})

describe('beyond the budget', () => {
  it('a code that is still open is gone on with', async () => {
    const { signIn, answer, sent, code } = await oneServer({ limits: { codesSent: { limit: 1, windowSeconds: 3600 } } })
    await signIn('ann', 'right')
    const again = await signIn('ann', 'right')
    expect([again.status, sent.length]).toEqual([400, 1])
    expect((await answer(again.body.mfa_token, code())).status).toBe(200)
    expect((await signIn('ann', 'right')).status).toBe(429)
  })

  it('who does not know the password is told what is told of nobody at all', async () => {
    const clock = fixedClock()
    const { signIn } = await oneServer({
      now: clock.now,
      challengeLifetimeSeconds: 60,
      limits: { codesSent: { limit: 1, windowSeconds: 3600 } },
    })
    await signIn('ann', 'right')
    clock.advance(60)
    expect((await signIn('ann', 'right')).status).toBe(429)
    const [known, unknown] = [await signIn('ann', 'wrong'), await signIn('nobody', 'wrong')]
    expect(known).toEqual(unknown)
    expect(known).toMatchObject({ status: 400, retryAfter: null, body: { error: 'invalid_grant' } })
  })
})

describe('one code', () => {
  it('takes five answers, whichever tokens they come with', async () => {
    const { signIn, answer, sent, code, wrongCode } = await oneServer()
    const tokens: (string | undefined)[] = []
    for (let times = 0; times < 7; times += 1) tokens.push((await signIn('ann', 'right')).body.mfa_token)
    const right = code()
    const said = await Promise.all(tokens.slice(0, 6).map((token) => answer(token, wrongCode())))
    expect(said.filter(({ body }) => body.error === 'mfa_required').length).toBe(4)
    expect(said.filter(({ body }) => body.error === 'invalid_grant').length).toBe(2)
    expect((await answer(tokens[6], right)).body.error).toBe('invalid_grant')
    // It has ended: the next one is another.
    const next = await signIn('ann', 'right')
    expect(sent.length).toBe(2)
    expect((await answer(next.body.mfa_token, code())).status).toBe(200)
  })

  it('signs in once, whichever tokens it comes with, also at the same time', async () => {
    const { signIn, answer, sent, code } = await oneServer()
    const tokens = await Promise.all(Array.from({ length: 8 }, async () => (await signIn('ann', 'right')).body.mfa_token))
    const said = await Promise.all(tokens.slice(0, 4).map((token) => answer(token, code())))
    expect(said.filter(({ status }) => status === 200).length).toBe(1)
    expect((await answer(tokens[5], code())).body.error).toBe('invalid_grant')
    await signIn('ann', 'right')
    expect(sent.length).toBe(2)
  })

  it('of a user is no other one of another user', async () => {
    const { signIn, sent } = await oneServer()
    await signIn('ann', 'right')
    await signIn('bob', 'right')
    expect(sent.map(({ to }) => to)).toEqual(['u-ann', 'u-bob'])
  })

  it('is not gone on with after the password was changed', async () => {
    const { signIn, answer, sent, code, users } = await oneServer()
    await signIn('ann', 'right')
    users.set('ann', { subject: 'u-ann', passwordHash: 'new', needsCode: true })
    const { body } = await signIn('ann', 'new')
    expect(sent.length).toBe(2)
    expect((await answer(body.mfa_token, sent[0]?.code ?? '')).body.error).toBe('mfa_required')
    expect((await answer((await signIn('ann', 'new')).body.mfa_token, code())).status).toBe(200)
    expect(sent.length).toBe(2)
  })

  it('that could not be sent is not waited for: the next sign-in sends another, and both count', async () => {
    const failures = { left: 1 }
    const host = table(async () => {
      failures.left -= 1
      if (failures.left >= 0) throw new Error('the mail server is away')
    })
    const [server] = await servers([memoryStores()], [host.authenticator], { limits: { codesSent: { limit: 2, windowSeconds: 3600 } } })
    expect((await server?.signIn('ann', 'right'))?.status).toBe(500)
    const next = await server?.signIn('ann', 'right')
    expect([next?.status, host.sent.length]).toEqual([400, 2])
    expect((await server?.answer(next?.body.mfa_token, host.code()))?.status).toBe(200)
    expect((await server?.signIn('ann', 'right'))?.status).toBe(429)
  })

  it('is unreadable in the store', async () => {
    const memory = memoryStores()
    const kept: string[] = []
    const challenges: typeof memory.challenges = {
      ...memory.challenges,
      async put(id, record, ms) {
        kept.push(id, record)
        await memory.challenges.put(id, record, ms)
      },
      async keep(id, record, ms) {
        kept.push(id, record)
        return memory.challenges.keep(id, record, ms)
      },
    }
    const { signIn, answer, code } = await oneServer({}, { ...memory, challenges })
    await answer((await signIn('ann', 'right')).body.mfa_token, code())
    expect(kept.length).toBeGreaterThan(4)
    const text = kept.flatMap((one) => [one, Buffer.from(one, 'base64url').toString('latin1')]).join()
    for (const secret of ['ann', 'right', 'salt', code()]) expect(text).not.toContain(secret)
  })
})

onEveryStore((open) => {
  it('two processes send one code to 20 sign-ins at once, and either takes it', async () => {
    const hosts = [table(), table()] as const
    const [one, other] = await servers([open(), open()], [hosts[0].authenticator, hosts[1].authenticator])
    if (!one || !other) throw new Error('no servers')
    const said = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : other).signIn('ann', 'right')))
    expect(said.map(({ body }) => body.error)).toEqual(Array(20).fill('mfa_required'))
    const sent = hosts.flatMap((host) => host.sent)
    expect(sent.length).toBe(1)
    expect((await other.answer(said[1]?.body.mfa_token, sent[0]?.code ?? '')).status).toBe(200)
    // One use, in every process.
    expect((await one.answer(said[0]?.body.mfa_token, sent[0]?.code ?? '')).body.error).toBe('invalid_grant')
  })

  it('two processes share the budget, and the answers that one code takes', async () => {
    const hosts = [table(), table()] as const
    const limits = { codesSent: { limit: 3, windowSeconds: 3600 } }
    const [one, other] = await servers([open(), open()], [hosts[0].authenticator, hosts[1].authenticator], { limits })
    if (!one || !other) throw new Error('no servers')
    const sent = (): number => hosts.flatMap((host) => host.sent).length
    for (let code = 1; code <= 3; code += 1) {
      for (let guess = 1; guess <= 5; guess += 1) {
        const { body } = await (guess % 2 === 0 ? one : other).signIn('ann', 'right')
        const said = await (guess % 2 === 0 ? one : other).answer(body.mfa_token, 'wrong')
        expect([said.body.error, sent()]).toEqual([guess < 5 ? 'mfa_required' : 'invalid_grant', code])
      }
    }
    for (const process of [one, other]) {
      const refused = await process.signIn('ann', 'right')
      expect([refused.status, Number(refused.retryAfter) > 3500, sent()]).toEqual([429, true, 3])
    }
  })
})

it('a budget that is wrong is a TypeError at the start', () => {
  const { authenticator } = table()
  for (const codesSent of [
    { limit: 0, windowSeconds: 1 },
    { limit: 1, windowSeconds: 0 },
    { limit: 1.5, windowSeconds: 1 },
  ])
    expect(() => passwordGrants({ authenticator, limits: { codesSent } })).toThrow(TypeError)
})
