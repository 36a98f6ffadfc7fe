import type { Fetch } from '@countersign/core'
import { createFakeCognito, createFakeIssuer, fixedClock } from '@countersign/testkit'
import { cognito, createGuard, jwks, oidc, signingKeys } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerTo, audience, entryOf, issuer, startGuard, tokenOf } from './guard-setup.js'

async function startIssuer() {
  const fake = await createFakeIssuer({ audience })
  onTestFinished(() => fake.close())
  const entry = jwks({ issuer: fake.issuer, url: fake.jwksUrl, algorithms: ['ES256'], audience })
  return { fake, entry }
}

describe('ready()', () => {
  it('tells part by part, and never rejects', async () => {
    const { fake, entry } = await startIssuer()
    const gone = await startIssuer()
    await gone.fake.stop()
    const nowhere = oidc({ issuer: gone.fake.issuer, algorithms: ['ES256'], audience: 'other' })
    const clock = fixedClock(Date.now() / 1000)
    const guard = createGuard({ now: clock.now, issuers: { up: entry, down: nowhere, own: entryOf() } })
    const readiness = await guard.ready()
    expect(readiness).toEqual({
      ok: true,
      parts: { up: { ok: true }, own: { ok: true }, down: { ok: false, cause: expect.any(Error) } },
      degraded: ['down'],
    })
    expect(await guard.ready({ required: ['down'] })).toMatchObject({ ok: false, degraded: [] })
    expect(await answerTo(guard, await fake.token())).toBe('200 up')
    expect(await answerTo(guard, await gone.fake.token())).toBe('503 key_source_unavailable')
    await gone.fake.restart()
    // It keeps to the pause after a failure.
    expect(await guard.ready()).toMatchObject({ degraded: ['down'] })
    clock.advance(2)
    expect(await guard.ready({ required: ['down'] })).toMatchObject({ ok: true, parts: { down: { ok: true } }, degraded: [] })
    expect(fake.fetches.jwks).toBe(1)
    await guard.close()
  })

  it('loads keys once, however often it is asked', async () => {
    const { fake, entry } = await startIssuer()
    const guard = createGuard({ issuers: { main: entry } })
    await Promise.all([guard.ready(), guard.ready(), guard.verifier.ready()])
    await guard.ready()
    expect(fake.fetches.jwks).toBe(1)
  })

  it('is degraded when one of several regions of an entry is down', async () => {
    const pool = await createFakeCognito()
    onTestFinished(() => pool.close())
    for (const down of ['eu-central-1.', 'us-east-1.']) {
      const flaky: Fetch = (url) => (new URL(url).hostname.includes(down) ? Promise.reject(new Error('down')) : fetch(pool.jwksUrl))
      const region = ['eu-central-1', 'us-east-1']
      const entry = cognito({ userPoolId: pool.userPoolId, clientId: pool.clientId, region, fetch: flaky })
      const guard = createGuard({ issuers: { entry } })
      expect(await guard.ready()).toEqual({ ok: true, parts: { entry: { ok: false, cause: expect.any(Error) } }, degraded: ['entry'] })
    }
  })

  it('is not ok when a source of the host rejects or throws', async () => {
    const fault = new Error('down')
    const throwing = (): never => {
      throw fault
    }
    for (const ready of [() => Promise.reject(fault), throwing]) {
      const keys = { find: throwing, isCurrent: () => true, ready, close: () => undefined }
      const { guard } = startGuard({ issuers: { own: signingKeys({ issuer, audience, algorithms: ['ES256'], keys }) } })
      expect(await guard.ready()).toEqual({ ok: false, parts: { own: { ok: false, cause: fault } }, degraded: [] })
    }
  })
})

describe('start-up', () => {
  it('asks no issuer for anything', async () => {
    const { fake, entry } = await startIssuer()
    createGuard({ issuers: { main: entry } })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(fake.requests).toEqual([])
  })

  it('does not depend on an issuer: the first requests wait for it, and later ones are served', async () => {
    const { fake, entry } = await startIssuer()
    await fake.stop()
    const guard = createGuard({ issuers: { main: entry, own: entryOf() } })
    expect(await answerTo(guard, await fake.token())).toBe('503 key_source_unavailable')
    expect(await answerTo(guard, await tokenOf({ iat: undefined, exp: 9e9 }))).toBe('200 own')
    await guard.close()
  })
})

describe('close()', () => {
  it('may be called often, in any order, and gives up what is being fetched', async () => {
    const { fake, entry } = await startIssuer()
    fake.behave({ kind: 'hang' })
    const guard = createGuard({ issuers: { main: entry } })
    const open = answerTo(guard, await fake.token())
    await new Promise((resolve) => setTimeout(resolve, 20))
    await Promise.all([guard.close(), guard.close(), guard.verifier.close()])
    expect(await open).toBe('503 key_source_unavailable')
    await guard.close()
  })

  it('is what await using does', async () => {
    const { fake, entry } = await startIssuer()
    const closed: string[] = []
    {
      await using guard = createGuard({ issuers: { main: { ...entry, sources: entry.sources.map(counted) } } })
      expect(await answerTo(guard, await fake.token())).toBe('200 main')
      expect(closed).toEqual([])
    }
    expect(closed).toEqual(['closed'])

    function counted(source: (typeof entry.sources)[number]): (typeof entry.sources)[number] {
      return {
        ...source,
        open(context) {
          const keys = source.open(context)
          const close = (): void => {
            closed.push('closed')
            keys.close()
          }
          return { ...keys, close }
        },
      }
    }
  })

  it('leaves nothing that keeps the process alive', async () => {
    const { fake, entry } = await startIssuer()
    const guard = createGuard({ issuers: { main: entry } })
    expect(await answerTo(guard, await fake.token())).toBe('200 main')
    // Nor without it: a guard has timers only while somebody waits.
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
    await guard.close()
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(timers.length)
  })
})
