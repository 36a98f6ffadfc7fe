import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { minuteMs, type SideBySideCase } from './side-by-side-case.js'

const claims: readonly SideBySideCase[] = [
  {
    name: 'an id that one has claimed is replayed at the other',
    async run({ stores: { replay } }, { stores: { replay: others } }) {
      const claim = { purpose: 'test', id: randomUUID(), issuedAgoMs: 0, ttlMs: minuteMs }
      expect(await replay.claim(claim)).toBe('claimed')
      expect(await others.claim(claim)).toBe('replayed')
      expect(await replay.claim(claim)).toBe('replayed')
      expect(await others.claim({ ...claim, purpose: 'test2' })).toBe('claimed')
      expect(await replay.claim({ ...claim, issuedAgoMs: 1e12, id: randomUUID() })).toBe('unprovable')
    },
  },
  {
    name: 'a nonce that one remembers is spent once for each purpose',
    async run({ stores: { nonces } }, { stores: { nonces: others } }) {
      const jti = randomUUID()
      await nonces.remember(jti, { clientId: 'app', ttlMs: minuteMs })
      expect(await others.spend(jti, 'login', { clientId: 'app2' })).toBe('mismatch')
      expect(await others.spend(jti, 'login', { clientId: 'app' })).toBe('spent')
      expect(await nonces.spend(jti, 'login')).toBe('replayed')
      expect(await nonces.spend(jti, 'reset')).toBe('spent')
      expect(await others.spend(jti, 'reset')).toBe('replayed')
      expect(await others.spend(jti, 'third')).toBe('spent')
      expect(await nonces.spend(jti, 'third')).toBe('replayed')
      await expect(others.remember(jti, { clientId: 'app', ttlMs: minuteMs })).rejects.toThrow()
    },
  },
  {
    name: 'a challenge that one has put is taken once',
    async run({ stores: { challenges } }, { stores: { challenges: others } }) {
      const id = randomUUID()
      await challenges.put(id, 'first', minuteMs)
      await others.put(id, 'second', minuteMs)
      expect(await challenges.take(id)).toBe('second')
      expect(await others.take(id)).toBeNull()
      expect(await challenges.take(id)).toBeNull()
    },
  },
  {
    name: 'attempts of both are counted together',
    async run({ stores: { attempts } }, { stores: { attempts: others } }) {
      const attempt = { key: randomUUID(), limit: 3, windowMs: minuteMs }
      expect(await attempts.reserve(attempt)).toEqual({ ok: true, remaining: 2 })
      expect(await others.reserve(attempt)).toEqual({ ok: true, remaining: 1 })
      expect(await attempts.reserve(attempt)).toEqual({ ok: true, remaining: 0 })
      expect(await others.reserve(attempt)).toMatchObject({ ok: false })
      await others.clear(attempt.key)
      expect(await attempts.reserve(attempt)).toEqual({ ok: true, remaining: 2 })
    },
  },
]

const families: readonly SideBySideCase[] = [
  {
    name: 'a family is rotated in turn, and ends when a token comes again',
    async run({ stores: { families: ours } }, { stores: { families: others } }) {
      const family = randomUUID()
      const rotation = { family, binding: 'app', retryWindowMs: 0, ttlMs: minuteMs }
      await ours.create({ family, binding: 'app', data: '{"sub":"anna"}', ttlMs: minuteMs })
      for (const generation of [0, 1, 2, 3]) {
        const store = generation % 2 === 0 ? others : ours
        const rotated = { outcome: 'rotated', generation: generation + 1, data: '{"sub":"anna"}' }
        expect(await store.rotate({ ...rotation, generation })).toEqual(rotated)
      }
      expect(await others.find(family)).toMatchObject({ generation: 4, binding: 'app', data: '{"sub":"anna"}', revoked: undefined })
      expect(await ours.rotate({ ...rotation, generation: 4, binding: 'app2' })).toMatchObject({ outcome: 'mismatch' })
      expect(await others.rotate({ ...rotation, generation: 6 })).toMatchObject({ outcome: 'ahead' })
      expect(await ours.rotate({ ...rotation, generation: 3 })).toMatchObject({ outcome: 'reused' })
      expect(await others.rotate({ ...rotation, generation: 4 })).toEqual({ outcome: 'revoked', reason: 'reused' })
      await expect(others.create({ family, binding: 'app', data: '', ttlMs: minuteMs })).rejects.toThrow()
    },
  },
  {
    name: 'a rotation whose answer was lost is asked for again, until the child was presented',
    async run({ stores: { families: ours } }, { stores: { families: others } }) {
      const family = randomUUID()
      const rotation = { family, binding: 'app', retryWindowMs: minuteMs, ttlMs: minuteMs }
      await ours.create({ family, binding: 'app', data: '', ttlMs: minuteMs })
      expect(await ours.rotate({ ...rotation, generation: 0 })).toMatchObject({ outcome: 'rotated', generation: 1 })
      expect(await others.rotate({ ...rotation, generation: 0 })).toMatchObject({ outcome: 'retry', generation: 1 })
      expect(await ours.rotate({ ...rotation, generation: 0 })).toMatchObject({ outcome: 'retry', generation: 1 })
      expect(await others.rotate({ ...rotation, generation: 1 })).toMatchObject({ outcome: 'rotated', generation: 2 })
      expect(await ours.rotate({ ...rotation, generation: 0 })).toMatchObject({ outcome: 'reused' })
    },
  },
  {
    name: 'a family that one has revoked is revoked at the other',
    async run({ stores: { families: ours } }, { stores: { families: others } }) {
      const family = randomUUID()
      await ours.create({ family, binding: 'app', data: '', ttlMs: minuteMs })
      expect(await others.revoke(family, 'logout')).toBe(true)
      expect(await ours.revoke(family, 'other')).toBe(false)
      const rotation = { family, binding: 'app', retryWindowMs: 0, generation: 0 }
      expect(await ours.rotate(rotation)).toEqual({ outcome: 'revoked', reason: 'logout' })
      expect((await ours.find(family))?.revoked).toBe('logout')
    },
  },
]

const documents: readonly SideBySideCase[] = [
  {
    name: 'a document has one revision for both',
    async run({ stores: { accounts: ours } }, { stores: { accounts: others } }) {
      const address = { collection: randomUUID(), id: 'a' }
      expect(await ours.put({ ...address, value: '1', revision: 0 })).toBe(true)
      expect(await others.put({ ...address, value: '2', revision: 0 })).toBe(false)
      expect(await others.put({ ...address, value: '2', revision: 1 })).toBe(true)
      expect(await ours.put({ ...address, value: '3', revision: 1 })).toBe(false)
      expect(await ours.get(address)).toEqual({ id: 'a', value: '2', revision: 2 })
      expect(await ours.remove({ ...address, revision: 1 })).toBe(false)
      expect(await ours.remove({ ...address, revision: 2 })).toBe(true)
      expect(await others.get(address)).toBeUndefined()
    },
  },
  {
    name: 'what one adds and removes is on the pages of the other',
    async run({ stores: { accounts: ours } }, { stores: { accounts: others } }) {
      const collection = randomUUID()
      const ids = async (store: typeof ours): Promise<string> => (await store.list({ collection, limit: 4 })).map(({ id }) => id).join(' ')
      for (const id of ['b', 'd', 'f', 'h', 'j']) await ours.put({ collection, id, value: id, revision: 0 })
      expect(await ids(others)).toBe('b d f h')
      for (const id of ['a', 'c']) await others.put({ collection, id, value: id, revision: 0 })
      expect(await ids(ours)).toBe('a b c d')
      await others.remove({ collection, id: 'b', revision: 1 })
      expect(await ids(ours)).toBe('a c d f')
      await ours.remove({ collection, id: 'c', revision: 1 })
      expect(await ids(others)).toBe('a d f h')
      expect((await ours.list({ collection, after: 'd', limit: 4 })).map(({ id }) => id)).toEqual(['f', 'h', 'j'])
    },
  },
  {
    name: 'groups of documents that the other changes and removes stay right',
    needs: 'documentIndex',
    async run({ stores: { accounts: ours } }, { stores: { accounts: others } }) {
      const collection = randomUUID()
      for (const id of ['a', 'b', 'c', 'd']) await ours.put({ collection, id, value: id, revision: 0, group: id < 'c' ? 'early' : 'late' })
      await others.put({ collection, id: 'a', value: 'changed', revision: 1, group: 'early' })
      await others.remove({ collection, id: 'b', revision: 1 })
      expect(await ours.list({ collection, filter: { group: 'early' } })).toEqual([{ id: 'a', value: 'changed', revision: 2 }])
      const groups = [
        { group: 'early', count: 1 },
        { group: 'late', count: 2 },
      ]
      expect(await ours.count({ collection })).toEqual({ total: 3, groups })
    },
  },
  {
    name: 'a document that the other adds while it removes another is on the pages',
    differs: { without: 'documentIndex', on: ['redis'] },
    async run({ stores: { accounts: ours } }, { stores: { accounts: others } }) {
      const collection = randomUUID()
      for (const id of ['a', 'c', 'e', 'g']) await ours.put({ collection, id, value: id, revision: 0 })
      expect(await ours.list({ collection, limit: 2 })).toHaveLength(2)
      await others.put({ collection, id: 'b', value: 'b', revision: 0 })
      await others.remove({ collection, id: 'g', revision: 1 })
      expect((await ours.list({ collection, limit: 3 })).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    },
  },
]

const ourIssuer = 'https://issuer.example'
const query = { issuer: ourIssuer, kid: 'k', thumbprint: 't', subject: undefined, clientId: undefined, clientKeys: [] }

const revocations: readonly SideBySideCase[] = [
  {
    name: 'what one has revoked is read by the other, from where it stood',
    async run({ stores: { revocations: ours } }, { stores: { revocations: others } }) {
      const expiresAt = Math.floor(Date.now() / 1000) + 60
      const token = (jti: string) => ({ type: 'jti', issuer: ourIssuer, jti, expiresAt }) as const
      const [first, second, third] = [token(randomUUID()), token(randomUUID()), token(randomUUID())]
      const before = await others.cursor()
      await ours.revoke(first, { ttlMs: minuteMs })
      await others.revoke(second)
      await ours.revoke(third, { ttlMs: minuteMs })
      await others.revoke(third, { ttlMs: minuteMs, reinstated: true })
      const read = await others.since(before)
      expect(read).toMatchObject({ lost: false })
      expect(read.records.map(({ entry, reinstated = false }) => [entry, reinstated])).toEqual([
        [first, false],
        [second, false],
        [third, false],
        [third, true],
      ])
      expect(read.records.map(({ ttlMs }) => ttlMs === undefined)).toEqual([false, true, false, false])
      expect(await ours.since(read.cursor)).toMatchObject({ lost: false, records: [] })
      expect(await ours.cursor()).toBe(read.cursor)
      expect((await ours.since(undefined)).retainedSince).toBe((await others.since(undefined)).retainedSince)
    },
  },
  {
    name: 'a token that one has revoked is refused by the other within a moment',
    async run(ours, others) {
      const jti = randomUUID()
      const asked = { ...query, jti, issuedAt: Math.floor(Date.now() / 1000) }
      expect(await others.isRevoked(asked)).toBeUndefined()
      await ours.revoke({ type: 'jti', issuer: ourIssuer, jti, expiresAt: Math.floor(Date.now() / 1000) + 60 })
      await expect.poll(() => others.isRevoked(asked), { timeout: 5_000 }).toBe('revoked_token')
    },
  },
]

/** Each contract of a store. */
export const storeCases: readonly SideBySideCase[] = [...claims, ...families, ...documents, ...revocations]
