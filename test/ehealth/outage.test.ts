import { type BreakableProxy, breakableProxy } from '@countersign/testkit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from '../redis/redis-servers.js'
import { type App, startApp } from './ehealth-app.js'
import { type Answer, errorOf, nonceOf, redeemAtLogin, redeemBySms, send } from './ehealth-requests.js'
import { clients, type SeedFile, writeSeed } from './ehealth-seed.js'

const unavailable = '503 internal_error The service is not available at the moment.'

async function timed(ask: () => Promise<Answer>): Promise<{ readonly error: string; readonly seconds: number; readonly answer: Answer }> {
  const startedAt = performance.now()
  const answer = await ask()
  return { error: errorOf(answer), seconds: (performance.now() - startedAt) / 1000, answer }
}

describeWithServers('when Redis', () => {
  const running: { app: App; redis: OwnServer; network: BreakableProxy; seed: SeedFile } = {} as never

  beforeEach(async () => {
    running.seed = await writeSeed()
    running.redis = await startServer()
    running.network = await breakableProxy(running.redis)
    running.app = await startApp({ SEED_FILE: running.seed.path, REDIS_URL: `redis://127.0.0.1:${running.network.port}` })
  })
  afterEach(async () => {
    await running.app.end()
    await running.network.close()
    await running.redis.remove()
    await running.seed.remove()
  })

  async function expectOutage(token: string): Promise<void> {
    const { app } = running
    const asks = [
      () => send(app, { path: `/oauth/nonce?client_id=${clients.msp.id}` }),
      () => redeemBySms(app, token),
      () => redeemAtLogin(app, token),
    ]
    const answers = await Promise.all([...asks, ...asks].map(timed))
    for (const { error, seconds, answer } of answers) {
      expect(error).toBe(unavailable)
      expect(seconds).toBeLessThan(1)
      expect(answer.headers['retry-after']).toBe('1')
      expect(answer.envelope.meta.code).toBe(503)
    }
  }

  /** Until a nonce is issued again. */
  const recovered = (): Promise<void> =>
    expect
      .poll(async () => (await send(running.app, { path: `/oauth/nonce?client_id=${clients.msp.id}` })).status, { timeout: 5_000 })
      .toBe(200)

  it('is stopped, everything is 503 within a second; it comes back empty, and what was outstanding is refused', async () => {
    const token = await nonceOf(running.app)
    await running.redis.stop()
    await expectOutage(token)
    await running.redis.start()
    await recovered()
    expect(errorOf(await redeemBySms(running.app, token))).toBe('401 jwt_invalid JWT is invalid.')
    expect((await redeemAtLogin(running.app, await nonceOf(running.app))).status).toBe(201)
    await expect.poll(() => running.app.output()).toContain('"refused":"unknown_nonce"')
  })

  it('cannot be reached, everything is 503; it can again, and what was outstanding is still good', async () => {
    const token = await nonceOf(running.app)
    running.network.breakDown()
    await expectOutage(token)
    running.network.restore()
    await recovered()
    expect((await redeemBySms(running.app, token)).status).toBe(200)
  })

  it('says nothing any more, everything is 503 within a second', async () => {
    const token = await nonceOf(running.app)
    running.network.loseAnswers()
    await expectOutage(token)
    running.network.breakDown()
    running.network.restore()
    await recovered()
    // What was spent and not answered is spent: never twice.
    expect([200, 401]).toContain((await redeemBySms(running.app, token)).status)
  })

  it('is down, requests that can be refused without it are', async () => {
    await running.redis.stop()
    expect(errorOf(await redeemBySms(running.app, 'nonsense'))).toBe('401 jwt_invalid JWT is invalid.')
    expect(errorOf(await send(running.app, { path: '/oauth/nonce' }))).toContain('422 validation_failed')
  })
})
