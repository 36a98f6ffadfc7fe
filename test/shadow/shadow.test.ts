import { createShadowReport } from '@countersign/core'
import { introspection, jwks } from '@countersign/verifier'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { audience, entryOf, issuer, recorded, startGuard, tokenOf } from '../verifier/guard-setup.js'
import { type AppOf, onExpressApp, onKoaApp, startApp } from './apps.js'
import { type Answered, type Kind, plantedKinds } from './old-guard.js'

const startReport = (): ReturnType<typeof createShadowReport> => {
  const report = createShadowReport({ requests: 1, seconds: 0 })
  onTestFinished(() => report.close())
  return report
}

/** What a client sees, without the clock. */
const seen = ({ status, headers: { date: _, ...headers }, body }: Answered): object => ({ status, headers, body })

async function sendAll(
  client: Awaited<ReturnType<typeof startApp>>,
  count: number,
  kindOf: (at: number) => Kind,
): Promise<readonly Answered[]> {
  const answers: Answered[] = []
  const next = { at: 0 }
  const sender = async (): Promise<void> => {
    for (let at = next.at++; at < count; at = next.at++) answers[at] = await client.get(`/users/${at}?x=1`, kindOf(at).authorization)
  }
  await Promise.all(Array.from({ length: 32 }, sender))
  return answers
}

const apps: readonly (readonly [string, AppOf, number])[] = [
  ['express', onExpressApp, 10_000],
  ['koa', onKoaApp, 2_000],
]

describe.each(apps)('shadow on %s', (_name, appOf, count) => {
  it(`finds all differences among ${count} requests, refuses none and changes no field`, { timeout: 60_000 }, async () => {
    const { different, equal } = await plantedKinds()
    const report = startReport()
    // One request in a hundred of each kind that differs, one in a hundred that both refuse; all others are good.
    const kindOf = (at: number): Kind => different[at % 100] ?? (equal[at % 100 === 99 ? 1 : 0] as Kind)
    const shadowed = await startApp(appOf(startGuard().guard, { shadow: {} }))
    const plain = await startApp(appOf(startGuard().guard, { none: true }))
    for (const { authorization } of [...different, ...equal])
      expect(seen(await shadowed.get('/users/1', authorization))).toEqual(seen(await plain.get('/users/1', authorization)))
    await expect.poll(() => report.toJSON().requests).toBe(different.length + equal.length)

    const answers = await sendAll(shadowed, count, kindOf)
    const wrong = answers.filter(({ status }, at) => status !== (kindOf(at).old === 'admitted' ? 200 : 401))
    expect(wrong).toEqual([])
    await expect.poll(() => report.toJSON().requests).toBe(count + different.length + equal.length)
    const found = report.toJSON()
    const each = count / 100 + 1
    expect(Object.fromEntries(found.reasons.map(({ reason, requests }) => [reason, requests]))).toEqual(
      Object.fromEntries(different.filter(({ reason }) => reason !== '').map(({ reason }) => [reason, each])),
    )
    expect(found).toMatchObject({
      onlyOldAdmitted: 9 * each,
      onlyNewAdmitted: each,
      bothRefused: each,
      enforced: { admitted: 0, refused: 0 },
    })
    expect(found.notCompared).toEqual({ unavailable: 0, failed: 0, skipped: 0, unknown: 0 })
    expect(new Set(found.rows.filter(({ bothAdmitted }) => bothAdmitted > 0).map(({ route }) => route))).toEqual(
      new Set(['GET /users/:id']),
    )
    expect(found.rows.find(({ reason }) => reason === 'unknown_issuer')?.issuer).toBe('https://stranger.test')
    expect(found.rows.find(({ reason }) => reason === 'audience')?.issuer).toBe('main')
  })

  it('keeps no request waiting for an issuer that does not answer, and changes nothing for users', async () => {
    const report = startReport()
    const asked = vi.fn<() => Promise<never>>(() => new Promise<never>(() => {}))
    const main = jwks({ issuer, audience, algorithms: ['ES256'], url: 'https://issuer.test/jwks' })
    const { guard } = startGuard({ issuers: { main }, fetch: asked })
    const client = await startApp(appOf(guard, { shadow: {} }))
    const authorization = `Bearer ${await tokenOf()}`
    for (let round = 0; round < 20; round++) {
      const { status, body } = await client.get('/users/1', authorization)
      expect([status, body]).toEqual([200, '{"by":"not by the new guard","members":false}'])
    }
    await expect.poll(() => asked.mock.calls.length).toBeGreaterThan(0)
    expect(report.toJSON().requests).toBe(0)
    await guard.close()
  })

  it('tells an outage apart, and is not safe after it', async () => {
    const report = startReport()
    const main = jwks({ issuer, audience, algorithms: ['ES256'], url: 'https://issuer.test/jwks' })
    const { guard } = startGuard({ issuers: { main }, fetch: () => Promise.reject(new Error('down')) })
    const client = await startApp(appOf(guard, { shadow: {} }))
    expect((await client.get('/users/1', `Bearer ${await tokenOf()}`)).status).toBe(200)
    await expect.poll(() => report.toJSON().notCompared.unavailable).toBe(1)
    expect(report.toJSON()).toMatchObject({ requests: 0, enforce: { isSafe: false } })
    expect(report.toJSON().enforce.because).toContain('key_source_unavailable')
  })

  it('waits for the new guard as long as timeoutMs says, and then goes on', async () => {
    const events = recorded('countersign:shadow')
    const main = jwks({ issuer, audience, algorithms: ['ES256'], url: 'https://issuer.test/jwks' })
    const { guard } = startGuard({ issuers: { main }, fetch: () => new Promise<never>(() => {}) })
    const client = await startApp(appOf(guard, { shadow: { timeoutMs: 50 } }))
    const startedAt = performance.now()
    expect((await client.get('/users/1', `Bearer ${await tokenOf()}`)).status).toBe(200)
    expect(performance.now() - startedAt).toBeGreaterThan(45)
    expect(events).toEqual([])
    await guard.close()
  })

  it('is not told of a request that is not in the sample, and takes the word of compare', async () => {
    const events = recorded('countersign:shadow')
    const authorization = `Bearer ${await tokenOf({ aud: 'https://other.test' })}`
    const unsampled = await startApp(appOf(startGuard().guard, { shadow: { sample: 0 } }))
    await unsampled.get('/users/1', authorization)
    const compared = await startApp(appOf(startGuard().guard, { shadow: { compare: () => 'refused' } }))
    await compared.get('/users/1', authorization)
    const unknown = await startApp(appOf(startGuard().guard, { shadow: { compare: () => undefined } }))
    await unknown.get('/users/1', authorization)
    await expect.poll(() => events.length).toBe(2)
    expect(events).toMatchObject([
      {
        route: 'GET /users/:id',
        via: 'main',
        issuer,
        old: 'refused',
        new: 'refused',
        reason: 'audience',
        isDifferent: false,
        isEnforced: false,
      },
      { old: undefined, new: 'refused', isDifferent: false, detail: { expected: audience, received: 'https://other.test' } },
    ])
  })
})

describe('a dry run', () => {
  it('leaves nothing behind: no note on the request, no event of the guard', async () => {
    const told = [recorded('countersign:accepted'), recorded('countersign:refused'), recorded('countersign:anonymous')]
    const { guard } = startGuard()
    const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${await tokenOf()}` } }
    const before = Reflect.ownKeys(request)
    expect(await guard.dryRun(request)).toEqual({ outcome: 'admitted', via: 'main', issuer, reason: undefined, detail: undefined })
    expect(Reflect.ownKeys(request)).toEqual(before)
    expect(() => guard.authOf(request)).toThrow('did not admit this request')
    await guard.dryRun({ ...request, headers: {} })
    expect(told).toEqual([[], [], []])
  })

  it('asks no introspection endpoint about a token, and says that the answer is not known', async () => {
    const asked = vi.fn<() => Promise<never>>(() => Promise.reject(new Error('down')))
    const others = introspection({
      issuer: 'https://login.test',
      endpoint: 'https://login.test/introspect',
      audience,
      authentication: { method: 'bearer', token: () => 'x' },
      recognise: { prefix: 'ory_at_' },
      maxCacheSeconds: 0,
    })
    const { guard } = startGuard({ issuers: { others }, fetch: asked })
    const request = { method: 'GET', url: '/', headers: { authorization: 'Bearer ory_at_0123456789' } }
    expect(await guard.dryRun(request)).toMatchObject({ outcome: 'unknown', reason: undefined, via: 'others' })
    expect(asked).not.toHaveBeenCalled()
    expect(await guard.check(request)).toMatchObject({ ok: false, reason: 'introspection_unavailable' })
    expect(asked).toHaveBeenCalled()
  })

  it('tells who claims to have sent a request, and nothing where there is no token', async () => {
    const { guard } = startGuard({ issuers: { main: entryOf() } })
    const of = async (claims: object): Promise<unknown> =>
      guard.claimedSender({ headers: { authorization: `Bearer ${await tokenOf({ ...claims })}` } })
    expect(await of({ azp: 'client-1' })).toEqual({ issuer, clientId: 'client-1', subject: 'user-1' })
    expect(guard.claimedSender({ headers: {} })).toBeUndefined()
    expect(guard.claimedSender({ headers: { authorization: 'Bearer x' } })).toBeUndefined()
  })
})
