import { memoryStores } from '@countersign/core/memory'
import { createFakeIssuer, fixedClock, testKeys } from '@countersign/testkit'
import { createGuard, createSharedRevocations, jwks, jwksRsa } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { audience, entryOf } from './guard-setup.js'

async function startIssuer() {
  const fake = await createFakeIssuer({ audience })
  onTestFinished(() => fake.close())
  return fake
}

describe('an issuer without a usable key', () => {
  it('is degraded, and its part names the algorithms; a usable key ends that', async () => {
    const fake = await startIssuer()
    const clock = fixedClock(Date.now() / 1000)
    const partner = jwks({ issuer: fake.issuer, url: fake.jwksUrl, algorithms: ['EdDSA'], audience })
    const guard = createGuard({ now: clock.now, issuers: { partner, own: entryOf() } })
    const readiness = await guard.ready()
    expect(readiness).toMatchObject({ ok: true, degraded: ['partner'], parts: { own: { ok: true } } })
    expect(readiness.parts.partner).toMatchObject({ ok: false, cause: { message: expect.stringContaining('EdDSA') } })
    for (let probe = 0; probe < 50; probe += 1) await guard.ready()
    expect(fake.fetches.jwks).toBe(1)
    fake.addKey(testKeys.eddsa)
    clock.advance(3_600)
    expect(await guard.ready({ required: ['partner'] })).toMatchObject({ ok: true, degraded: [] })
    await guard.close()
  })

  it('is told of a client of jwks-rsa too', async () => {
    const fake = await startIssuer()
    const client = { getKeys: async () => [] }
    const guard = createGuard({ issuers: { partner: jwksRsa({ issuer: fake.issuer, client, algorithms: ['ES256'], audience }) } })
    expect(await guard.ready()).toMatchObject({ degraded: ['partner'], parts: { partner: { ok: false } } })
  })

  it('one key that fits one of the algorithms is enough', async () => {
    const fake = await startIssuer()
    const guard = createGuard({
      issuers: { partner: jwks({ issuer: fake.issuer, url: fake.jwksUrl, algorithms: ['RS256', 'ES256'], audience }) },
    })
    expect(await guard.ready()).toEqual({ ok: true, parts: { partner: { ok: true } }, degraded: [] })
  })
})

describe('required', () => {
  it('makes foreign issuers count, and only those that it names', async () => {
    const [one, two] = [await startIssuer(), await startIssuer()]
    const entry = (fake: typeof one) => jwks({ issuer: fake.issuer, url: fake.jwksUrl, algorithms: ['ES256'], audience })
    const guard = createGuard({ issuers: { one: entry(one), two: entry(two) } })
    await one.stop()
    expect(await guard.ready({ required: ['two'] })).toMatchObject({ ok: true, degraded: ['one'] })
    expect(await guard.ready({ required: ['one'] })).toMatchObject({ ok: false, degraded: [] })
    expect(await guard.verifier.ready({ required: ['one', 'two'] })).toMatchObject({ ok: false })
  })

  it('a name that no part has is not ready: misspelt, it would be required of nobody', async () => {
    const guard = createGuard({ issuers: { main: entryOf() } })
    const readiness = await guard.ready({ required: ['mian'] })
    expect(readiness).toMatchObject({ ok: false, parts: { main: { ok: true }, mian: { ok: false } } })
    expect(readiness.parts.mian).toMatchObject({ cause: { message: 'ready: required must name parts, got "mian"' } })
  })

  it.each(['main', [1], null, {}])('%o is a TypeError', async (required) => {
    const guard = createGuard({ issuers: { main: entryOf() } })
    await expect(guard.ready({ required } as never)).rejects.toThrow(/^ready: required must be a list of names of parts, got /)
  })
})

it('a view that its store does not fill is never merely degraded', async () => {
  const { revocations: store } = memoryStores()
  const broken = { ...store, since: () => Promise.reject(new Error('down')), epoch: () => Promise.reject(new Error('down')) }
  const view = createSharedRevocations({ store: broken, maxStalenessSeconds: 5, onStale: 'refuse' })
  onTestFinished(() => view.close())
  const guard = createGuard({ issuers: { main: entryOf() }, revocations: view })
  expect(await guard.ready()).toMatchObject({ ok: false, parts: { revocations: { ok: false } }, degraded: [] })
})
