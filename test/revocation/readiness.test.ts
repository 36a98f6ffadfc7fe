import { publicJwkOf, testKeys } from '@countersign/testkit'
import { createGuard, createRevocations, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { issuer, startTrial } from './view-setup.js'

const main = staticKeys({ issuer, audience: null, algorithms: ['ES256'], keys: [publicJwkOf(testKeys.es256)] })

describe('ready() of a guard with shared revocations', () => {
  it('is not ok as soon as the store is dead, and names the part', async () => {
    const { store, view } = await startTrial()
    const guard = createGuard({ issuers: { main }, revocations: view })
    expect(await guard.ready()).toMatchObject({ ok: true, parts: { main: { ok: true }, revocations: { ok: true } } })
    store.behaviour = 'down'
    expect(await guard.ready()).toMatchObject({ ok: false, parts: { main: { ok: true }, revocations: { ok: false } } })
    expect(await guard.verifier.ready()).toMatchObject({ ok: false })
    store.behaviour = 'well'
    expect(await guard.ready()).toMatchObject({ ok: true })
  })

  it('is not ok while the view is stale because nothing reads any more', async () => {
    const { view } = await startTrial()
    const guard = createGuard({ issuers: { main }, revocations: view })
    await view.close()
    expect(await guard.ready()).toMatchObject({ ok: false, parts: { revocations: { ok: false, cause: expect.any(Error) } } })
  })

  it('does not hide an issuer of the same name', async () => {
    const { store, view } = await startTrial()
    const guard = createGuard({ issuers: { revocations: main }, revocations: view })
    store.behaviour = 'down'
    expect(await guard.ready()).toMatchObject({ ok: false, parts: { revocations: { ok: false } } })
  })

  it('says nothing of revocations that need no store', async () => {
    const guard = createGuard({ issuers: { main }, revocations: createRevocations() })
    expect((await guard.ready()).parts).toEqual({ main: { ok: true } })
  })
})
