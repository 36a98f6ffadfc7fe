import type { AsymmetricAlgorithm } from '@countersign/core'
import { publicJwkOf } from '@countersign/testkit'
import { describe, it } from 'vitest'
import { type ClientKeysBackend, clientKeysConformance } from './client-keys-conformance.js'
import { deploy } from './registry-setup.js'

const registry: ClientKeysBackend = {
  name: 'the registry',
  async start() {
    const { start, keys } = deploy()
    const { clients } = start()
    return {
      keys: clients,
      async publish(owner, ...published) {
        for (const key of published) {
          const algorithm: AsymmetricAlgorithm = key.alg
          await clients.register({ owner, kid: key.kid, jwk: publicJwkOf(key), algorithm })
        }
      },
      async goDown() {
        keys.isDown = true
      },
      close: async () => undefined,
    }
  },
}

describe.each([registry])('client keys from $name', ({ start }) => {
  it.each(clientKeysConformance)('$name', async ({ run }) => {
    const place = await start()
    try {
      await run(place)
    } finally {
      await place.close()
    }
  })
})
