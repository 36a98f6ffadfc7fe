import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { createKeyRegistry, type KeyRegistry, type KeyRegistryOptions } from '@countersign/keys'
import { publicJwkOf, type StoreBackend, testKeys } from '@countersign/testkit'
import { createSharedRevocations } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { clientKeysConformance } from './client-keys-conformance.js'
import { issuer, signingKid, statesOf, watched } from './registry-setup.js'

const encryption = { current: { id: 'kek', secret: randomBytes(32) } }

function registryOn({ keys: store, revocations }: Stores, options: Partial<KeyRegistryOptions> = {}): KeyRegistry {
  return createKeyRegistry({ issuer, store, revocations, encryption, ...options })
}

/** Runs work with several connections to one place. */
async function withStores<Place>(
  backend: StoreBackend<Place>,
  count: number,
  work: (stores: readonly Stores[], place: Place) => Promise<void>,
): Promise<void> {
  const place = await backend.createPlace()
  const opened = await Promise.all(Array.from({ length: count }, () => backend.open(place)))
  try {
    await work(
      opened.map(({ stores }) => stores),
      place,
    )
  } finally {
    await Promise.all(opened.map(({ close }) => close()))
    await backend.removePlace(place)
  }
}

async function until(isSo: () => Promise<boolean>, milliseconds: number): Promise<void> {
  const deadline = performance.now() + milliseconds
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('it did not become so in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** What the registry promises, on stores that processes share. */
export function registrySuite<Place>(backend: StoreBackend<Place>): void {
  it('of four processes that start at once, one makes the first key', () =>
    withStores(backend, 4, async (stores) => {
      const registries = stores.map((one) => registryOn(one))
      await Promise.all(registries.map((registry) => registry.ready()))
      const kids = await Promise.all(registries.map(signingKid))
      expect(new Set(kids).size).toBe(1)
      expect(await registries[0]?.signing.list()).toHaveLength(1)
    }))

  it('of 24 keys made on four connections at once none is lost, and one signs', () =>
    withStores(backend, 4, async (stores) => {
      const registries = stores.map((one) => registryOn(one))
      await registries[0]?.ready()
      const results = await Promise.all(Array.from({ length: 24 }, async (_, index) => registries[index % 4]?.signing.rotate()))
      expect(results.filter((result) => result?.ok)).toHaveLength(24)
      const states = Object.values(await statesOf(registries[1] as KeyRegistry))
      expect(states).toHaveLength(25)
      expect(states.filter((state) => state === 'active')).toHaveLength(1)
    }))

  it('of eight clients that register one key at once, one has it', () =>
    withStores(backend, 4, async (stores) => {
      const jwk = publicJwkOf(testKeys.es256)
      const results = await Promise.all(
        Array.from({ length: 8 }, async (_, index) =>
          registryOn(stores[index % 4] as Stores).clientKeys.register({ owner: `client-${index}`, kid: 'k', jwk }),
        ),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    }))

  it('what one process revokes, another one refuses; a key that took its place, it knows', () =>
    withStores(backend, 2, async ([here, there]) => {
      if (!here || !there) throw new Error('two are needed')
      const [operator, other] = [registryOn(here), registryOn(there, { refreshSeconds: 0.2 })]
      await operator.ready()
      await other.ready()
      const view = createSharedRevocations({ store: there.revocations, maxStalenessSeconds: 30, onStale: 'refuse', onUnknownPast: 'allow' })
      await view.ready()
      const kid = await signingKid(operator)
      await operator.signing.revoke(kid)
      const query = {
        issuer,
        kid,
        thumbprint: kid,
        jti: undefined,
        subject: undefined,
        clientId: undefined,
        clientKeys: [],
        issuedAt: 0,
      }
      await until(async () => (await view.check(query)) === 'revoked_key', 2500)
      const next = await signingKid(operator)
      expect(next).not.toBe(kid)
      expect((await other.source.find({ kid: next, algorithm: 'ES256' })).key).toBeDefined()
      expect((await other.source.find({ kid, algorithm: 'ES256' })).key).toBeUndefined()
      await view.close()
    }))

  describe('client keys', () => {
    it.each(clientKeysConformance)('$name', ({ run }) =>
      withStores(backend, 1, async ([stores]) => {
        if (!stores) throw new Error('one is needed')
        const keys = watched(stores.keys)
        const { clientKeys } = registryOn({ ...stores, keys })
        await run({
          keys: clientKeys,
          async publish(owner, ...published) {
            for (const key of published) await clientKeys.register({ owner, kid: key.kid, jwk: publicJwkOf(key), algorithm: key.alg })
          },
          async goDown() {
            keys.isDown = true
          },
          close: async () => undefined,
        })
      }),
    )
  })
}
