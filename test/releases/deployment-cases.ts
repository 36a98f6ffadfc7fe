import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { createSigner, signJwt } from '@countersign/jwt'
import { expect } from 'vitest'
import { issuer, type Release } from './release.js'
import type { SideBySideCase } from './side-by-side-case.js'

interface Secret {
  readonly client_id: string
  readonly client_secret: string
}

async function registered({ clients }: Release): Promise<Secret> {
  const made = await clients.register(randomUUID())
  if (!made.ok || made.secret === undefined) throw new Error('not registered')
  return { client_id: made.client.id, client_secret: made.secret.secret }
}

const ofItself = { grant_type: 'client_credentials' }
const refreshed = (token: string | undefined) => ({ grant_type: 'refresh_token', refresh_token: token ?? '' })

const clients: readonly SideBySideCase[] = [
  {
    name: 'a client that one has registered gets tokens of both, and refreshes them at both',
    async run(one, other) {
      const client = await registered(one)
      const first = await other.token({ ...ofItself, ...client })
      expect(first).toMatchObject({ status: 200, refresh_token: expect.any(String) })
      const second = await one.token({ ...refreshed(first.refresh_token), ...client })
      expect(second).toMatchObject({ status: 200, refresh_token: expect.any(String) })
      const third = await other.token({ ...refreshed(second.refresh_token), ...client })
      expect(third).toMatchObject({ status: 200 })
      // used twice: the family ends at both
      expect(await one.token({ ...refreshed(second.refresh_token), ...client })).toMatchObject({ status: 400, error: 'invalid_grant' })
      expect(await other.token({ ...refreshed(third.refresh_token), ...client })).toMatchObject({ status: 400, error: 'invalid_grant' })
    },
  },
  {
    name: 'a client that one has locked gets nothing of the other until it is unlocked',
    async run(one, other) {
      const client = await registered(one)
      const before = await one.token({ ...ofItself, ...client })
      await other.clients.lock(client.client_id)
      expect(await one.token({ ...ofItself, ...client })).toMatchObject({ status: 401 })
      await one.clients.unlock(client.client_id)
      await expect.poll(async () => (await other.token({ ...ofItself, ...client })).status, { timeout: 5_000 }).toBe(200)
      expect(await other.token({ ...refreshed(before.refresh_token), ...client })).toMatchObject({ status: 400 })
      expect(await other.clients.remove(client.client_id)).toBe(true)
      expect(await one.clients.find(client.client_id)).toBeUndefined()
    },
  },
  {
    name: 'secrets are added and ended by either',
    async run(one, other) {
      const client = await registered(one)
      const added = await other.clients.addSecret(client.client_id)
      const withAdded = { ...client, client_secret: added?.secret ?? '' }
      expect(await one.token({ ...ofItself, ...withAdded })).toMatchObject({ status: 200 })
      expect(await one.clients.revokeSecret(client.client_id, added?.id ?? '')).toBe(true)
      expect(await other.token({ ...ofItself, ...withAdded })).toMatchObject({ status: 401 })
      expect(await other.token({ ...ofItself, ...client })).toMatchObject({ status: 200 })
    },
  },
]

async function assertionOf(clientId: string, kid: string, key: KeyObject): Promise<Readonly<Record<string, string>>> {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: clientId, sub: clientId, aud: issuer, iat: now, exp: now + 60, jti: randomUUID() }
  const signer = createSigner({ key, algorithm: 'ES256', kid })
  return {
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signJwt(claims, { typ: 'JWT', signer }),
  }
}

const keysOfClients: readonly SideBySideCase[] = [
  {
    name: 'a key that one has registered signs for both, and each JWT works once at both',
    async run(one, other) {
      const { client_id: id } = await registered(one)
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
      expect(await one.keys.register({ owner: id, kid: 'laptop', pem })).toMatchObject({ ok: true })
      const assertion = await assertionOf(id, 'laptop', privateKey)
      expect(await other.token({ ...ofItself, ...assertion })).toMatchObject({ status: 200 })
      expect(await one.token({ ...ofItself, ...assertion })).toMatchObject({ status: 401 })
      expect(await other.keys.revoke(id, 'laptop')).toBe(true)
      expect(await one.token({ ...ofItself, ...(await assertionOf(id, 'laptop', privateKey)) })).toMatchObject({ status: 401 })
    },
  },
  {
    name: 'both sign with the same key',
    async run(one, other) {
      const client = await registered(one)
      const kidOf = (token: string | undefined): unknown => JSON.parse(Buffer.from(token?.split('.')[0] ?? '', 'base64url').toString()).kid
      const [first, second] = [await one.token({ ...ofItself, ...client }), await other.token({ ...ofItself, ...client })]
      expect(kidOf(first.access_token)).toBe(kidOf(second.access_token))
      expect(await one.keys.own()).toEqual(await other.keys.own())
    },
  },
]

const nonces: readonly SideBySideCase[] = [
  {
    name: 'a nonce that one has issued is spent once',
    async run(one, other) {
      const nonce = await one.nonces.issue('app')
      expect(await other.nonces.spend(nonce, 'login')).toBe('spent')
      expect(await one.nonces.spend(nonce, 'login')).toBe('replayed')
      expect(await one.nonces.spend(nonce, 'reset')).toBe('spent')
      expect(await other.nonces.spend(nonce, 'reset')).toBe('replayed')
    },
  },
]

const host = { operator: 'test' }

const integrations: readonly SideBySideCase[] = [
  {
    name: 'integrations and enrollments of one are listed, withdrawn and removed by the other',
    async run({ integrations: one }, { integrations: other }) {
      const [owner, entity, further] = [randomUUID(), randomUUID(), randomUUID()]
      const made = await one.create(host, { entity: owner, title: 'Ours', type: 'fancy' })
      const made2 = await other.create(host, { entity: owner, title: 'Theirs', type: 'plain' })
      if (!made.ok || !made2.ok) throw new Error('not created')
      const [a, b] = [made.clientId, made2.clientId]
      const titles = async (from: typeof one): Promise<unknown> => {
        const list = await from.list(host, owner)
        return list.ok && list.integrations.map(({ title, credentials }) => `${title} ${credentials.length}`).sort()
      }
      expect(await titles(one)).toEqual(['Ours 1', 'Theirs 1'])
      expect(await titles(other)).toEqual(['Ours 1', 'Theirs 1'])

      const listed = async (from: typeof one, which: { readonly entity: string } | { readonly clientId: string }): Promise<unknown> => {
        const page = await from.enrollments(host, which)
        if (!page.ok) return page
        return [
          page.totalCount,
          page.enrollments.map((each) => `${each.entity} ${each.clientId} ${each.integrationTitle}`).sort(),
          page.types,
        ]
      }
      const both = async (which: { readonly entity: string } | { readonly clientId: string }, expected: unknown): Promise<void> => {
        expect(await listed(one, which)).toEqual(expected)
        expect(await listed(other, which)).toEqual(expected)
      }
      expect(await other.enroll(host, { entity, clientId: a })).toMatchObject({ ok: true, isNew: true })
      expect(await one.enroll(host, { entity, clientId: a })).toMatchObject({ ok: true, isNew: false })
      expect(await one.enroll(host, { entity, clientId: b })).toMatchObject({ ok: true })
      expect(await one.enroll(host, { entity: further, clientId: a })).toMatchObject({ ok: true })
      await both({ entity }, [2, [`${entity} ${a} Ours`, `${entity} ${b} Theirs`].sort(), ['fancy', 'plain']])
      await both({ clientId: a }, [2, [`${entity} ${a} Ours`, `${further} ${a} Ours`].sort(), ['fancy']])

      expect(await other.unenroll(host, { entity, clientId: b })).toEqual({ ok: true })
      await both({ entity }, [1, [`${entity} ${a} Ours`], ['fancy']])
      expect(await one.enroll(host, { entity, clientId: b })).toMatchObject({ ok: true, isNew: true })
      await both({ entity }, [2, [`${entity} ${a} Ours`, `${entity} ${b} Theirs`].sort(), ['fancy', 'plain']])
      expect(await other.remove(host, a)).toEqual({ ok: true })
      await both({ entity }, [1, [`${entity} ${b} Theirs`], ['plain']])
      await both({ entity: further }, [0, [], []])
      expect(await titles(one)).toEqual(['Theirs 1'])
      expect(await titles(other)).toEqual(['Theirs 1'])
    },
  },
]

/** What is built on a store. */
export const deploymentCases: readonly SideBySideCase[] = [...clients, ...keysOfClients, ...nonces, ...integrations]
