import { publicJwkOf, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { deploy, endOf, startsAt } from './registry-setup.js'

const jwk = publicJwkOf(testKeys.es256, { kid: undefined })
const owner = 'client-a'

describe('a key is given other times', () => {
  const key = { owner, kid: 'k1', jwk }
  const timesOf = async ({ clientKeys }: ReturnType<ReturnType<typeof deploy>['start']>): Promise<unknown> => {
    const [view] = await clientKeys.list(owner)
    return [view?.state, view?.notBefore, view?.expiresAt]
  }

  it('an end, a later one after that, and none', async () => {
    const deployment = deploy()
    const registry = deployment.start()
    await registry.clientKeys.register({ ...key, notBefore: startsAt - 5 })
    expect(await registry.clientKeys.schedule(owner, 'k1', { expiresAt: startsAt + 10 })).toBe(true)
    expect(await timesOf(registry)).toEqual(['active', undefined, startsAt + 10])
    expect(await registry.clientKeys.schedule(owner, 'k1', { notBefore: startsAt - 9, expiresAt: startsAt - 1 })).toBe(true)
    expect(await timesOf(registry)).toEqual(['expired', startsAt - 9, startsAt - 1])
    expect(await registry.clientKeys.schedule(owner, 'k1', {})).toBe(true)
    expect(await timesOf(registry)).toEqual(['active', undefined, undefined])
  })

  it.each(['retire', 'revoke'] as const)('but not after %s', async (end) => {
    const registry = deploy().start()
    await registry.clientKeys.register(key)
    await registry.clientKeys[end](owner, 'k1')
    const before = await timesOf(registry)
    expect(await registry.clientKeys.schedule(owner, 'k1', { expiresAt: startsAt + 10 })).toBe(false)
    expect(await timesOf(registry)).toEqual(before)
  })

  it('not one that is not there, and not times that are none', async () => {
    const registry = deploy().start()
    await registry.clientKeys.register(key)
    expect(await registry.clientKeys.schedule('client-b', 'k1', {})).toBe(false)
    for (const expiresAt of [0, Number.NaN, '9' as never, startsAt * 1000])
      expect(await endOf(registry.clientKeys.schedule(owner, 'k1', { expiresAt }))).toBe('TypeError')
    expect(await timesOf(registry)).toEqual(['active', undefined, undefined])
  })
})
