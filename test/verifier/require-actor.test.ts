import { requireActor } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, startGuard, tokenOf } from './guard-setup.js'

const refused = '403 forbidden'
const foreign = 'https://other.test'

describe('requireActor', () => {
  it.each<[string, unknown, string]>([
    ['the actor', { sub: 'billing' }, '200 main'],
    ['the second actor', { sub: 'reports' }, '200 main'],
    ['another actor', { sub: 'billing2' }, refused],
    ['no actor', undefined, refused],
    ['an actor that is nested alone', { sub: 'gateway', act: { sub: 'billing' } }, refused],
    ['the actor, and others before it', { sub: 'billing', act: { sub: 'gateway' } }, '200 main'],
    ['the same name of another issuer', { sub: 'billing', iss: foreign }, refused],
    ['an issuer that is not a string', { sub: 'billing', iss: null }, refused],
    ['a name in a list', { sub: ['billing'] }, refused],
    ['a text', 'billing', refused],
    ['a list', [{ sub: 'billing' }], refused],
    ['null', null, refused],
    ['an object without a name', {}, refused],
  ])('of a token with %s', async (_what, act, answer) => {
    const { guard } = startGuard()
    expect(await answerTo(guard, await tokenOf({ act }), requireActor({ subject: ['billing', 'reports'] }))).toBe(answer)
  })

  it('names actors of another issuer by that issuer', async () => {
    const { guard } = startGuard()
    const requirement = requireActor({ subject: 'billing', issuer: foreign })
    expect(await answerTo(guard, await tokenOf({ act: { sub: 'billing', iss: foreign } }), requirement)).toBe('200 main')
    expect(await answerTo(guard, await tokenOf({ act: { sub: 'billing' } }), requirement)).toBe(refused)
  })
})
