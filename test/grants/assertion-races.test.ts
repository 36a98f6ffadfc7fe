import { generateKeyPairSync } from 'node:crypto'
import type { Stores } from '@countersign/core'
import type { Grant } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import type { TestKey } from '@countersign/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { issuer } from './assertion-setup.js'
import { assertionUses, everyMethod, everyUse, usesSetup } from './assertion-uses.js'
import { onEveryStore } from './on-every-store.js'

/** Stores outlive a test, and no two clients have one key. */
function newKey(): TestKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid: 'k', alg: 'ES256', jwk: privateKey.export({ format: 'jwk' }) as Record<string, string> }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Two processes that share stores, and so keys and clients. */
function begin(open: () => Stores, grants?: readonly Grant[]) {
  const now = Date.now
  const all = [open(), open()].map((allStores) => {
    const registry = createKeyRegistry({ issuer, store: allStores.keys, now })
    return usesSetup({ now, allStores, registry, ...(grants && { grants }) })
  })
  const [one, other] = all
  if (one === undefined || other === undefined) throw new Error('two were made')
  return { one, other }
}

onEveryStore((open) => {
  // A store that has just begun to remember knows nothing of what may have been signed before.
  beforeAll(async () => {
    await open()
      .replay.claim({ purpose: 'first', id: 'first', issuedAgoMs: 0, ttlMs: 1000 })
      .catch(() => undefined)
    await wait(1100)
  })

  it('a JWT that 64 requests present at once, in every way that there is, is accepted once', async () => {
    const { one, other } = begin(open, everyUse)
    const key = newKey()
    const client = await one.keyed({ authMethods: everyMethod }, key)
    const iat = Math.floor(Date.now() / 1000) + 5
    const token = await one.jwtOf(client.id, { key, claims: { sub: client.id, iat } })
    const answers = await Promise.all(
      Array.from({ length: 64 }, async (_, at) => {
        const use = assertionUses[at % assertionUses.length]
        if (use === undefined) throw new Error('there is one')
        const { status, body } = await (at % 2 === 0 ? one : other).ask(...use.request(token, client))
        return status === 200 ? '200' : `${status} ${body.error}` === use.refusal ? 'refused' : `${status} ${body.error}`
      }),
    )
    expect(answers.filter((answer) => answer === '200')).toHaveLength(1)
    expect(answers.filter((answer) => answer === 'refused')).toHaveLength(63)
  })

  describe.each(assertionUses)('$name', (use) => {
    it('that 64 requests present at once is accepted once', async () => {
      const { one, other } = begin(open)
      const key = newKey()
      const client = await use.client(one, {}, key)
      // As far in the future as the clock of a client may be: signed after the memory of the store begins, whatever that is.
      const iat = Math.floor(Date.now() / 1000) + 5
      const token = await one.jwtOf(client.id, { key, claims: { ...use.claims(client.id), iat } })
      const answers = await Promise.all(
        Array.from({ length: 64 }, async (_, at) => (at % 2 === 0 ? one : other).ask(...use.request(token, client))),
      )
      const statuses = answers.map(({ status, body }) => (status === 200 ? '200' : `${status} ${body.error}`))
      expect(statuses.filter((status) => status === '200')).toHaveLength(1)
      expect(statuses.filter((status) => status === use.refusal)).toHaveLength(63)
    })

    it('that fails validation in 16 requests at once is accepted afterwards', async () => {
      const { one, other } = begin(open)
      const key = newKey()
      const client = await use.client(one, {}, key)
      const iat = Math.floor(Date.now() / 1000) + 5
      const token = await one.jwtOf(client.id, { key, claims: { ...use.claims(client.id), iat } })
      const [parameters, headers] = use.request(token, client)
      const wrong = { ...parameters, scope: 'admin' }
      const failed = await Promise.all(Array.from({ length: 16 }, async (_, at) => (at % 2 === 0 ? one : other).ask(wrong, headers)))
      expect(failed.map(({ body }) => body.error)).toEqual(failed.map(() => 'invalid_scope'))
      expect((await other.ask(parameters, headers)).status).toBe(200)
    })
  })
})
