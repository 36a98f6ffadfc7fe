import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { deploy } from './registry-setup.js'

/** A public key that nobody has seen. */
const newJwk = (): object => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const owner = 'client-a'

describe('a key that ended so long ago that it is listed no more', () => {
  it.each(['retire', 'revoke'] as const)('cannot be registered again after %s, by nobody', async (end) => {
    const { clientKeys } = deploy().start()
    const jwk = newJwk()
    await clientKeys.register({ owner, kid: 'first', jwk })
    await clientKeys[end](owner, 'first')
    for (let round = 0; round < 105; round += 1) {
      await clientKeys.register({ owner, kid: `k${round}`, jwk: newJwk() })
      await clientKeys.retire(owner, `k${round}`)
    }
    expect((await clientKeys.list(owner)).map(({ kid }) => kid)).not.toContain('first')
    for (const who of [owner, 'client-b'])
      expect(await clientKeys.register({ owner: who, kid: 'again', jwk })).toEqual({ ok: false, reason: 'key_taken' })
  })
})

it('a client that registers and retires for ever does not grow its document', async () => {
  const { start, stores } = deploy()
  const { clientKeys } = start()
  for (let round = 0; round < 130; round += 1) {
    await clientKeys.register({ owner, kid: `k${round}`, jwk: newJwk() })
    await clientKeys.retire(owner, `k${round}`)
  }
  expect((await clientKeys.list(owner)).length).toBeLessThanOrEqual(101)
  expect((await stores.keys.get({ collection: 'client_keys', id: owner }))?.value.length).toBeLessThan(64 * 1024)
})
