import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from '../redis/redis-servers.js'
import { type App, startApp } from './ehealth-app.js'
import { errorOf, loginBody, nonceOf, redeemBySms, send } from './ehealth-requests.js'
import { type SeedFile, writeSeed } from './ehealth-seed.js'

/** Runs so many jobs, 64 at a time. */
async function inLanes(count: number, job: (index: number) => Promise<void>): Promise<void> {
  const state = { next: 0 }
  const lane = async (): Promise<void> => {
    while (state.next < count) {
      state.next += 1
      await job(state.next)
    }
  }
  await Promise.all(Array.from({ length: 64 }, lane))
}

describeWithServers('two processes on one Redis', () => {
  const running: { apps: readonly [App, App]; redis: OwnServer; seed: SeedFile } = {} as never
  const either = (index: number): App => running.apps[index % 2] as App

  beforeAll(async () => {
    running.seed = await writeSeed()
    running.redis = await startServer()
    const env = { SEED_FILE: running.seed.path, REDIS_URL: `redis://127.0.0.1:${running.redis.port}` }
    running.apps = [await startApp(env), await startApp(env)]
  })
  afterAll(async () => {
    await Promise.all(running.apps.map((app) => app.end()))
    await running.redis.remove()
    await running.seed.remove()
  })

  it('redeem one nonce once for one purpose, of 200 requests at once, and once for the other', async () => {
    for (let round = 0; round < 3; round += 1) {
      const token = await nonceOf(either(round))
      const body = await loginBody(token)
      const purposes = [
        (index: number) => redeemBySms(either(index), token),
        (index: number) => send(either(index), { method: 'POST', path: '/auth/login', body }),
      ]
      for (const redeem of purposes) {
        const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => redeem(index)))
        expect(answers.filter(({ status }) => status < 300)).toHaveLength(1)
        const refusals = answers.filter(({ status }) => status >= 300).map(errorOf)
        expect(new Set(refusals)).toEqual(new Set(['401 jwt_invalid JWT is invalid.']))
      }
    }
  })

  it('redeem what the other one issued: 10,000 nonces at once, 10,000 successes', { timeout: 300_000 }, async () => {
    const statuses = new Map<number, number>()
    const tokens = new Set<string>()
    await inLanes(10_000, async (index) => {
      const token = await nonceOf(either(index))
      tokens.add(token)
      const { status } = await redeemBySms(either(index + 1), token)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    })
    expect([...statuses]).toEqual([[200, 10_000]])
    expect(tokens.size).toBe(10_000)
  })
})
