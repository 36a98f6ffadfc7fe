import { generateKeyPairSync } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { createKeyRegistry } from '@countersign/keys'
import { calculateJwkThumbprint } from 'jose'
import { expect, it, onTestFinished, vi } from 'vitest'

it('a client with 1,500 keys that names none is answered without importing them all', async () => {
  const { keys: store } = memoryStores()
  const keys = await Promise.all(
    Array.from({ length: 1_500 }, async (_, n) => {
      const publicJwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
      const thumbprint = await calculateJwkThumbprint(publicJwk)
      return { kid: `k${n}`, thumbprint, algorithm: 'ES256', publicJwk, registeredAt: 1, confirmedAt: 1 }
    }),
  )
  await store.put({ collection: 'client_keys', id: 'client', value: JSON.stringify({ v: 1, keys }), revision: 0 })
  const { clientKeys } = createKeyRegistry({ issuer: 'https://api.example', store, generateFirst: false })
  const query = { clientId: 'client', kid: undefined, algorithm: 'ES256' } as const
  const parse = vi.spyOn(JSON, 'parse')
  onTestFinished(() => parse.mockRestore())
  const times: number[] = []
  for (let n = 0; n < 7; n += 1) {
    const begun = performance.now()
    const answer = await clientKeys.find(query)
    times.push(performance.now() - begun)
    expect(answer.ok && [answer.key, ...(answer.others ?? [])].map(({ kid }) => kid)).toEqual(['k0', 'k1', 'k2', 'k3'])
  }
  // each import takes about as long as a signature is verified: all of them took 150 ms and more
  expect(Math.min(...times)).toBeLessThan(50)
  expect(parse.mock.calls.filter(([text]) => text.length > 100_000)).toHaveLength(1)

  // another process revokes a key
  const known = await store.get({ collection: 'client_keys', id: 'client' })
  const changed = keys.map((key) => (key.kid === 'k0' ? { ...key, revokedAt: 2, revokedFor: 'compromised' } : key))
  await store.put({
    collection: 'client_keys',
    id: 'client',
    value: JSON.stringify({ v: 1, keys: changed }),
    revision: known?.revision ?? 0,
  })
  const answer = await clientKeys.find(query)
  expect(answer.ok && answer.key.kid).toBe('k1')
})
