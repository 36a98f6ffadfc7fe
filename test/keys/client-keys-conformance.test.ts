import type { AsymmetricAlgorithm } from '@countersign/core'
import { jwksRsaClientKeys, remoteClientKeys } from '@countersign/keys'
import { fixedClock, publicJwkOf } from '@countersign/testkit'
import jwksClient, { type JwksClient } from 'jwks-rsa'
import { describe, it } from 'vitest'
import { type ClientKeysBackend, clientKeysConformance } from './client-keys-conformance.js'
import { startJwksHost } from './jwks-host.js'
import { deploy } from './registry-setup.js'

const algorithms: readonly AsymmetricAlgorithm[] = ['ES256', 'ES384', 'RS256', 'PS256', 'RS512']

const registry: ClientKeysBackend = {
  name: 'the registry',
  async start() {
    const { start, keys } = deploy()
    const { clientKeys } = start()
    return {
      keys: clientKeys,
      async publish(owner, ...published) {
        for (const key of published) await clientKeys.register({ owner, kid: key.kid, jwk: publicJwkOf(key), algorithm: key.alg })
      },
      async goDown() {
        keys.isDown = true
      },
      close: async () => undefined,
    }
  },
}

const remote: ClientKeysBackend = {
  name: 'a JWK Set of each client',
  async start() {
    const clock = fixedClock()
    const host = await startJwksHost()
    const keys = remoteClientKeys({
      jwksUri: host.urlOf,
      allowedOrigins: [host.origin],
      algorithms,
      staleIfErrorSeconds: 0,
      now: clock.now,
    })
    return {
      keys,
      publish: async (clientId, ...published) =>
        host.publish(
          clientId,
          published.map((key) => publicJwkOf(key)),
        ),
      async goDown() {
        await host.stop()
        clock.advance(1000)
      },
      async close() {
        await keys.close()
        await host.stop()
      },
    }
  },
}

const jwksRsa: ClientKeysBackend = {
  name: 'a jwks-rsa client of each client',
  async start() {
    const clock = fixedClock()
    const host = await startJwksHost()
    const clients = new Map<string, JwksClient>()
    const keys = jwksRsaClientKeys({ jwksClient: (clientId) => clients.get(clientId), algorithms, staleIfErrorSeconds: 0, now: clock.now })
    return {
      keys,
      async publish(clientId, ...published) {
        host.publish(
          clientId,
          published.map((key) => publicJwkOf(key)),
        )
        clients.set(clientId, clients.get(clientId) ?? jwksClient({ jwksUri: host.urlOf(clientId) ?? '', cache: false }))
      },
      async goDown() {
        await host.stop()
        clock.advance(1000)
      },
      async close() {
        await keys.close()
        await host.stop()
      },
    }
  },
}

describe.each([registry, remote, jwksRsa])('client keys from $name', ({ start }) => {
  it.each(clientKeysConformance)('$name', async ({ run }) => {
    const place = await start()
    try {
      await run(place)
    } finally {
      await place.close()
    }
  })
})
