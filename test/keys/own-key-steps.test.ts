import { describe, expect, it } from 'vitest'
import { deployReady, done, endOf, safeAfter, signingKid, startsAt, statesOf, verifiesFor } from './registry-setup.js'

describe('the states of a key follow from its times', () => {
  it('the first key of an issuer signs at once', async () => {
    const { registry, first } = await deployReady()
    expect(await statesOf(registry)).toEqual({ [first]: 'active' })
    expect(await signingKid(registry)).toBe(first)
  })

  it('staged → active → retiring → retired, without a write', async () => {
    const { registry, first, clock, keys } = await deployReady()
    const next = done(await registry.signing.rotate())
    const { writes } = keys
    const seen: Record<string, unknown> = {}
    const instants = [0, safeAfter - 1, safeAfter, safeAfter + verifiesFor - 1, safeAfter + verifiesFor]
    for (const seconds of instants) {
      clock.set(startsAt + seconds)
      const states = await statesOf(registry)
      seen[seconds] = [states[first], states[next]]
    }
    expect(seen).toEqual({
      0: ['active', 'staged'],
      [safeAfter - 1]: ['active', 'staged'],
      [safeAfter]: ['retiring', 'active'],
      [safeAfter + verifiesFor - 1]: ['retiring', 'active'],
      [safeAfter + verifiesFor]: ['retired', 'active'],
    })
    expect(keys.writes).toBe(writes)
  })

  it('revoked is the end, whatever the time', async () => {
    const { registry, first, clock } = await deployReady()
    await registry.signing.revoke(first)
    for (const seconds of [0, 1, 10 * 365 * 86_400]) {
      clock.set(startsAt + seconds)
      expect((await statesOf(registry))[first]).toBe('revoked')
    }
  })
})

describe('generate', () => {
  it('publishes a key that does not sign yet', async () => {
    const { registry, first, clock } = await deployReady()
    const standby = done(await registry.signing.generate())
    clock.advance(10 * safeAfter)
    expect(await statesOf(registry)).toEqual({ [first]: 'active', [standby]: 'staged' })
    expect(await signingKid(registry)).toBe(first)
  })

  it.each(['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'PS256'] as const)('makes keys for %s that sign', async (algorithm) => {
    const { registry } = await deployReady({ algorithms: [algorithm] })
    const signer = await registry.signer.current()
    expect(signer.algorithm).toBe(algorithm)
    expect((await signer.sign(Buffer.from('x'))).length).toBeGreaterThan(60)
  })

  it('refuses algorithms that are unknown or symmetric', async () => {
    const { registry } = await deployReady()
    const wrong: readonly string[] = ['HS256', 'none', 'RS1', 'toString']
    const ends = await Promise.all(wrong.map((algorithm) => endOf(registry.signing.generate({ algorithm: algorithm as 'ES256' }))))
    expect(ends).toEqual(wrong.map(() => 'TypeError'))
  })

  it('the first key of a further use signs when verifiers can know it, and not before', async () => {
    const { registry, clock } = await deployReady()
    const result = await registry.signing.generate({ purpose: 'id_token' })
    const kid = done(result)
    expect(result).toEqual({ ok: true, kid, activeAt: startsAt + safeAfter })
    const signer = registry.signerFor({ purpose: 'id_token' })
    expect(await endOf(Promise.resolve().then(() => signer.current()))).toBe('key_source_unavailable')
    clock.advance(safeAfter)
    expect((await signer.current()).kid).toBe(kid)
  })
})

describe('activate', () => {
  it('is refused before verifiers can know the key, with the time at which they do', async () => {
    const { registry, first, clock } = await deployReady()
    const next = done(await registry.signing.generate())
    clock.advance(safeAfter - 1)
    expect(await registry.signing.activate(next)).toEqual({ ok: false, reason: 'too_early', safeAt: startsAt + safeAfter })
    expect(await signingKid(registry)).toBe(first)
    clock.advance(1)
    expect(await registry.signing.activate(next)).toEqual({ ok: true, kid: next, activeAt: startsAt + safeAfter })
    expect(await statesOf(registry)).toEqual({ [first]: 'retiring', [next]: 'active' })
    expect(await signingKid(registry)).toBe(next)
  })

  it('safeAt is never before the time that it stands for', async () => {
    const { registry, clock } = await deployReady()
    clock.advance(0.9)
    const next = done(await registry.signing.generate())
    const refused = await registry.signing.activate(next)
    expect(refused).toMatchObject({ reason: 'too_early' })
    expect((refused as { safeAt: number }).safeAt).toBeGreaterThanOrEqual(startsAt + 0.9 + safeAfter)
  })

  it('force does it at once', async () => {
    const { registry, first } = await deployReady()
    const next = done(await registry.signing.generate())
    expect(await registry.signing.activate(next, { force: true })).toMatchObject({ ok: true, kid: next })
    // Made in the same millisecond: the new key wins as soon as the clock moves.
    expect(['retiring', 'active']).toContain((await statesOf(registry))[first])
  })

  it('the last one that was forced signs, also when it was published first', async () => {
    const { registry, clock } = await deployReady()
    const older = done(await registry.signing.generate())
    const newer = done(await registry.signing.generate())
    await registry.signing.activate(newer, { force: true })
    await registry.signing.activate(older, { force: true })
    clock.advance(0.01)
    expect((await statesOf(registry))[older]).toBe('active')
  })

  it('with whenSafe it is scheduled', async () => {
    const { registry, first, clock } = await deployReady()
    const next = done(await registry.signing.generate())
    clock.advance(100)
    expect(await registry.signing.activate(next, { whenSafe: true })).toEqual({ ok: true, kid: next, activeAt: startsAt + safeAfter })
    expect(await signingKid(registry)).toBe(first)
    clock.advance(safeAfter - 100)
    expect(await signingKid(registry)).toBe(next)
  })

  it('is refused for a key that is unknown, active, retiring, retired or revoked', async () => {
    const { registry, first, clock } = await deployReady()
    expect(await registry.signing.activate('nobody')).toEqual({ ok: false, reason: 'unknown' })
    expect(await registry.signing.activate(first, { force: true })).toEqual({ ok: false, reason: 'wrong_state' })
    const next = done(await registry.signing.rotate())
    clock.advance(safeAfter)
    expect(await registry.signing.activate(first, { force: true })).toEqual({ ok: false, reason: 'wrong_state' })
    clock.advance(verifiesFor)
    expect(await registry.signing.activate(first, { force: true })).toEqual({ ok: false, reason: 'wrong_state' })
    await registry.signing.revoke(next)
    expect(await registry.signing.activate(next, { force: true })).toEqual({ ok: false, reason: 'wrong_state' })
  })

  it('leaves what is scheduled for later as it is', async () => {
    const { registry, first, clock } = await deployReady()
    const standby = done(await registry.signing.generate())
    clock.advance(safeAfter)
    const scheduled = done(await registry.signing.rotate())
    await registry.signing.activate(standby)
    expect(await statesOf(registry)).toEqual({ [first]: 'retiring', [standby]: 'active', [scheduled]: 'staged' })
    clock.advance(safeAfter)
    expect(await statesOf(registry)).toEqual({ [first]: 'retiring', [standby]: 'retiring', [scheduled]: 'active' })
  })
})

describe('rotate', () => {
  it('needs no timers: another process that starts later signs with the new key from the same instant on', async () => {
    const { registry, first, clock, start } = await deployReady()
    const result = await registry.signing.rotate()
    expect(result).toEqual({ ok: true, kid: done(result), activeAt: startsAt + safeAfter })
    clock.advance(safeAfter - 1)
    const other = start()
    expect([await signingKid(registry), await signingKid(other)]).toEqual([first, first])
    clock.advance(1)
    expect([await signingKid(registry), await signingKid(other)]).toEqual([done(result), done(result)])
  })

  it('twice in a row leaves no instant without a key that signs, and never two', async () => {
    const { registry, clock } = await deployReady()
    await registry.signing.rotate()
    clock.advance(400)
    await registry.signing.rotate()
    for (let second = 0; second < 2 * safeAfter; second += 40) {
      const states = Object.values(await statesOf(registry))
      expect(states.filter((state) => state === 'active')).toHaveLength(1)
      clock.advance(40)
    }
  })

  it('works on one use alone', async () => {
    const { registry, first, clock } = await deployReady({ algorithms: ['ES256', 'EdDSA'] })
    const edwards = (await registry.signing.list()).find(({ algorithm }) => algorithm === 'EdDSA')?.kid ?? ''
    const next = done(await registry.signing.rotate({ algorithm: 'EdDSA' }))
    clock.advance(safeAfter)
    expect(await statesOf(registry)).toEqual({ [first]: 'active', [edwards]: 'retiring', [next]: 'active' })
  })
})

describe('retire', () => {
  it('is refused for the key that signs, with the time at which a scheduled one takes over', async () => {
    const { registry, first } = await deployReady()
    expect(await registry.signing.retire(first)).toEqual({ ok: false, reason: 'last_key' })
    await registry.signing.rotate()
    expect(await registry.signing.retire(first)).toEqual({ ok: false, reason: 'last_key', safeAt: startsAt + safeAfter })
  })

  it('a scheduled key that is retired does not take over, and the old one goes on', async () => {
    const { registry, first, clock } = await deployReady()
    const next = done(await registry.signing.rotate())
    expect(await registry.signing.retire(next)).toEqual({ ok: true, kid: next })
    clock.advance(2 * safeAfter)
    expect(await signingKid(registry)).toBe(first)
  })

  it('a standby that never signed is gone at once', async () => {
    const { registry } = await deployReady()
    const standby = done(await registry.signing.generate())
    await registry.signing.retire(standby)
    expect((await statesOf(registry))[standby]).toBe('retired')
  })

  it('is idempotent, and refused for unknown and revoked keys', async () => {
    const { registry, first, clock } = await deployReady()
    await registry.signing.rotate()
    clock.advance(safeAfter)
    expect(await registry.signing.retire(first)).toEqual({ ok: true, kid: first })
    await registry.signing.revoke(first)
    expect(await registry.signing.retire(first)).toEqual({ ok: false, reason: 'wrong_state' })
    expect(await registry.signing.retire('nobody')).toEqual({ ok: false, reason: 'unknown' })
  })
})
