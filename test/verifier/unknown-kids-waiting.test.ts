import { testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { bogusToken, retryAfter, steadyClock, until } from './remote-jwks-setup.js'
import { drain, sleep, startWarm, storm } from './unknown-kids-setup.js'

describe('a kid that was found missing', () => {
  it('is asked for again after 5 s, and not before', async () => {
    const { issuer, ask, clock } = await startWarm()
    const token = await issuer.token({ key: testKeys.eddsa })
    expect(await ask(token)).toBe('401 unknown_key')
    issuer.addKey(testKeys.eddsa)
    clock.advance(4.9)
    expect(await ask(token)).toBe('401 unknown_key')
    expect(issuer.fetches.jwks).toBe(2)
    clock.advance(0.2)
    expect(await ask(token)).toBe('200')
    expect(issuer.fetches.jwks).toBe(3)
  })

  it('is forgotten as such when the set changes', async () => {
    const { issuer, ask } = await startWarm()
    const late = await issuer.token({ key: testKeys.eddsa })
    expect(await ask(late)).toBe('401 unknown_key')
    issuer.addKey(testKeys.es384)
    expect(await ask(bogusToken(issuer, 'makes it load'))).toBe('401 unknown_key')
    issuer.addKey(testKeys.eddsa)
    const startedAt = performance.now()
    expect(await ask(late)).toBe('200')
    expect(performance.now() - startedAt).toBeGreaterThan(1000)
  })

  it('is not remembered longer when the clock is set back', async () => {
    const steady = steadyClock()
    const { issuer, ask, clock } = await startWarm()
    const token = await issuer.token({ key: testKeys.eddsa, claims: { iat: undefined } })
    expect(await ask(token)).toBe('401 unknown_key')
    clock.advance(-3600)
    issuer.addKey(testKeys.eddsa)
    steady.advance(5.01)
    expect(await ask(token)).toBe('200')
  })
})

describe('more than 1000 that wait', () => {
  it('are told at once to come again, and are not remembered', async () => {
    const trial = await startWarm()
    const { issuer, ask } = trial
    await drain(trial)
    const waiting = storm(trial, 1000)
    await sleep(0)
    const startedAt = performance.now()
    const overflowing = await issuer.token({ key: testKeys.eddsa })
    expect(new Set(await storm(trial, 500, 'overflow'))).toEqual(new Set(['503 key_source_unavailable']))
    expect(await ask(overflowing)).toBe('503 key_source_unavailable')
    expect(performance.now() - startedAt).toBeLessThan(1500)
    expect(issuer.fetches.jwks).toBe(3)
    issuer.addKey(testKeys.eddsa)
    issuer.behave({ kind: 'document', body: { keys: [] } })
    expect(new Set(await waiting)).toEqual(new Set(['401 unknown_key']))
    issuer.behave(undefined)
    // It is served, so the places of those who waited are free again.
    expect(await ask(overflowing)).toBe('200')
  })

  it('get 503 while the issuer is down', async () => {
    const trial = await startWarm({ timeoutSeconds: 1.5 })
    const { issuer, ask, clock } = trial
    issuer.behave({ kind: 'fail', status: 500 })
    expect(await ask(bogusToken(issuer, 'finds it down'))).toBe('503 key_source_unavailable')
    clock.advance(1.01)
    issuer.behave({ kind: 'hang' })
    const waiting = storm(trial, 1000)
    await until(() => issuer.fetches.jwks === 3)
    const startedAt = performance.now()
    expect(await ask(bogusToken(issuer, 'one more'))).toBe('503 key_source_unavailable')
    expect(performance.now() - startedAt).toBeLessThan(1000)
    expect(new Set(await waiting)).toEqual(new Set(['503 key_source_unavailable']))
  })
  it('never make a good token of the new key a bad one: it is told to come again, and is admitted then', async () => {
    const trial = await startWarm()
    const { issuer, ask, guard } = trial
    await drain(trial)
    const inFlight = storm(trial, 1200)
    await sleep(0)
    issuer.addKey(testKeys.eddsa)
    const good = await issuer.token({ key: testKeys.eddsa })
    expect(await ask(good)).toBe('503 key_source_unavailable')
    const seconds = await retryAfter(guard, good)
    expect(seconds).toBe(2)
    const answers = await inFlight
    expect(answers.filter((one) => one === '401 unknown_key')).toHaveLength(1000)
    expect(answers.filter((one) => one === '503 key_source_unavailable')).toHaveLength(200)
    expect(issuer.fetches.jwks).toBe(4)
    expect(await ask(good)).toBe('200')
  })
})
