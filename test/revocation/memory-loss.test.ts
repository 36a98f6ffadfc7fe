import type { RevocationEntry, RevocationQuery } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { issuer, ofClient, ofKey, revocationEvents, startsAt, startTrial, verdictOf } from './view-setup.js'

const jti: RevocationEntry = { type: 'jti', issuer, jti: 'j', expiresAt: startsAt + 301 }
const subject: RevocationEntry = { type: 'subject', issuer, subject: 's', notBefore: startsAt + 1 }
const all: readonly RevocationEntry[] = [ofKey('k'), ofClient('c'), jti, subject]
const questions: readonly Partial<RevocationQuery>[] = [{ kid: 'k' }, { clientId: 'c' }, { jti: 'j' }, { subject: 's' }]
const refused = ['revoked_key', 'revoked_client', 'revoked_token', 'revoked_subject']
/** Of a token that a thief of the key made after the loss. */
const later = { issuedAt: startsAt + 100, expiresAt: startsAt + 400 }

describe('a store that lost its memory', () => {
  it('gets the denylist back from a process that has it, which refuses all the while', async () => {
    const events = revocationEvents()
    const { store, view, open, ask, pass } = await startTrial()
    for (const entry of all) await view.revoke(entry)
    await pass(2)
    store.lose()
    const before = { ...store.calls }
    for (let n = 0; n < 4; n += 1) {
      expect(await Promise.all(questions.map(ask))).toEqual(refused)
      await pass(1)
    }
    expect(new Set((await store.all()).map(({ entry }) => entry))).toEqual(new Set(all))
    expect(store.calls.revoke - before.revoke).toBe(all.length)
    expect(events.slice(all.length)).toEqual(['lost'])
    const late = open()
    await late.ready()
    expect(await Promise.all(questions.map((question) => verdictOf(late, { ...question, ...later })))).toEqual([
      ...refused.slice(0, 3),
      'pass',
    ])
  })

  it('keeps what is put back as long as it has to be, and no longer', async () => {
    const { store, view, pass } = await startTrial({ maxTokenLifetimeSeconds: 1000 })
    await view.revoke(jti)
    await view.revoke(subject)
    await view.revoke(ofKey('k'))
    await pass(100)
    store.lose()
    await pass(3)
    const kept = Object.fromEntries((await store.all()).map(({ entry, ttlMs }) => [entry.type, ttlMs]))
    expect(kept.signing_key).toBeUndefined()
    expect(kept.jti).toBeCloseTo((301 + 3600 - 103) * 1000, -4)
    expect(kept.subject).toBeCloseTo((1 + 1000 + 3600 - 103) * 1000, -4)
  })

  it('gets it back from one of a hundred processes, not from each', async () => {
    const { store, view, open, pass } = await startTrial()
    const entries = Array.from({ length: 300 }, (_, n) => ofClient(`${n}`))
    for (const entry of entries) await view.revoke(entry)
    const fleet = Array.from({ length: 100 }, (_, n) => open({ random: () => ((n * 37) % 100) / 100 }))
    await Promise.all(fleet.map((one) => one.ready()))
    await pass(3)
    store.lose()
    const before = store.calls.revoke
    await pass(6)
    const names = new Set((await store.all()).map(({ entry }) => entry.type === 'client' && entry.clientId))
    expect(names.size).toBe(entries.length)
    expect(store.calls.revoke - before).toBeLessThan(2 * entries.length)
  })

  it('gets it back a few at a time, from two processes in different parts', async () => {
    const { store, view, open, pass } = await startTrial({ random: () => 0 })
    const other = open()
    for (let n = 0; n < 300; n += 1) await view.revoke(ofClient(`${n}`))
    await other.ready()
    await pass(2)
    const { revoke } = store
    const writing = { now: 0, most: 0 }
    store.revoke = async (...args) => {
      writing.now += 1
      writing.most = Math.max(writing.most, writing.now)
      await new Promise((resolve) => setTimeout(resolve, 300))
      writing.now -= 1
      return revoke(...args)
    }
    store.lose()
    const before = store.calls.revoke
    await pass(6)
    expect((await store.all()).length).toBe(store.calls.revoke - before)
    expect(new Set((await store.all()).map(({ entry }) => JSON.stringify(entry))).size).toBe(300)
    expect(store.calls.revoke - before).toBeLessThanOrEqual(300 + 2 * 64)
    expect(writing.most).toBeLessThanOrEqual(128)
  })

  it('gets keys back first', async () => {
    const { store, view, pass } = await startTrial()
    for (let n = 0; n < 200; n += 1) await view.revoke(ofClient(`${n}`))
    await view.revoke(ofKey('k'))
    store.lose()
    await pass(3)
    expect((await store.all())[0]?.entry).toEqual(ofKey('k'))
  })

  it('twice, before all was put back, gets it all the same', async () => {
    const { store, view, pass } = await startTrial()
    for (const entry of all) await view.revoke(entry)
    store.lose()
    store.writes = false
    await pass(1.5)
    store.lose()
    await pass(1.5)
    store.writes = true
    await pass(5)
    store.lose()
    await pass(5)
    expect(new Set((await store.all()).map(({ entry }) => entry))).toEqual(new Set(all))
  })

  it('during a reading is read again', async () => {
    const { store, view, ask, pass } = await startTrial()
    await view.revoke(ofKey('k'))
    await pass(2)
    store.pushes = false
    const letGo = store.hold('cursor')
    await pass(1)
    store.lose()
    await letGo()
    await pass(4)
    expect((await store.all()).map(({ entry }) => entry)).toEqual([ofKey('k')])
    expect(await ask({ kid: 'k' })).toBe('revoked_key')
  })

  it('is not told again what was taken back, before or after', async () => {
    const { store, view, open, pass } = await startTrial()
    const operator = open()
    await operator.revoke(ofClient('before'))
    await operator.revoke(ofClient('after'))
    await operator.revoke(ofKey('k'))
    await operator.reinstate(ofClient('before'))
    await pass(2)
    store.lose()
    store.writes = false
    await pass(3)
    store.writes = true
    await operator.reinstate(ofClient('after'))
    await pass(120)
    const late = open()
    await late.ready()
    for (const one of [view, operator, late])
      expect([await verdictOf(one, { ...later, clientId: 'before' }), await verdictOf(one, { ...later, clientId: 'after' })]).toEqual([
        'pass',
        'pass',
      ])
  })

  it('of its last writes gets those back that somebody has read', async () => {
    const { store, view, open, ask, pass } = await startTrial()
    await view.revoke(ofKey('kept'))
    await view.revoke(subject)
    await view.revoke(ofKey('lost'))
    await view.revoke({ ...subject, notBefore: startsAt + 50 })
    await pass(2)
    await store.rollBack(2)
    await pass(4)
    const late = open()
    await late.ready()
    for (const one of [late, view]) {
      expect(await verdictOf(one, { kid: 'lost' })).toBe('revoked_key')
      expect(await verdictOf(one, { subject: 's', issuedAt: startsAt + 50 })).toBe('revoked_subject')
    }
    expect(await ask({ kid: 'kept' })).toBe('revoked_key')
  })
})

it('a store that goes back and does not notice is told from one that goes on', async () => {
  const { store, view, pass } = await startTrial()
  for (const entry of all) await view.revoke(entry)
  await pass(2)
  const { since } = store
  store.since = async (epoch) => ({ ...(await since(epoch)), lost: false })
  await store.rollBack(2)
  await pass(4)
  expect(new Set((await store.all()).map(({ entry }) => entry))).toEqual(new Set(all))
})

describe('a process that may only read', () => {
  it('refuses what it knows, serves on, and hardly bothers the store', async () => {
    const { store, view, ask, pass } = await startTrial()
    await view.revoke(ofKey('k'))
    await pass(1)
    store.lose()
    store.writes = false
    const before = store.calls.revoke
    await pass(3600)
    expect([await ask({ kid: 'k' }), await ask()]).toEqual(['revoked_key', 'pass'])
    expect(store.calls.revoke - before).toBeLessThan(150)
    store.writes = true
    await pass(61)
    expect((await store.all()).map(({ entry }) => entry)).toEqual([ofKey('k')])
  })

  it('has nothing left to do when somebody else put it back', async () => {
    const { store, view, open, pass } = await startTrial()
    await view.revoke(ofKey('k'))
    await pass(1)
    store.writes = false
    store.lose()
    await pass(3)
    store.writes = true
    await open().revoke(ofKey('k'))
    const before = store.calls.revoke
    await pass(120)
    expect(store.calls.revoke).toBe(before)
  })
})

describe('a token from before the memory of the store', () => {
  const old = { issuedAt: startsAt - 1 }

  it('is unprovable for a process that has no view of that time', async () => {
    const { ask } = await startTrial()
    expect([await ask(old), await ask({ issuedAt: startsAt }), await ask({ issuedAt: undefined })]).toEqual([
      'unprovable',
      'pass',
      'unprovable',
    ])
  })

  it('is unprovable after a loss for a process that starts then, and passes where the view is older', async () => {
    const { store, view, open, pass } = await startTrial()
    await view.revoke(ofKey('k'))
    await pass(60)
    store.lose()
    await pass(10)
    const late = open()
    await late.ready()
    const issuedAt = startsAt + 30
    expect([await verdictOf(view, { issuedAt }), await verdictOf(late, { issuedAt })]).toEqual(['pass', 'unprovable'])
    expect([await verdictOf(view, later), await verdictOf(late, later)]).toEqual(['pass', 'pass'])
    expect(await verdictOf(late, { issuedAt, kid: 'k' })).toBe('revoked_key')
  })

  it("passes with onUnknownPast: 'allow', unless it is known to be revoked", async () => {
    const { view, ask } = await startTrial({ onUnknownPast: 'allow' })
    await view.revoke(ofKey('k'))
    expect([await ask(old), await ask({ issuedAt: undefined }), await ask({ ...old, kid: 'k' })]).toEqual(['pass', 'pass', 'revoked_key'])
  })
})
