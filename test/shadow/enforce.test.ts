import { createShadowReport } from '@countersign/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { recorded, startGuard, tokenOf } from '../verifier/guard-setup.js'
import { type AppOf, onExpressApp, onKoaApp, startApp } from './apps.js'

const bad = async (sub: string): Promise<string> => `Bearer ${await tokenOf({ sub, aud: 'https://other.test' })}`
const subjects = Array.from({ length: 200 }, (_, at) => `user-${at}`)

const apps: readonly (readonly [string, AppOf])[] = [
  ['express', onExpressApp],
  ['koa', onKoaApp],
]

describe.each(apps)('enforce on %s', (_name, appOf) => {
  it('refuses more senders with each step, and none again at 0, without a restart', async () => {
    const rollout = { percentage: 0 }
    const client = await startApp(appOf(startGuard().guard, { enforce: { percentage: () => rollout.percentage } }))
    const tokens = await Promise.all(subjects.map(bad))
    const refused = async (percentage: number): Promise<ReadonlySet<number>> => {
      rollout.percentage = percentage
      const statuses = await Promise.all(tokens.map(async (token) => (await client.get('/users/1', token)).status))
      expect(statuses.every((status) => status === 200 || status === 401)).toBe(true)
      return new Set(statuses.flatMap((status, at) => (status === 401 ? [at] : [])))
    }
    const [none, some, half, all] = [await refused(0), await refused(10), await refused(50), await refused(100)]
    expect([none.size, all.size]).toEqual([0, subjects.length])
    // The senders are always the same, and so is their hash.
    expect(some.size).toBeGreaterThan(5)
    expect(some.size).toBeLessThan(40)
    expect(half.size).toBeGreaterThan(70)
    expect(half.size).toBeLessThan(130)
    expect([...some].every((at) => half.has(at))).toBe(true)
    expect((await refused(0)).size).toBe(0)
  })

  it('answers as the new guard does, and gives the handler its result; the old guard still refuses', async () => {
    const events = recorded('countersign:shadow')
    const client = await startApp(appOf(startGuard().guard, { enforce: { percentage: 100 } }))
    const refused = await client.get('/users/1', await bad('a'))
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      'Bearer realm="api", error="invalid_token", error_description="The access token is not meant for this resource."',
    ])
    expect((await client.get('/users/1', `Bearer ${await tokenOf()}`)).body).toContain('"by":"user-1"')
    // The old guard does not know this spelling.
    const old = await client.get('/users/1', `bearer ${await tokenOf()}`)
    expect([old.status, old.body]).toEqual([401, 'old'])
    await expect.poll(() => events.length).toBe(3)
    expect(events).toMatchObject([
      { old: undefined, new: 'refused', reason: 'audience', isEnforced: true, isDifferent: false },
      { old: 'admitted', new: 'admitted', isEnforced: true },
      { old: 'refused', new: 'admitted', isEnforced: true, isDifferent: true },
    ])
  })

  it('compares the requests that are not chosen', async () => {
    const report = createShadowReport()
    onTestFinished(() => report.close())
    const client = await startApp(appOf(startGuard().guard, { enforce: { when: () => false } }))
    expect((await client.get('/users/1', await bad('a'))).status).toBe(200)
    await expect.poll(() => report.toJSON().onlyOldAdmitted).toBe(1)
  })

  it('chooses by a function, whose error is a warning of the process and chooses nothing', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    const broken = await startApp(
      appOf(startGuard().guard, {
        enforce: {
          when: () => {
            throw new Error('no flags')
          },
        },
      }),
    )
    expect((await broken.get('/users/1', await bad('a'))).status).toBe(200)
    expect(warned.mock.calls.map(([warning]) => String(warning))).toEqual(['Error: no flags'])
    const chosen = await startApp(appOf(startGuard().guard, { enforce: { when: (request) => 'originalUrl' in request } }))
    expect((await chosen.get('/users/1', await bad('a'))).status).toBe(401)
  })

  it('keeps the last good percentage while the function gives none, and warns once', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    const rollout: { percentage: unknown } = { percentage: Number.NaN }
    const client = await startApp(appOf(startGuard().guard, { enforce: { percentage: () => rollout.percentage as number } }))
    const token = await bad('a')
    const status = async (percentage: unknown): Promise<number> => {
      rollout.percentage = percentage
      return (await client.get('/users/1', token)).status
    }
    expect([await status(undefined), await status(101), await status(100), await status('0'), await status(0)]).toEqual([
      200, 200, 401, 401, 200,
    ])
    expect(warned.mock.calls.map(([warning]) => String(warning))).toEqual([
      'TypeError: enforce: percentage must return a number from 0 to 100, got undefined',
      'TypeError: enforce: percentage must return a number from 0 to 100, got a string of 1 character',
    ])
  })

  it('chooses requests without a token by their address', async () => {
    const whole = await startApp(appOf(startGuard().guard, { enforce: { percentage: 100 } }))
    const answer = await whole.get('/users/1')
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="api"'])
    const half = await startApp(appOf(startGuard().guard, { enforce: { percentage: 50 } }))
    const realms = await Promise.all(Array.from({ length: 5 }, async () => (await half.get('/users/1')).headers['www-authenticate']))
    expect(new Set(realms).size).toBe(1)
  })
})
