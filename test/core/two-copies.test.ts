import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import * as first from '@countersign/core'
import { createGuard } from '@countersign/verifier'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { answerTo, entryOf, startsAt, tokenOf } from '../verifier/guard-setup.js'

let second: typeof first

beforeAll(async () => {
  vi.resetModules()
  second = await import('@countersign/core')
})

describe('two copies of core in one process', () => {
  it('are two', () => {
    expect(second.Unavailable).not.toBe(first.Unavailable)
    expect(second.refuse).not.toBe(first.refuse)
  })

  it('know the refusals and outages of each other', () => {
    const copies = [first, second]
    for (const [index, one] of copies.entries()) {
      const other = copies[1 - index] as typeof first
      expect(other.isRefusal(one.refuse('forbidden'))).toBe(true)
      expect(other.isUnavailable(new one.Unavailable('store_unavailable'))).toBe(true)
      expect(new one.Unavailable('store_unavailable')).not.toBeInstanceOf(other.Unavailable)
    }
  })

  it('share their events', () => {
    const seen: unknown[] = []
    const listener = (event: unknown): void => void seen.push(event)
    subscribe('countersign:issuer', listener)
    for (const copy of [first, second]) copy.eventChannel('countersign:issuer').publish({ outcome: 'set', via: 'main' })
    unsubscribe('countersign:issuer', listener)
    expect(seen).toHaveLength(2)
  })

  it.each<[string, () => readonly first.Requirement[], string]>([
    ['requireScopes that holds', () => [second.requireScopes('read')], '200 main'],
    ['requireScopes that does not', () => [second.requireScopes('admin')], '403 insufficient_scope'],
    ['requireAnyScope', () => [second.requireAnyScope('admin', 'read')], '200 main'],
    ['requireAuthentication', () => [second.requireAuthentication({ acr: 'mfa' })], '401 insufficient_authentication'],
    ['requireClaims', () => [second.requireClaims(() => first.refuse('wrong_issuer'))], '403 wrong_issuer'],
    ['requireClaims and a refusal of its own', () => [second.requireClaims(() => second.refuse('wrong_issuer'))], '403 wrong_issuer'],
    ['fromIssuers', () => [second.fromIssuers('other')], '403 wrong_issuer'],
    ['an outage', () => [() => Promise.reject(new second.Unavailable('store_unavailable'))], '503 store_unavailable'],
  ])('a guard on one takes requirements of the other: %s', async (_what, requirements, answer) => {
    const guard = createGuard({ issuers: { main: entryOf() }, now: () => startsAt * 1000 })
    expect(await answerTo(guard, await tokenOf(), ...requirements())).toBe(answer)
  })

  it('a guard on one takes optional() of the other', async () => {
    const guard = createGuard({ issuers: { main: entryOf() }, now: () => startsAt * 1000 })
    expect(await answerTo(guard, { headers: {} }, second.optional())).toBe('anonymous')
    expect(await answerTo(guard, { headers: { authorization: 'Bearer' } }, second.optional())).toBe('401 no_credentials')
  })

  it('a guard on one takes revocations that throw outages of the other', async () => {
    const check = (): never => {
      throw new second.Unavailable('revocation_unavailable')
    }
    const guard = createGuard({ issuers: { main: entryOf() }, now: () => startsAt * 1000, revocations: { check } })
    expect(await answerTo(guard, await tokenOf())).toBe('503 revocation_unavailable')
  })
})
