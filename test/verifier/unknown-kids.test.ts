import { renameKey, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { bogusToken, until } from './remote-jwks-setup.js'
import { drain, sleep, startWarm, storm } from './unknown-kids-setup.js'

describe('tokens with unknown kids', () => {
  it('500 in flight together cost at most two fetches, and nothing when they come again', async () => {
    const trial = await startWarm()
    expect(new Set(await storm(trial, 500))).toEqual(new Set(['401 unknown_key']))
    expect(trial.issuer.fetches.jwks - 1).toBeLessThanOrEqual(2)
    const before = trial.issuer.fetches.jwks
    const startedAt = performance.now()
    expect(new Set(await storm(trial, 500))).toEqual(new Set(['401 unknown_key']))
    expect(performance.now() - startedAt).toBeLessThan(1000)
    expect(trial.issuer.fetches.jwks).toBe(before)
  })

  it('a key published while 500 of them are in flight is accepted within 3 s, and the storm costs at most two fetches', async () => {
    const trial = await startWarm()
    const { issuer, ask } = trial
    issuer.behave({ kind: 'delay', milliseconds: 300 })
    const inFlight = storm(trial, 500)
    await until(() => issuer.fetches.jwks === 2)
    issuer.addKey(testKeys.eddsa)
    const startedAt = performance.now()
    const published = ask(await issuer.token({ key: testKeys.eddsa }))
    expect(new Set(await inFlight)).toEqual(new Set(['401 unknown_key']))
    expect(issuer.fetches.jwks - 1).toBeLessThanOrEqual(2)
    expect(await published).toBe('200')
    expect(performance.now() - startedAt).toBeLessThan(3000)
  })

  it('a storm without end costs two fetches and one for every 2 s, and a key published in it is accepted within 3 s', async () => {
    const trial = await startWarm()
    const { issuer, ask } = trial
    const startedAt = performance.now()
    const state = { on: true, sent: 0, odd: [] as string[] }
    async function goOn(): Promise<void> {
      while (state.on) {
        state.sent += 10
        const answers = storm(trial, 10, `wave-${state.sent}`)
        void answers.then((all) => state.odd.push(...all.filter((one) => one !== '401 unknown_key')))
        await sleep(20)
      }
    }
    const storming = goOn()
    await sleep(600)
    issuer.addKey(testKeys.eddsa)
    const publishedAt = performance.now()
    expect(await ask(await issuer.token({ key: testKeys.eddsa }))).toBe('200')
    expect(performance.now() - publishedAt).toBeLessThan(3000)
    await sleep(4300 - (performance.now() - startedAt))
    state.on = false
    const seconds = (performance.now() - startedAt) / 1000
    await storming
    expect(issuer.fetches.jwks - 1).toBeLessThanOrEqual(2 + Math.floor(seconds / 2))
    expect(issuer.fetches.jwks - 1).toBeGreaterThanOrEqual(3)
    expect(state.sent).toBeGreaterThan(1000)
    expect(state.odd).toEqual([])
  })

  it('a permitted load that a newcomer took before those who wait woke up is not permitted twice', async () => {
    const trial = await startWarm()
    const { issuer, ask } = trial
    const burstAt = performance.now()
    await drain(trial)
    const waiting = ask(bogusToken(issuer, 'waits'))
    await sleep(1900 - (performance.now() - burstAt))
    // The process is busy as the time comes: the timer of those who wait is late.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    const newcomer = ask(bogusToken(issuer, 'newcomer'))
    expect(await Promise.all([waiting, newcomer])).toEqual(['401 unknown_key', '401 unknown_key'])
    expect(issuer.fetches.jwks - 1).toBe(3)
    const next = ask(bogusToken(issuer, 'next'))
    await sleep(3500 - (performance.now() - burstAt))
    expect(issuer.fetches.jwks - 1).toBe(3)
    expect(await next).toBe('401 unknown_key')
    expect(issuer.fetches.jwks - 1).toBe(4)
  })

  it('one bogus kid asked for over and over does not block a rotation', async () => {
    const trial = await startWarm()
    const { issuer, ask } = trial
    const bogus = bogusToken(issuer, 'always the same')
    for (let index = 0; index < 50; index += 1) expect(await ask(bogus)).toBe('401 unknown_key')
    expect(issuer.fetches.jwks).toBe(2)
    issuer.addKey(testKeys.eddsa)
    const startedAt = performance.now()
    expect(await ask(await issuer.token({ key: testKeys.eddsa }))).toBe('200')
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })

  it('the two fetches of the burst are not waited for, the third comes within 2 s', async () => {
    const trial = await startWarm()
    const { issuer, ask } = trial
    const burstAt = performance.now()
    await drain(trial)
    expect(performance.now() - burstAt).toBeLessThan(1000)
    issuer.addKey(testKeys.eddsa)
    expect(await ask(await issuer.token({ key: testKeys.eddsa }))).toBe('200')
    const took = performance.now() - burstAt
    expect(took).toBeGreaterThan(1900)
    expect(took).toBeLessThan(2600)
  })

  it('any fetch refreshes the whole set: a key that came and one that went', async () => {
    const trial = await startWarm()
    const { issuer, ask } = trial
    const old = await issuer.token({ key: testKeys.es256 })
    expect(await ask(old)).toBe('200')
    issuer.replaceKey(testKeys.es256.kid, testKeys.es256Other)
    expect(await ask(await issuer.token({ key: testKeys.es256Other }))).toBe('200')
    expect(await ask(old)).toBe('401 unknown_key')
  })

  it('a known kid with an algorithm that does not fit it causes no fetch', async () => {
    const { issuer, ask } = await startWarm()
    expect(await ask(await issuer.token({ key: renameKey(testKeys.es256, { kid: testKeys.rs256.kid }) }))).toBe('401 unknown_key')
    expect(issuer.fetches.jwks).toBe(1)
  })

  it('a token without kid causes no fetch', async () => {
    const { issuer, ask } = await startWarm()
    expect(await ask(await issuer.token({ key: testKeys.eddsa, header: { kid: undefined } }))).toBe('401 unknown_key')
    expect(issuer.fetches.jwks).toBe(1)
  })
})
