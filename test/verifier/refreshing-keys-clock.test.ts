import { describe, expect, it } from 'vitest'
import { bogusToken, startTrial, steadyClock } from './remote-jwks-setup.js'

const long = { lifetimeSeconds: 1_000_000_000, claims: { iat: undefined } }
const day = 86_400

describe('a process that stood still', () => {
  it('judges age on the request: no key of the day before is believed, though no timer ran', async () => {
    const { issuer, clock, ask } = await startTrial()
    const token = await issuer.token(long)
    expect(await ask(token)).toBe('200')
    await issuer.stop()
    clock.advance(day)
    expect(await ask(token)).toBe('503 key_source_unavailable')
  })

  it('asks the issuer before it believes a key again', async () => {
    const { issuer, clock, ask } = await startTrial()
    const token = await issuer.token(long)
    expect(await ask(token)).toBe('200')
    issuer.removeKey('test-es256')
    clock.advance(day)
    expect(await ask(token)).toBe('401 unknown_key')
  })

  it('does not believe a set that was loaded before it stood still, although a request waited for it', async () => {
    const stood: { still?: () => void } = {}
    const { issuer, clock, ask } = await startTrial({
      maxCacheSeconds: 600,
      staleIfErrorSeconds: 0,
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        stood.still?.()
        return response
      },
    })
    stood.still = () => clock.advance(day)
    expect(await ask(await issuer.token(long))).toBe('503 key_source_unavailable')
    stood.still = () => undefined
    expect(await ask(await issuer.token(long))).toBe('200')
  })
})

describe('a clock that is set back', () => {
  it('does not keep a set fresh for ever', async () => {
    const steady = steadyClock()
    const { issuer, clock, ask } = await startTrial({ maxCacheSeconds: 60 })
    const token = await issuer.token(long)
    expect(await ask(token)).toBe('200')
    clock.advance(-day)
    issuer.removeKey('test-es256')
    steady.advance(61)
    expect(await ask(token)).toBe('401 unknown_key')
  })

  it('does not keep stale keys for ever while the issuer is down', async () => {
    const steady = steadyClock()
    const { issuer, clock, ask } = await startTrial({ maxCacheSeconds: 60 })
    const token = await issuer.token(long)
    expect(await ask(token)).toBe('200')
    await issuer.stop()
    clock.advance(-day)
    steady.advance(60 + 901)
    expect(await ask(token)).toBe('503 key_source_unavailable')
  })

  it('does not stretch the pause after a failure, nor Retry-After', async () => {
    const steady = steadyClock()
    const { issuer, clock, guard, ask } = await startTrial()
    const token = await issuer.token(long)
    issuer.behave({ kind: 'fail', status: 500 })
    expect(await ask(token)).toBe('503 key_source_unavailable')
    clock.advance(-day)
    const admission = await guard.check({ headers: { authorization: `Bearer ${token}` } })
    expect(admission.ok ? undefined : admission.reply.headers['retry-after']).toBe('1')
    issuer.behave(undefined)
    steady.advance(1.01)
    expect(await ask(token)).toBe('200')
  })

  it('does not make a set old that is young', async () => {
    const { issuer, clock, ask } = await startTrial()
    const token = await issuer.token(long)
    expect(await ask(token)).toBe('200')
    clock.advance(-1)
    expect(await ask(token)).toBe('200')
    expect(issuer.fetches.jwks).toBe(1)
  })

  it('a set loaded while the clock was ahead ends in its time', async () => {
    const { issuer, clock, ask } = await startTrial({ minCacheSeconds: 60, maxCacheSeconds: 60 })
    const token = await issuer.token(long)
    clock.advance(day)
    expect(await ask(token)).toBe('200')
    clock.advance(-day)
    expect(await ask(bogusToken(issuer, 'any'))).toBe('401 unknown_key')
    issuer.removeKey('test-es256')
    clock.advance(61)
    expect(await ask(token)).toBe('401 unknown_key')
  })
})
