import { randomBytes } from 'node:crypto'
import type { DocumentStore, RotatingSecrets, Secret } from '@countersign/core'
import { Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type Clients, createClients } from '@countersign/grants'
import { expect, it } from 'vitest'

const secretOf = (id: string): Secret => ({ id, secret: randomBytes(32) })
const [first, second] = [secretOf('1'), secretOf('2')]

interface World {
  readonly store: DocumentStore
  readonly clock: { now: number }
  clientsOf(pepper: RotatingSecrets): Clients
}

function world(store: DocumentStore = memoryStores().clients): World {
  const clock = { now: 1_800_000_000_000 }
  return { store, clock, clientsOf: (pepper) => createClients({ store, pepper, now: () => clock.now }) }
}

async function registered(clients: Clients): Promise<string> {
  const made = await clients.register({ id: 'a', grants: ['client_credentials'], authMethods: ['client_secret_post'] })
  return (made.ok && made.secret?.secret) || expect.fail()
}

const present = (clients: Clients, secret: string) => clients.authenticate({ method: 'client_secret_post', id: 'a', secret })
const later = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 20))

it('a wrong secret renews nothing, and the right one moves its hash to the current pepper', async () => {
  const { clientsOf } = world()
  const secret = await registered(clientsOf({ current: first }))
  const clients = clientsOf({ current: second, previous: [first] })
  expect(await present(clients, `${secret}0`)).toMatchObject({ ok: false })
  await later()
  expect(await clients.secretsByPepper()).toEqual({ '1': 1 })
  expect(await present(clients, secret)).toMatchObject({ ok: true })
  await expect.poll(() => clients.secretsByPepper()).toEqual({ '2': 1 })
  expect(await present(clientsOf({ current: second }), secret)).toMatchObject({ ok: true })
  expect(await present(clientsOf({ current: first }), secret)).toMatchObject({ ok: false })
})

it('a process renews a hash at most once a minute', async () => {
  const { clientsOf, clock, store } = world()
  const older = clientsOf({ current: first, previous: [second] })
  const secret = await registered(older)
  const newer = clientsOf({ current: second, previous: [first] })
  const hashOf = async (): Promise<unknown> =>
    JSON.parse((await store.get({ collection: 'clients', id: 'a' }))?.value ?? '{}').secrets[0].hash
  await present(newer, secret)
  await expect.poll(() => newer.secretsByPepper()).toEqual({ '2': 1 })
  await present(older, secret)
  await expect.poll(() => newer.secretsByPepper()).toEqual({ '1': 1 })
  const before = await hashOf()
  for (const clients of [newer, older, newer]) await present(clients, secret)
  await later()
  expect(await hashOf()).toBe(before)
  clock.now += 60_000
  await present(newer, secret)
  await expect.poll(() => newer.secretsByPepper()).toEqual({ '2': 1 })
})

it('a store that cannot be written keeps nobody waiting, and the next use tries again', async () => {
  const stores = memoryStores()
  const state = { isBroken: false }
  const store: DocumentStore = {
    ...stores.clients,
    async put(document) {
      if (state.isBroken) throw new Unavailable('store_unavailable')
      return stores.clients.put(document)
    },
  }
  const { clientsOf } = world(store)
  const secret = await registered(clientsOf({ current: first }))
  const clients = clientsOf({ current: second, previous: [first] })
  state.isBroken = true
  expect(await present(clients, secret)).toMatchObject({ ok: true })
  await later()
  state.isBroken = false
  expect(await present(clients, secret)).toMatchObject({ ok: true })
  await expect.poll(() => clients.secretsByPepper()).toEqual({ '2': 1 })
})

it('a secret that is revoked while its hash is renewed does not come back', async () => {
  const { clientsOf } = world()
  const secret = await registered(clientsOf({ current: first }))
  const clients = clientsOf({ current: second, previous: [first] })
  const id = (await clients.find('a'))?.secrets[0]?.id ?? ''
  await Promise.all([present(clients, secret), clients.revokeSecret('a', id)])
  await later()
  expect((await clients.find('a'))?.secrets).toEqual([])
})
