import { handle, protect, requireScopes, routes } from '@countersign/express'
import { describe, expect, it } from 'vitest'
import { fakeGuard } from '../contracts/fake-guard.js'

// What the compiler would refuse is given here on purpose: many hosts are written in JavaScript.
type Loose = (...given: readonly unknown[]) => unknown
const [guarded, endpoint, table] = [protect, handle, routes] as unknown as [Loose, Loose, Loose]
const guard = fakeGuard(() => ({ ok: true, auth: undefined, anonymous: true }))

describe('a mount refuses at start-up, not with the first request', () => {
  it.each<[string, () => unknown]>([
    ['no guard', () => guarded()],
    ['requirements without a guard', () => guarded(requireScopes('read'))],
    ['a scope for a requirement', () => guarded(guard, 'read')],
    ['a list of requirements', () => guarded(guard, [requireScopes('read')])],
    ['a requirement that is missing', () => guarded(guard, requireScopes('read'), undefined)],
    ['an endpoint that is none', () => endpoint({})],
    ['a guard for a table of routes', () => table(guard)],
  ])('%s', (_what, mount) => {
    expect(mount).toThrow(TypeError)
  })

  it('and nothing that is right', () => {
    expect(() => guarded(guard, requireScopes('read'))).not.toThrow()
  })
})
