import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from '../redis/redis-servers.js'
import { type App, failToStart, startApp } from './ehealth-app.js'
import { errorOf, nonceOf, redeemAtLogin, redeemBySms } from './ehealth-requests.js'
import { type SeedFile, writeSeed } from './ehealth-seed.js'

const [first, next] = ['first-'.padEnd(64, '1'), 'next-'.padEnd(64, '2')]
/** The steps of the README. */
const steps = {
  today: { JWT_SECRET: first },
  known: { JWT_SECRET: first, JWT_NEXT_SECRET: next, JWT_NEXT_SECRET_ID: '2026-12' },
  used: { JWT_SECRET: next, JWT_SECRET_ID: '2026-12', JWT_PREVIOUS_SECRET: first },
  over: { JWT_SECRET: next, JWT_SECRET_ID: '2026-12' },
}

const headerOf = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
const named = { alg: 'HS512', typ: 'JWT', kid: '2026-12' }
const unnamed = { alg: 'HS512', typ: 'JWT' }

describeWithServers('another secret', () => {
  const running: { redis: OwnServer; seed: SeedFile } = {} as never
  const start = (step: keyof typeof steps): Promise<App> =>
    startApp({ SEED_FILE: running.seed.path, REDIS_URL: `redis://127.0.0.1:${running.redis.port}`, ...steps[step] })

  beforeAll(async () => {
    running.seed = await writeSeed()
    running.redis = await startServer()
  })
  afterAll(async () => {
    await running.redis.remove()
    await running.seed.remove()
  })

  it.each<[before: keyof typeof steps, after: keyof typeof steps, header: object]>([
    ['today', 'known', unnamed],
    ['known', 'used', named],
  ])('is taken on while processes are in the steps "%s" and "%s": nonces of each are good at each', async (before, after, header) => {
    const [old, young] = await Promise.all([start(before), start(after)])
    const [ofOld, ofYoung] = [await nonceOf(old), await nonceOf(young)]
    expect([headerOf(ofOld), headerOf(ofYoung)]).toEqual([unnamed, header])
    for (const token of [ofOld, ofYoung]) {
      expect((await redeemBySms(old, token)).status).toBe(200)
      expect((await redeemAtLogin(young, token)).status).toBe(201)
      expect(errorOf(await redeemBySms(young, token))).toBe('401 jwt_invalid JWT is invalid.')
    }
    await Promise.all([old.end(), young.end()])
  })

  it('is the only one at last: what the first one signed is refused, and what the next one signed before is good', async () => {
    const [known, used] = await Promise.all([start('known'), start('used')])
    const [unnamedNonce, namedNonce] = [await nonceOf(known), await nonceOf(used)]
    await Promise.all([known.end(), used.end()])
    const over = await start('over')
    expect(errorOf(await redeemBySms(over, unnamedNonce))).toBe('401 jwt_invalid JWT is invalid.')
    expect((await redeemBySms(over, namedNonce)).status).toBe(200)
    expect(headerOf(await nonceOf(over))).toEqual(named)
    await over.end()
  })
})

describe('it does not start with', () => {
  it.each<[name: string, env: Readonly<Record<string, string>>, message: RegExp]>([
    [
      'a next secret that is too short',
      { JWT_SECRET: first, JWT_NEXT_SECRET: 'x'.repeat(63), JWT_NEXT_SECRET_ID: 'n' },
      /^JWT_NEXT_SECRET is too short/,
    ],
    ['a previous secret alone', { JWT_PREVIOUS_SECRET: first }, /^JWT_SECRET must be set/],
    ['an id alone', { JWT_SECRET_ID: 'n' }, /^JWT_SECRET_ID must stand beside JWT_SECRET/],
    ['two secrets without an id', { JWT_SECRET: next, JWT_PREVIOUS_SECRET: first }, /^JWT_SECRET_ID, .* must differ/],
    ['two secrets of one id', { ...steps.used, JWT_NEXT_SECRET: first, JWT_NEXT_SECRET_ID: '2026-12' }, /^JWT_SECRET_ID, .* must differ/],
    ['an id that is not one', { JWT_SECRET: first, JWT_SECRET_ID: 'a b' }, /^JWT_SECRET_ID must be at most 64/],
  ])('%s', async (_name, env, message) => {
    const { code, output } = await failToStart({ JWT_LOGIN_TTL: '15', ...env })
    expect([code, output]).toEqual([1, expect.stringMatching(message)])
    expect(output).not.toContain(first)
  })
})
