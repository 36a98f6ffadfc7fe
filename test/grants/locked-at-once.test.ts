import { randomBytes } from 'node:crypto'
import { type RevocationAddition, type RevocationEntry, type Stores, tieRevokeAll } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createClients } from '@countersign/grants'
import { createRevocations, createSharedRevocations } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { onEveryStore } from './on-every-store.js'

const issuer = 'https://api.example'
const pepper = { current: { id: '1', secret: randomBytes(32) } }

/** A store that counts the calls of its methods. */
function counted<S extends object>(store: S, calls: string[]): S {
  const members = Object.entries(store).map(([name, member]: [string, unknown]) => {
    if (typeof member !== 'function') return [name, member]
    return [
      name,
      (...args: readonly unknown[]) => {
        calls.push(name)
        return (member as (...all: readonly unknown[]) => unknown)(...args)
      },
    ]
  })
  return Object.fromEntries(members) as S
}

async function withSecrets(stores: Stores, secrets: number) {
  const calls: string[] = []
  const clients = createClients({
    store: counted(stores.clients, calls),
    pepper,
    issuer,
    revocations: tieRevokeAll(counted(stores.revocations, calls)),
  })
  const id = `client-${randomBytes(6).toString('hex')}`
  await clients.register({ id, grants: ['client_credentials'] })
  for (let n = 1; n < secrets; n += 1) await clients.addSecret(id)
  calls.length = 0
  return { clients, id, calls }
}

it('a wrapper that replaces revoke alone gets every entry of a lock', async () => {
  const { revocations, clients: store } = memoryStores()
  const heard: RevocationEntry[] = []
  const wrapper: typeof revocations = {
    ...revocations,
    revoke(entry, options) {
      heard.push(entry)
      return revocations.revoke(entry, options)
    },
  }
  for (const announcer of [wrapper, createSharedRevocations({ store: wrapper, maxStalenessSeconds: 10, onStale: 'refuse' })]) {
    const clients = createClients({ store, pepper, issuer, revocations: announcer })
    const id = `client-${randomBytes(6).toString('hex')}`
    await clients.register({ id, grants: ['client_credentials'] })
    heard.length = 0
    expect(await clients.lock(id)).toBe(true)
    expect(heard.map(({ type }) => type).sort()).toEqual(['client', 'client_key', 'client_key'])
  }
})

describe('a client with 200 secrets', () => {
  onEveryStore((open) => {
    it('is locked in three round trips, with an entry for each secret', async () => {
      const stores = open()
      const { clients, id, calls } = await withSecrets(stores, 200)
      const before = await stores.revocations.cursor()
      expect(await clients.lock(id)).toBe(true)
      expect(calls).toEqual(['get', 'revokeAll', 'put'])
      const { records } = await stores.revocations.since(before)
      expect(records[0]?.entry).toEqual({ type: 'client', issuer, clientId: id })
      const names = records.slice(1).flatMap(({ entry }) => (entry.type === 'client_key' ? [entry.thumbprint] : []))
      expect(new Set(names).size).toBe(201)
      expect(names).toHaveLength(201)
      expect((await clients.find(id))?.isLocked).toBe(true)
      const tookMs: number[] = []
      for (let n = 0; n < 10; n += 1) {
        const begun = performance.now()
        await clients.lock(id)
        tookMs.push(performance.now() - begun)
      }
      // a few milliseconds on a machine that does nothing else; one entry after another took a hundred and more
      expect(Math.min(...tookMs)).toBeLessThan(60)
    })
  })
})

it('a secret that is added while a client is being locked is ended before the record is locked', async () => {
  const stores = memoryStores()
  const { clients, id } = await withSecrets(stores, 2)
  const added: { id?: string } = {}
  const told: RevocationEntry[][] = []
  const racing = createClients({
    store: stores.clients,
    pepper,
    issuer,
    revocations: tieRevokeAll({
      revoke: () => undefined,
      async revokeAll(entries: readonly RevocationAddition[]) {
        told.push(entries.map(({ entry }) => entry))
        if (added.id !== undefined) return
        const secret = await clients.addSecret(id)
        if (secret) added.id = secret.id
      },
    }),
  })
  expect(await racing.lock(id)).toBe(true)
  expect(told.map((entries) => entries.map(({ type }) => type))).toEqual([
    ['client', 'client_key', 'client_key', 'client_key'],
    ['client_key'],
  ])
  expect(JSON.stringify(told[1])).toContain(added.id)
})

describe('revocations of this process', () => {
  it('count together, or none of them', async () => {
    const client = (clientId: string): RevocationEntry => ({ type: 'client', issuer, clientId })
    const shared = createSharedRevocations({
      store: memoryStores().revocations,
      maxStalenessSeconds: 30,
      onStale: 'refuse',
      onUnknownPast: 'allow',
    })
    onTestFinished(() => shared.close())
    await shared.ready()
    const nobody = {
      issuer,
      kid: undefined,
      thumbprint: undefined,
      jti: undefined,
      subject: undefined,
      clientKeys: [],
      issuedAt: undefined,
    }
    for (const revocations of [shared, createRevocations()]) {
      const wrong = async () => revocations.revokeAll([{ entry: client('a') }, { entry: client('') }])
      await expect(wrong()).rejects.toThrow(TypeError)
      expect(await revocations.check({ ...nobody, clientId: 'a' })).toBeUndefined()
      await revocations.revokeAll([{ entry: client('a') }, { entry: client('b') }, { entry: client('b'), reinstated: true }])
      expect(await revocations.check({ ...nobody, clientId: 'a' })).toBe('revoked_client')
      expect(await revocations.check({ ...nobody, clientId: 'b' })).toBeUndefined()
    }
  })
})
