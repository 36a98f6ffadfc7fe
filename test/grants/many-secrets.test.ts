import { randomBytes } from 'node:crypto'
import type { DocumentStore, RevocationEntry } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createClients } from '@countersign/grants'
import { expect, it } from 'vitest'

const issuer = 'https://api.example'

function start() {
  const stores = memoryStores()
  const calls = { count: 0 }
  const store = new Proxy(stores.clients, {
    get:
      (documents, method: keyof DocumentStore) =>
      (...args: readonly unknown[]) => {
        calls.count += 1
        return (documents[method] as (...all: readonly unknown[]) => Promise<unknown>)(...args)
      },
  })
  const told: RevocationEntry[] = []
  const state = { inFlight: 0, most: 0 }
  const revoke = async (entry: RevocationEntry): Promise<void> => {
    state.inFlight += 1
    state.most = Math.max(state.most, state.inFlight)
    await new Promise((resolve) => setTimeout(resolve, 1))
    state.inFlight -= 1
    told.push(entry)
  }
  const pepper = { current: { id: '1', secret: randomBytes(32) } }
  return { clients: createClients({ store, pepper, issuer, revocations: { revoke } }), calls, told, state }
}

it('a client with 51 secrets is locked by announcing each credential once, several at a time', async () => {
  const { clients, told, state } = start()
  const made = await clients.register({ id: 'client', grants: ['client_credentials'] })
  expect(made.ok).toBe(true)
  for (let n = 1; n < 51; n += 1) await clients.addSecret('client')
  expect(await clients.lock('client')).toBe(true)
  const names = told.flatMap((entry) => (entry.type === 'client_key' ? [entry.thumbprint] : []))
  expect(names).toHaveLength(52)
  expect(new Set(names).size).toBe(52)
  expect(told[0]).toEqual({ type: 'client', issuer, clientId: 'client' })
  expect(state.most).toBeGreaterThan(1)
  expect(state.most).toBeLessThanOrEqual(16)
})

it('a list of clients is two calls of the store, however many they are', async () => {
  const { clients, calls } = start()
  for (let n = 0; n < 120; n += 1) await clients.register({ id: `client-${n}`, grants: ['client_credentials'] })
  calls.count = 0
  expect(await clients.list()).toHaveLength(100)
  expect(calls.count).toBe(2)
})
