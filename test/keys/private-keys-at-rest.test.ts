import type { RotatingSecrets } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { deploy, deployReady, done, endOf, issuer, kek, kept, recorded, safeAfter, signingKid } from './registry-setup.js'

const ring = ['own_keys', issuer] as const

describe('what the store has of a private key', () => {
  it('is encrypted: neither the key nor its members', async () => {
    const { stores } = await deployReady()
    const text = await kept(stores, ...ring)
    expect(text).toContain('"sealed":"v1.kek-1.')
    expect(text).not.toContain('PRIVATE')
    expect(text).not.toMatch(/"d":/)
  })

  it('is nothing any more once the key is retired, without anybody changing the ring', async () => {
    const { registry, first, stores, clock } = await deployReady()
    await registry.signing.rotate()
    const events = recorded('countersign:key')
    clock.advance(safeAfter + 61)
    await signingKid(registry)
    await new Promise((resolve) => setImmediate(resolve))
    const keys = (JSON.parse(await kept(stores, ...ring)) as { keys: { kid: string; sealed?: string }[] }).keys
    expect(keys.map(({ kid, sealed }) => [kid === first, sealed === undefined])).toEqual([
      [true, true],
      [false, false],
    ])
    expect(events).toEqual([{ action: 'erase', owner: issuer, outcome: 'done', kid: first }])
  })

  it('is nothing any more once the key is revoked', async () => {
    const { registry, first, stores } = await deployReady()
    await registry.signing.revoke(first)
    const keys = (JSON.parse(await kept(stores, ...ring)) as { keys: { kid: string; sealed?: string }[] }).keys
    expect(keys.find(({ kid }) => kid === first)).not.toHaveProperty('sealed')
  })

  it('is forgotten altogether 30 days after it last verified, unless it was revoked', async () => {
    const { registry, first, clock } = await deployReady()
    const second = done(await registry.signing.rotate())
    clock.advance(safeAfter)
    const third = done(await registry.signing.rotate())
    clock.advance(safeAfter)
    await registry.signing.revoke(second)
    clock.advance(40 * 86_400)
    await registry.signing.generate()
    const kids = (await registry.signing.list()).map(({ kid }) => kid)
    expect(kids).toEqual([second, third, kids[2]])
    expect(kids).not.toContain(first)
  })
})

describe('a sealed key', () => {
  async function withChangedRing(change: (keys: { kid: string; sealed: string }[]) => void): Promise<string> {
    const { registry, stores, start } = await deployReady()
    await registry.signing.generate()
    const address = { collection: ring[0], id: ring[1] }
    const { value, revision } = (await stores.keys.get(address)) ?? { value: '', revision: 0 }
    const kept = JSON.parse(value) as { keys: { kid: string; sealed: string }[] }
    change(kept.keys)
    await stores.keys.put({ ...address, value: JSON.stringify(kept), revision })
    return endOf(Promise.resolve().then(() => start().signer.current()))
  }

  it('opens as it was', async () => {
    expect(await withChangedRing(() => undefined)).toBe('ok')
  })

  it('opens for its own kid only', async () => {
    const outcome = await withChangedRing(([one, other]) => {
      if (one && other) one.sealed = other.sealed
    })
    expect(outcome).toBe('key_source_unavailable')
  })

  it('does not open once a bit of it is changed, nor cut short', async () => {
    const flip = (text: string): string => `${text.slice(0, -3)}${text.at(-3) === 'A' ? 'B' : 'A'}${text.slice(-2)}`
    expect(await withChangedRing(([one]) => one && Object.assign(one, { sealed: flip(one.sealed) }))).toBe('key_source_unavailable')
    expect(await withChangedRing(([one]) => one && Object.assign(one, { sealed: one.sealed.slice(0, -8) }))).toBe('key_source_unavailable')
    expect(await withChangedRing(([one]) => one && Object.assign(one, { sealed: 'v1.kek-1..' }))).toBe('key_source_unavailable')
    expect(await withChangedRing(([one]) => one && Object.assign(one, { sealed: one.sealed.replace('v1', 'v2') }))).toBe(
      'key_source_unavailable',
    )
  })
})

describe('key-encryption keys', () => {
  it('rotate in a running process: a function is asked at every use', async () => {
    const { start, stores } = deploy()
    const [old, next] = [kek('2026'), kek('2027')]
    const state: { secrets: RotatingSecrets } = { secrets: { current: old } }
    const registry = start({ encryption: () => state.secrets })
    await registry.ready()
    const first = await signingKid(registry)
    state.secrets = { current: next, previous: [old] }
    await registry.signing.generate()
    expect(await kept(stores, ...ring)).toContain('"sealed":"v1.2026.')
    expect(await kept(stores, ...ring)).toContain('"sealed":"v1.2027.')
    const restarted = start({ encryption: () => state.secrets })
    expect(await signingKid(restarted)).toBe(first)
  })

  it('reseal puts every private key under the current one, so that the previous can go', async () => {
    const { start } = deploy()
    const [old, next] = [kek('2026'), kek('2027')]
    const registry = start({ encryption: { current: old } })
    await registry.ready()
    const first = await signingKid(registry)
    const both = start({ encryption: { current: next, previous: [old] } })
    expect(await both.signing.reseal()).toBe(1)
    expect(await both.signing.reseal()).toBe(0)
    const restarted = start({ encryption: { current: next } })
    expect(await signingKid(restarted)).toBe(first)
    expect(await restarted.ready()).toMatchObject({ ok: true })
  })

  it('another one under the same id opens nothing', async () => {
    const { start } = deploy()
    await start().ready()
    expect(await endOf(Promise.resolve().then(() => start({ encryption: { current: kek('kek-1') } }).signer.current()))).toBe(
      'key_source_unavailable',
    )
  })
})
