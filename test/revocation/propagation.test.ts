import type { RevocationEntry } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { issuer, ofClient, ofKey, readingGivenUp, revocationEvents, startsAt, startTrial, verdictOf } from './view-setup.js'

describe('a revocation', () => {
  it.each<[RevocationEntry, object, string]>([
    [ofKey('k'), { kid: 'k' }, 'revoked_key'],
    [{ type: 'client_key', issuer, thumbprint: 't' }, { clientKeys: ['t'] }, 'revoked_key'],
    [{ type: 'jti', issuer, jti: 'j', expiresAt: startsAt + 301 }, { jti: 'j' }, 'revoked_token'],
    [{ type: 'family', issuer, family: 'f', expiresAt: startsAt + 301 }, { family: 'f' }, 'revoked_token'],
    [{ type: 'subject', issuer, subject: 's', notBefore: startsAt + 1 }, { subject: 's' }, 'revoked_subject'],
    [ofClient('c'), { clientId: 'c' }, 'revoked_client'],
  ])('of %j reaches the other processes, and only what it names', async (entry, named, reason) => {
    const { ask, open, pass } = await startTrial()
    const operator = open()
    expect(await ask(named)).toBe('pass')
    await operator.revoke(entry)
    expect(await verdictOf(operator, named)).toBe(reason)
    await pass(0.2)
    expect([await ask(named), await ask()]).toEqual([reason, 'pass'])
    expect(await ask({ ...named, issuer: 'https://other.test' })).toBe('pass')
  })

  it('is read at once where it is pushed, and at the next poll where the push is lost', async () => {
    const { store, ask, pass } = await startTrial()
    await store.revoke(ofKey('pushed'))
    await pass(0.15)
    expect(await ask({ kid: 'pushed' })).toBe('revoked_key')
    store.pushes = false
    await store.revoke(ofKey('polled'))
    expect(await ask({ kid: 'polled' })).toBe('pass')
    await pass(1)
    expect(await ask({ kid: 'polled' })).toBe('revoked_key')
  })

  it('that is pushed while something older is being read is read as well', async () => {
    const { store, ask, pass } = await startTrial({ pollSeconds: 4 })
    const letGo = store.hold('since')
    await store.revoke(ofKey('first'))
    await pass(0.2)
    // the answer about the first one is on its way, and does not know the second
    await store.revoke(ofKey('second'))
    await pass(0.2)
    await letGo()
    await pass(0.2)
    expect([await ask({ kid: 'first' }), await ask({ kid: 'second' })]).toEqual(['revoked_key', 'revoked_key'])
  })

  it('is no reason to read all others again', async () => {
    const { store, pass } = await startTrial()
    store.pushes = false
    const before = { ...store.calls }
    await pass(10)
    expect(store.calls.since).toBe(before.since)
    expect(store.calls.cursor - before.cursor).toBeGreaterThanOrEqual(10)
    expect(store.calls.cursor - before.cursor).toBeLessThanOrEqual(11)
    await store.revoke(ofKey('k'))
    await pass(3)
    expect(store.calls.since).toBe(before.since + 1)
  })

  it('among a thousand at once is one reading or two, not a thousand', async () => {
    const { store, pass } = await startTrial()
    const before = store.calls.since
    for (let n = 0; n < 1_000; n += 1) await store.revoke(ofKey(`${n}`))
    await pass(0.5)
    expect(store.calls.since - before).toBeLessThanOrEqual(2)
  })

  it('is told once, however often it is given or read', async () => {
    const events = revocationEvents()
    const { store, view, pass } = await startTrial()
    for (let n = 0; n < 3; n += 1) await view.revoke(ofClient('c'))
    await pass(2)
    await store.revoke(ofClient('c'))
    await pass(2)
    await view.reinstate(ofClient('c'))
    await view.reinstate(ofClient('c'))
    await pass(2)
    expect(events).toEqual(['revoked client', 'unrevoked client'])
  })
})

describe('what is taken back', () => {
  it('passes again everywhere, also in a process that starts later', async () => {
    const { view, open, pass, ask } = await startTrial()
    const operator = open()
    const entry = { type: 'subject', issuer, subject: 's', notBefore: startsAt + 1 } as const
    for (const revoked of [ofClient('c'), entry]) await operator.revoke(revoked)
    await pass(0.2)
    expect([await ask({ clientId: 'c' }), await ask({ subject: 's' })]).toEqual(['revoked_client', 'revoked_subject'])
    for (const revoked of [ofClient('c'), { ...entry, notBefore: startsAt - 86_400 }]) await operator.reinstate(revoked)
    await pass(0.2)
    const late = open()
    await late.ready()
    for (const one of [view, operator, late])
      expect([await verdictOf(one, { clientId: 'c' }), await verdictOf(one, { subject: 's' })]).toEqual(['pass', 'pass'])
    await operator.revoke(ofClient('c'))
    await pass(0.2)
    expect(await ask({ clientId: 'c' })).toBe('revoked_client')
  })

  it('stays so as long as the store has the revocation, also where its time is not told exactly', async () => {
    const { view, open, pass } = await startTrial({ maxTokenLifetimeSeconds: 3600 })
    const entry = { type: 'jti', issuer, jti: 'j', expiresAt: startsAt + 301 } as const
    await view.revoke(entry)
    await view.reinstate({ ...entry, expiresAt: startsAt })
    await pass(3700)
    const late = open()
    await late.ready()
    expect(await verdictOf(late, { jti: 'j' })).toBe('pass')
  })

  it('is not revoked again by an older reading that is answered later', async () => {
    const { store, open, pass } = await startTrial()
    await store.revoke(ofClient('c'))
    const letGo = store.hold('since')
    const view = open()
    await pass(1)
    await store.revoke(ofClient('c'), { reinstated: true })
    await readingGivenUp().then(() => pass(1))
    expect(await verdictOf(view, { clientId: 'c' })).toBe('pass')
    store.pushes = false
    await letGo()
    expect(await verdictOf(view, { clientId: 'c' })).toBe('pass')
  })

  it('is no key, whoever says so', async () => {
    const { view, store, ask, pass, open } = await startTrial()
    await view.revoke(ofKey('k'))
    await expect(view.reinstate(ofKey('k'))).rejects.toThrow(TypeError)
    await store.revoke(ofKey('k'), { reinstated: true })
    await pass(2)
    const late = open()
    await late.ready()
    expect([await ask({ kid: 'k' }), await verdictOf(late, { kid: 'k' })]).toEqual(['revoked_key', 'revoked_key'])
  })

  it('stays so when the answer to the older revocation comes after it was read', async () => {
    const { view, store, open, ask, pass } = await startTrial()
    const operator = open()
    const answered = { revoke: async (): Promise<void> => undefined }
    const { revoke } = store
    Object.assign(store, {
      revoke: async (...args: Parameters<typeof revoke>) => {
        const cursor = await revoke(...args)
        await answered.revoke()
        return cursor
      },
    })
    answered.revoke = async () => {
      answered.revoke = async () => undefined
      await operator.reinstate(ofClient('c'))
      await pass(2)
    }
    await view.revoke(ofClient('c'))
    await pass(2)
    expect(await ask({ clientId: 'c' })).toBe('pass')
  })
})

describe('an entry with an end', () => {
  const hour = 3600
  const expiresAt = startsAt + 301
  const jti: RevocationEntry = { type: 'jti', issuer, jti: 'j', expiresAt }
  const subject: RevocationEntry = { type: 'subject', issuer, subject: 's', notBefore: startsAt + 1 }

  it('counts as long as any entry may believe its token, and is forgotten after that', async () => {
    const { view, store, ask, pass } = await startTrial({ pollSeconds: 60, maxStalenessSeconds: 90, maxTokenLifetimeSeconds: 2 * hour })
    for (const entry of [jti, { type: 'family', issuer, family: 'f', expiresAt } as const, subject]) await view.revoke(entry)
    const all = () => Promise.all([{ jti: 'j' }, { family: 'f' }, { subject: 's' }].map(ask))
    await pass(301 + hour - 10)
    expect(await all()).toEqual(['revoked_token', 'revoked_token', 'revoked_subject'])
    await pass(120)
    expect(await all()).toEqual(['pass', 'pass', 'revoked_subject'])
    await pass(2 * hour)
    expect(await ask({ subject: 's' })).toBe('pass')
    expect(await store.all()).toEqual([])
  })

  it('counts as long as the later of two for the same', async () => {
    const { view, ask, pass } = await startTrial({ pollSeconds: 60, maxStalenessSeconds: 90, maxTokenLifetimeSeconds: hour })
    await view.revoke({ ...subject, notBefore: startsAt + 100 })
    await view.revoke(subject)
    expect(await ask({ subject: 's', issuedAt: startsAt + 100 })).toBe('revoked_subject')
    await view.revoke(jti)
    await view.revoke({ ...jti, expiresAt: expiresAt + 2 * hour })
    await view.revoke(jti)
    await pass(2 * hour)
    expect(await ask({ jti: 'j' })).toBe('revoked_token')
  })

  it('counts for ever once somebody said so', async () => {
    const { store, ask, pass } = await startTrial({ pollSeconds: 60, maxStalenessSeconds: 90 })
    await store.revoke(subject, { ttlMs: 1000 })
    await store.revoke(subject)
    await pass(3600)
    expect(await ask({ subject: 's' })).toBe('revoked_subject')
  })

  it('is not ended early by a clock that was wrong for a while', async () => {
    const { view, ask, pass, setClock } = await startTrial()
    for (const entry of [jti, subject]) await view.revoke(entry)
    setClock(40 * 86_400)
    await pass(70)
    for (let n = 0; n < 1_000; n += 1) await view.revoke(ofClient(`${n}`))
    setClock(-40 * 86_400)
    await pass(2)
    expect([await ask({ jti: 'j' }), await ask({ subject: 's' })]).toEqual(['revoked_token', 'revoked_subject'])
  })
})

describe('the time of an entry', () => {
  it.each([
    ['milliseconds', { type: 'subject', issuer, subject: 's', notBefore: startsAt * 1000 }],
    ['milliseconds', { type: 'jti', issuer, jti: 'j', expiresAt: startsAt * 1000 }],
    ['nothing', { type: 'jti', issuer, jti: 'j', expiresAt: null }],
    ['text', { type: 'jti', issuer, jti: 'j', expiresAt: '1800000000' }],
    ['no end', { type: 'jti', issuer, jti: 'j', expiresAt: Number.POSITIVE_INFINITY }],
  ])('is in epoch seconds: %s is a TypeError', async (_what, entry) => {
    const { view, store } = await startTrial()
    await expect(view.revoke(entry as RevocationEntry)).rejects.toThrow(TypeError)
    await expect(view.reinstate(entry as RevocationEntry)).rejects.toThrow(TypeError)
    expect(store.calls.revoke).toBe(0)
  })
})

describe('an entry that a later release wrote', () => {
  it.each(['eventual', 'strong'] as const)(
    'leaves nobody believing that nothing was revoked; what is understood counts (%s)',
    async (consistency) => {
      const { store, ask, pass, view } = await startTrial({ onStale: 'refuse', consistency })
      store.pushes = consistency === 'eventual'
      await store.revoke({ type: 'device', issuer, device: 'd' } as unknown as RevocationEntry)
      await store.revoke(ofKey('k'))
      await pass(consistency === 'eventual' ? 6 : 0)
      expect([await ask({ kid: 'k' }), await ask()]).toEqual(['revoked_key', '503 revocation_unavailable 1'])
      expect((await view.ready()).parts).toMatchObject({
        revocations: { ok: false, cause: { message: expect.stringContaining('release') } },
      })
    },
  )
})

it('an announcement that the store did not take is an outage, and nothing is revoked here alone', async () => {
  const { store, view, ask } = await startTrial()
  store.writes = false
  await expect(view.revoke(ofKey('k'))).rejects.toMatchObject({ reason: 'revocation_unavailable', cause: { message: 'NOPERM' } })
  expect(await ask({ kid: 'k' })).toBe('pass')
})
