import { tokenExchange } from '@countersign/grants'
import { describe, expect, it } from 'vitest'
import { allowPeople, assertionSetup, basic, exchangeOf } from './assertion-setup.js'
import { audience, claimsOf } from './endpoint-setup.js'

describe('a policy', () => {
  it.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['a promise of undefined', async () => undefined],
    ['allow: false', () => ({ allow: false })],
    ['allow that is truthy only', () => ({ allow: 'yes', isPerson: true })],
    ['nothing but a subject', () => ({ subject: 'person-1', isPerson: true })],
  ])('that answers %s denies, and uses nothing up', async (_what, answer) => {
    const deny = { isOn: true }
    const policy = (request: Parameters<typeof allowPeople>[0]) =>
      (deny.isOn ? answer() : allowPeople(request)) as ReturnType<typeof allowPeople>
    const { keyed, jwtOf, outcomeOf } = assertionSetup({ grants: [tokenExchange({ policy })] })
    const { id, secret } = await keyed()
    const token = await jwtOf(id)
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('400 invalid_request denied_by_policy')
    deny.isOn = false
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('200')
  })

  it.each([true, false])('cannot make a token for nobody, isPerson being %s', async (isPerson) => {
    const { keyed, jwtOf, outcomeOf } = assertionSetup({ grants: [tokenExchange({ policy: () => ({ allow: true, isPerson }) })] })
    const { id, secret } = await keyed()
    const token = await jwtOf(id, { claims: { sub: undefined } })
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('400 invalid_request assertion_subject')
  })

  it('cannot take a client for a person', async () => {
    const { keyed, register, jwtOf, outcomeOf } = assertionSetup()
    const { id, secret } = await keyed()
    const other = await register()
    const token = await jwtOf(id, { claims: { sub: other.id } })
    expect(await outcomeOf(exchangeOf(token), basic(id, secret))).toBe('400 invalid_request assertion_subject')
  })

  it('that forgets isPerson is a fault of the program', async () => {
    const { keyed, jwtOf, ask } = assertionSetup({ grants: [tokenExchange({ policy: () => ({ allow: true }) as never })] })
    const { id, secret } = await keyed()
    await expect(ask(exchangeOf(await jwtOf(id)), basic(id, secret))).rejects.toThrow(TypeError)
  })

  it('that names its scopes in one text is a fault of the program: read is no part of reader', async () => {
    const policy = () => ({ allow: true, isPerson: true, scopes: 'reader' }) as never
    const { keyed, jwtOf, ask } = assertionSetup({ grants: [tokenExchange({ policy })] })
    const { id, secret } = await keyed()
    await expect(ask(exchangeOf(await jwtOf(id)), basic(id, secret))).rejects.toThrow(TypeError)
  })

  it('gives subject, scopes, claims and how the person signed in', async () => {
    const authentication = { authTime: 7, amr: ['pwd'] }
    const policy: typeof allowPeople = ({ presented, audiences }) => ({
      allow: true,
      isPerson: true,
      subject: `portal:${presented.subject}`,
      scopes: ['read'],
      authentication,
      claims: { sites: audiences.length },
    })
    const { keyed, jwtOf, ask, outcomeOf } = assertionSetup({ grants: [tokenExchange({ policy })] })
    const { id, secret } = await keyed()
    const { body } = await ask(exchangeOf(await jwtOf(id)), basic(id, secret))
    expect(body.scope).toBe('read')
    expect(claimsOf(body.access_token)).toMatchObject({ sub: 'portal:person-1', scope: 'read', auth_time: 7, amr: ['pwd'], sites: 1 })
    const beyond = exchangeOf(await jwtOf(id), { scope: 'read write' })
    expect(await outcomeOf(beyond, basic(id, secret))).toBe('400 invalid_scope scope_not_allowed')
  })

  it('sees who asks for whom, and what for', async () => {
    const seen: unknown[] = []
    const policy: typeof allowPeople = (request) => {
      seen.push({ ...request, client: request.client.id })
      return undefined
    }
    const { keyed, jwtOf, ask } = assertionSetup({ grants: [tokenExchange({ policy })] })
    const { id, secret } = await keyed()
    await ask(exchangeOf(await jwtOf(id, { claims: { email: 'a@b.example' } }), { scope: 'read' }), basic(id, secret))
    const presented = {
      kind: 'client_signed',
      via: undefined,
      issuer: id,
      subject: 'person-1',
      claims: expect.objectContaining({ email: 'a@b.example' }),
      scopes: undefined,
    }
    expect(seen).toEqual([{ client: id, presented, scopes: ['read'], audiences: [audience] }])
  })
})
